internal import Syscalls
internal import ArgumentParser
internal import ForcedCalls
@preconcurrency internal import Glibc
internal import Interception
internal import RaceLedger
internal import RaceReporting
internal import Statistics
internal import TerminalText

extension CheckCommand {
  /// `--enumerate`: a run without a thief, then one run for each window.
  func enumerateWindows(_ settings: Supervision, _ files: ReportFiles) throws {
    var enumeration = Enumeration(limit: enumerateMax)
    let first = try observe(settings)
    enumeration.saw(first.findings)
    let seconds = Double(first.endedAt - first.startedAt) / 1e9
    let limit = hangAfter?.count ?? UInt64(max(10, 5 * seconds) * 1e9)
    while first.interruption == nil, let window = enumeration.next {
      printError("bindstorm check: run \(enumeration.runs): stealing at \(window.place)")
      let output = try TemporaryOutput()
      var forced = settings
      forced.steal = StealPolicy(mode: .lazy, limit: 1, rebind: window.rebind, only: window.place)
      forced.timeLimit = limit
      forced.input = output.null
      forced.output = output.descriptor
      forced.error = output.descriptor
      let seen = try observe(forced)
      enumeration.saw(seen.findings)
      enumeration.tried(
        window, outcome(of: seen, comparedWith: first), lastWords: output.lastLine())
      if let signal = seen.interruption { throw ExitStatus.interrupted(by: signal) }
    }
    let facts = RunFacts(first, settings)
    try deliver(EnumerationReport.text(enumeration, facts), files)
    if let json = reports.json {
      try files.write(EnumerationReport.json(enumeration, facts), to: json)
    }
    if enumeration.red > 0 && exitCode != 0 { throw ExitCode(Int32(exitCode)) }
    try passOn(first.status)
  }

  private func outcome(
    of seen: Observation, comparedWith first: Observation
  ) -> Enumeration.Outcome {
    if seen.findings.contains(where: { $0.kind == .crossWired }) { return .crossTalked }
    if seen.status == .hung { return .hung }
    if seen.stolen == 0 { return .notReached }
    return seen.status == first.status ? .survived : .died(words(seen.status))
  }

  /// `--shrink`: no interposition, a private namespace with few ports, and many runs.
  func runShrunk(_ files: ReportFiles) throws {
    let clock = ContinuousClock()
    let start = clock.now
    let before = try TemporaryOutput()
    let base = try plainRun(before, limit: hangAfter?.count ?? 600_000_000_000)
    let spent = UInt64((clock.now - start) / .nanoseconds(1))
    guard base == .exited(0) else {
      printError(
        "bindstorm check: even with all ports available the command \(words(base)): \(before.lastLine())"
      )
      throw ExitCode(2)
    }
    try catching { () throws(CheckError) in
      try PlainRun.narrow(to: 40_000...(40_000 + shrinkPorts - 1), for: "--shrink")
    }
    let limit = hangAfter?.count ?? max(10_000_000_000, 5 * spent)
    var failures = 0
    var lines: [String] = []
    for run in 1...shrinkRuns {
      let output = try TemporaryOutput()
      let status = try plainRun(output, limit: limit)
      guard status != .exited(0) else { continue }
      failures += 1
      if failures <= 3 {
        lines.append("  run \(run) \(words(status)); last output: \(output.lastLine())")
      }
    }
    let interval = ClopperPearson.interval(failures, outOf: shrinkRuns)
    func percent(_ rate: Double) -> String { "\((rate * 1_000).rounded() / 10) %" }
    lines.insert(
      "bindstorm check: \(shrinkPorts) ephemeral ports in a private namespace, no calls caught: \(failures) of \(shrinkRuns) runs failed (95 % interval \(percent(interval.lowerBound)) to \(percent(interval.upperBound)))",
      at: 0)
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

  private func plainRun(_ output: borrowing TemporaryOutput, limit: UInt64) throws
    -> Observation.Status
  {
    try catching { () throws(CheckError) in
      try PlainRun.run(
        command, output: output.descriptor,
        inheritsPipeIgnored: BindstormCommand.inheritedPipeIgnored, timeLimit: limit)
    }
  }

  private func words(_ status: Observation.Status) -> String {
    switch status {
    case .exited(let code): "exited with \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    case .hung: "hung"
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
