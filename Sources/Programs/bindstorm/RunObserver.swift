internal import Engine
@preconcurrency internal import Glibc
internal import History
internal import Judging
internal import Pages
internal import PlanModel
internal import Reports
internal import Synchronization
internal import Syscalls

/// Receives a run's events: writes them first, then judges each trial and shows progress.
///
/// Lanes call it at the same time. Encoding and judging a trial, which take most of the time, need no lock.
final class RunObserver: Run.Observer {
  private let judges: [TrialJudge]
  /// Guards what follows.
  private let lock = Mutex(())
  /// Nil once it is closed.
  private var writer: HistoryWriter?
  private var tally: RunTally
  private var trials = ShownTrials()
  private let progress: ProgressReporter
  /// Trials in which not every launch was ready, by arm.
  private var unusual: [Set<Int>]

  init(plan: ResolvedPlan, writer: consuming HistoryWriter, progress: ProgressReporter) {
    unusual = plan.arms.map { _ in [] }
    judges = plan.arms.map(TrialJudge.init)
    self.writer = .some(writer)
    self.progress = progress
    tally = RunTally(plan)
  }

  var tallies: [ArmTally] { lock.withLock { _ in tally.arms } }
  /// Those that the page of the run shows.
  var shownTrials: ShownTrials { lock.withLock { _ in trials } }

  func append(_ events: [Event]) throws {
    let encoded = EncodedEvents(events)
    guard case .trialStarted(let started)? = events.first else {
      return try lock.withLock { _ in
        try writer!.append(encoded)
        for case .armSkipped(let skipped) in events { tally.skip(skipped) }
      }
    }
    let outcome = judges[started.arm].judge(events)
    try lock.withLock { _ in
      try writer!.append(encoded)
      tally.add(outcome)
      if outcome.launches.contains(where: { $0.outcome != .ready }) {
        unusual[started.arm].insert(started.trial)
      }
      trials.add(outcome, events)
      progress.trialEnded(arm: started.arm, tally.arms)
    }
  }

  var unusualTrials: [Set<Int>] { lock.withLock { _ in unusual } }

  func needsMore(arm: Int) -> Bool { lock.withLock { _ in tally.needsMore(arm: arm) } }

  /// Writes what is buffered and closes the history; nothing may be appended afterwards.
  /// - Throws: `HistoryError.cannotWrite`, also for an error of an earlier write that the system reports only now.
  func close() throws(HistoryError) {
    try lock.withLock { (_) throws(HistoryError) in try writer.take()?.close() }
  }
}

/// Shows progress on standard error: on a terminal one line that is rewritten, otherwise a line every 5 s.
final class ProgressReporter {
  private let plan: ResolvedPlan
  private let isQuiet: Bool
  private let isTerminal: Bool
  private let started = seconds()
  private var lastShown = 0.0
  /// The start of the interval for the speed: the older of two marks, which are set alternately every few seconds.
  private var marks: [(at: Double, trials: Int)] = [(0, 0)]
  private static let markSeconds = 5.0

  init(plan: ResolvedPlan, isQuiet: Bool) {
    self.plan = plan
    self.isQuiet = isQuiet
    let terminal = getenv("TERM").map { String(cString: $0) }
    isTerminal = isatty(2) == 1 && terminal != "dumb"
  }

  func trialEnded(arm index: Int, _ tallies: [ArmTally]) {
    guard !isQuiet else { return }
    let elapsed = Self.seconds() - started
    guard elapsed - lastShown >= (isTerminal ? 0.1 : 5) else { return }
    lastShown = elapsed
    let expected = plan.arms.map(TimeEstimate.seconds)
    let done = zip(plan.arms, zip(tallies, expected)).map { arm, pair in
      pair.1 * Double(pair.0.trialsSeen) / Double(arm.trials)
    }.reduce(0, +)
    let arm = plan.arms[index]
    let trials = tallies.map(\.trialsSeen).reduce(0, +)
    let since = marks[0]
    if elapsed - marks.last!.at >= Self.markSeconds {
      marks = [marks.last!, (elapsed, trials)]
    }
    let line = ProgressLine(
      arms: plan.arms.count, arm: index, name: "\(arm.scenario), \(arm.strategy.label)",
      trialsDone: trials,
      trialsPlanned: plan.arms.map(\.trials).reduce(0, +), rate: tallies[index].failedLaunchRate,
      elapsedSeconds: elapsed,
      trialsPerSecond: Double(trials - since.trials) / max(elapsed - since.at, 1e-9),
      leftSeconds: done > 0 ? elapsed * (expected.reduce(0, +) - done) / done : nil)
    show(line.text)
  }

  /// Clears the line before the results are printed.
  func finish() {
    if isTerminal && lastShown > 0 { put("\r\u{1B}[K") }
  }

  private func show(_ text: String) {
    put(isTerminal ? "\r\u{1B}[K\(text.prefix(Terminal.width(of: 2) - 1))" : text + "\n")
  }

  private func put(_ text: String) { _ = write(2, text, text.utf8.count) }

  private static func seconds() -> Double { Double(MonotonicClock.now()) / 1e9 }
}

/// The abilities of a terminal.
enum Terminal {
  /// Columns: of the variable COLUMNS if it is a number, else of the terminal; 120 if there is none.
  static func width(of descriptor: Int32) -> Int {
    if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns > 0 {
      return columns
    }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 120 }
    return Int(size.ws_col)
  }

  /// Whether results are coloured: the flag, then NO_COLOR, CLICOLOR_FORCE and TERM, then whether it is a terminal.
  static func usesColor(_ choice: ColorChoice, of descriptor: Int32 = 1) -> Bool {
    switch choice {
    case .always: return true
    case .never: return false
    case .auto:
      if let value = getenv("NO_COLOR"), value.pointee != 0 { return false }
      // https://bixense.com/clicolors: any value but 0.
      if let value = getenv("CLICOLOR_FORCE"), value.pointee != 0, String(cString: value) != "0" {
        return true
      }
      if let terminal = getenv("TERM"), String(cString: terminal) == "dumb" { return false }
      return isatty(descriptor) == 1
    }
  }
}
