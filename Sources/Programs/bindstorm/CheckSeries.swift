internal import ArgumentParser
internal import ForcedCalls
@preconcurrency internal import Glibc
internal import Interception
internal import RaceLedger
internal import RaceReporting
internal import ReportKit
internal import Statistics
internal import Syscalls
internal import TerminalText

extension CheckCommand {
  /// `--enumerate`: a run without a thief, then one run for each window.
  func enumerateWindows(_ settings: Supervision, _ files: ReportFiles) throws {
    var series = Enumeration(limit: enumerateMax, suppressions: try readSuppressions())
    let first = try observe(settings)
    series.saw(first.findings)
    series.obstacle = obstacle(first)
    var facts = RunFacts(first, settings)
    facts.options = optionsForForcing
    let nanoseconds = first.endedAt - first.startedAt
    if series.next != nil { printError(announcement(series, nanoseconds)) }
    let listens = first.meetings.listens
    let limit = hangAfter?.count ?? max(10_000_000_000, 5 * nanoseconds)
    var interruption = first.interruption
    do {
      while interruption == nil, let window = series.next {
        interruption = try tryWindow(window, settings, limit, listens, &series)
        try draft(series, facts, files)
      }
    } catch {
      // What was measured is written, whatever ended the series.
      series.close(.interrupted)
      try tell(series, facts, files)
      throw error
    }
    series.close(interruption == nil ? nil : .interrupted)
    try tell(series, facts, files)
    if let interruption { throw ExitStatus.interrupted(by: interruption) }
    try end(series.word, first.status)
  }

  /// Steals in one window. Returns the signal that interrupted the run, nil if none did.
  private func tryWindow(
    _ window: Enumeration.Window, _ settings: Supervision, _ limit: UInt64, _ listens: Int,
    _ series: inout Enumeration
  ) throws -> Int32? {
    printError(
      "bindstorm check: run \(series.runs) of \(series.expectedRuns): stealing at \(window.place), occurrence \(window.occurrence)"
    )
    let output = try TemporaryOutput()
    var forced = settings
    forced.steal = StealPolicy(
      mode: .lazy, limit: 1, rebind: window.rebind, only: window.place,
      occurrence: window.occurrence)
    forced.timeLimit = limit
    forced.input = output.null
    forced.output = output.descriptor
    forced.error = output.descriptor
    let seen = try observe(forced)
    series.saw(seen.findings)
    var run = TheftRun(seen)
    run.listensWithoutThief = listens
    series.tried(
      window, run.outcomeOfWindow, lastWords: output.lastLine(),
      encounters: seen.meetings.encounters)
    return seen.interruption
  }

  /// What keeps the whole series from telling anything, after the run without a thief.
  private func obstacle(_ first: Observation) -> Undecided? {
    if first.interruption != nil { return .interrupted }
    if first.status != .exited(0) { return .failsUntouched(first.status.words) }
    if first.unobserved > 0 { return .unobserved(first.unobserved) }
    return first.portsFollowed == 0 ? .noPort : nil
  }

  /// How many runs follow, and how long they take.
  private func announcement(_ series: Enumeration, _ nanoseconds: UInt64) -> String {
    let runs = UInt64(series.expectedRuns - series.runs)
    let left =
      series.windows.count > enumerateMax
      ? "; --enumerate-max \(enumerateMax) leaves the others out" : ""
    return
      "bindstorm check: \(count(series.windows.count, "window")) at \(count(series.placeCount, "place")): \(count(runs, "run")) of about \(duration(nanoseconds)), about \(duration(runs * nanoseconds)) in all\(left)"
  }

  /// Writes the files as if the series ended now, in case it is killed.
  private func draft(_ series: Enumeration, _ facts: RunFacts, _ files: ReportFiles) throws {
    var soFar = series
    soFar.close(.interrupted)
    if let report { files.write(draft: EnumerationReport.text(soFar, facts).utf8, to: report) }
    for (format, path) in reports.requested {
      files.write(draft: try format.bytes(RunFindings(soFar, facts)), to: path)
    }
  }

  private func tell(_ series: Enumeration, _ facts: RunFacts, _ files: ReportFiles) throws {
    try deliver(EnumerationReport.text(series, facts), files)
    try write(RunFindings(series, facts), files)
  }

  /// `--shrink`: no interposition, a private namespace with few ports, and many runs.
  func runShrunk(_ files: ReportFiles) throws {
    let clock = ContinuousClock()
    let start = clock.now
    let before = try TemporaryOutput()
    let base = try plainRun(before, limit: hangAfter?.count ?? 600_000_000_000)
    let spent = UInt64((clock.now - start) / .nanoseconds(1))
    guard base == .exited(0) else {
      let text =
        "bindstorm check: not decided: even with all ports available the command \(base.words): \(before.lastLine())"
      try deliver(TerminalText.safe(text) + "\n", files)
      throw ExitStatus.undecided
    }
    try catching { () throws(CheckError) in
      try PlainRun.narrow(to: 40_000...(40_000 + shrinkPorts - 1), for: "--shrink")
    }
    let limit = hangAfter?.count ?? max(10_000_000_000, 5 * spent)
    var failures = 0
    var lines: [String] = []
    for run in 1...shrinkRuns {
      // A signal ends the tool within a run.
      if let report {
        let soFar =
          run == 1
          ? "bindstorm check: interrupted in the first run of \(shrinkRuns)"
          : shrunkSummary(failures, outOf: run - 1) + "; interrupted"
        files.write(draft: (TerminalText.safe(soFar) + "\n").utf8, to: report)
      }
      let output = try TemporaryOutput()
      let status = try plainRun(output, limit: limit)
      guard status != .exited(0) else { continue }
      failures += 1
      if failures <= 3 {
        lines.append("  run \(run) \(status.words); last output: \(output.lastLine())")
      }
    }
    lines.insert(shrunkSummary(failures, outOf: shrinkRuns), at: 0)
    lines.append(
      failures == 0
        ? "bindstorm check: a series without a failure proves little; run without --shrink to see the windows"
        : "bindstorm check: the command fails when few ports are available")
    let left = Leftovers.descendantsOfCaller()
    if !left.isEmpty {
      lines.append(
        "bindstorm check: still running, with ports of the private namespace: \(LeftProcess.list(left))"
      )
    }
    try deliver(TerminalText.safe(lines.joined(separator: "\n") + "\n"), files)
    if failures > 0 && exitCode != 0 { throw ExitCode(Int32(exitCode)) }
  }

  private func shrunkSummary(_ failures: Int, outOf runs: Int) -> String {
    let interval = ClopperPearson.interval(failures, outOf: runs)
    return
      "bindstorm check: \(shrinkPorts) ephemeral ports in a private namespace, no calls caught: \(failures) of \(count(runs, "run")) failed (95 % interval \(Percent.text(interval.lowerBound)) to \(Percent.text(interval.upperBound)))"
  }

  private func plainRun(_ output: borrowing TemporaryOutput, limit: UInt64) throws
    -> Observation.Status
  {
    try catching { () throws(CheckError) in
      try PlainRun.run(
        command, output: output.descriptor,
        inheritsPipeIgnored: BindstormCommand.inheritedPipeIgnored, timeLimit: limit)
    }
  }
}

/// An unnamed file for a run's output, and empty input.
struct TemporaryOutput: ~Copyable {
  private let file: UnsafeMutablePointer<FILE>
  let descriptor: Int32
  let null: Int32

  init() throws {
    guard let file = tmpfile() else {
      printError("bindstorm: cannot make a temporary file: \(ErrorNumber.text(errno))")
      throw ExitStatus.cannotCreate
    }
    self.file = file
    descriptor = fileno(file)
    null = open("/dev/null", O_RDONLY | O_CLOEXEC)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit {
    fclose(file)
    close(null)
  }

  /// The last line that is not empty, at most 200 characters.
  func lastLine() -> String {
    let size = lseek(descriptor, 0, SEEK_END)
    let start = max(0, size - 4_096)
    var bytes = [UInt8](repeating: 0, count: Int(size - start))
    let count = pread(descriptor, &bytes, bytes.count, start)
    let lines = String(decoding: bytes[..<max(0, count)], as: UTF8.self).split(separator: "\n")
    return String((lines.last { $0.contains { !$0.isWhitespace } } ?? "").prefix(200))
  }
}
