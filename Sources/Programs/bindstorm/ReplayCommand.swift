internal import ArgumentParser
internal import Engine
internal import History
internal import Judging
internal import PlanModel
internal import PlanReading
internal import Reports
internal import RunContract
internal import TerminalText

/// `bindstorm replay RUN/SCENARIO/STRATEGY[/TRIAL]`
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Run one trial of a stored run again, or force its lost race.",
    discussion: """
      The level says what a replay proves. exact: the interleaving is forced: the victim's port is released, another \
      process binds it, then the victim tries to. synthetic: the trial's faults are injected again at the same \
      points. statistical: the same seeds and the same thieves; the kernel decides who is first. A row whose program \
      is caught (strategy check, key check) has its thief in the program's own window, with --force only in the window \
      of the trial.

      \(RunPlace.help) Without TRIAL: the first trial of the cell that failed.

      EXAMPLES:
        bindstorm replay latest/eighty-percent/probe-then-bind --force
        bindstorm replay latest/0 --force --strategy inherited-listener
        bindstorm replay vllm-40443/eighty-percent/probe-then-bind/3 --times 5

      EXIT CODES: 0 each replay ended like the trial, failed or ready, whoever took the port (with --strategy: each was \
      ready); 1 one did not; 2 none counts; 64 wrong usage, or nothing to force.
      """)

  @Argument(
    help: "RUN/SCENARIO/STRATEGY/TRIAL or RUN/SCENARIO/STRATEGY.",
    completion: .custom(Completions.places))
  var place: String

  @Flag(help: "Force the interleaving in which the trial's first lost port was lost.")
  var force = false

  @Option(help: "Number of replays. Default: 1, with --force 100.")
  var times: Int?

  @Option(
    help: "Another strategy of the same scenario, by its label, under the same conditions.",
    completion: .custom(Completions.labels))
  var strategy: String?

  func validate() throws {
    if let times, !(1...1_000_000).contains(times) {
      throw ValidationError("--times must be from 1 to 1000000")
    }
  }

  func run() throws {
    let trial = try StoredTrial(place)
    let stored = trial.run
    let (original, events) = (trial.arm, trial.events)
    let seen = TrialJudge(arm: original).judge(events).launches
    var arm = try chosen(stored.plan, original)
    let (level, remark) = try prepare(&arm, trial)
    let times = times ?? (force ? 100 : 1)
    arm.trials = times
    var plan = stored.plan
    plan.arms[arm.index] = arm
    let counter = Counter(arm)
    let interruption = Interruption()
    var isIsolated = true
    do throws(RunError) {
      let run = try Run(
        plan: plan,
        schedule: Schedule(
          plan: plan, arm: arm.index, trial: force ? 0 : trial.number, repeated: times),
        worker: try WorkerLocation.find(), isolation: .preferred, interruption: interruption)
      isIsolated = run.isolation != .none
      try run.perform(counter)
    } catch {
      printError("bindstorm: \(error)")
      if case .isolationUnavailable = error { throw ExitStatus.unavailable }
      throw ExitStatus.internalError
    }
    if interruption.isRequested { throw ExitStatus.interrupted(by: interruption.signal) }
    try StandardStreams.printResult(IsolationNotice.head(isIsolated: isIsolated))
    try report(arm, trial, seen, counter, level: level, remark: remark, times: times)
  }

  private func chosen(_ plan: ResolvedPlan, _ original: Arm) throws -> Arm {
    guard let strategy else { return original }
    let peers = plan.arms.filter { $0.scenario == original.scenario && $0.skipReason == nil }
    guard let found = peers.first(where: { $0.strategy.label == strategy }) else {
      let labels = peers.map(\.strategy.label)
      let near = Suggestion.nearest(to: strategy, among: labels, atMost: 1).first
      printError(
        "bindstorm: no strategy \"\(strategy)\" in scenario \"\(original.scenario)\""
          + (near.map { "; did you mean \($0)?" } ?? "") + " There are "
          + labels.joined(separator: ", "))
      throw ExitStatus.badPlan
    }
    return found
  }

  /// Changes the arm to what must be run. Returns the level, and a note to print about it.
  private func prepare(
    _ arm: inout Arm, _ trial: StoredTrial
  ) throws -> (level: String, remark: String) {
    guard force else { return level(of: arm) }
    if let forced = try force(&arm, trial) { return forced }
    let reports = RaceReport.all(trial.events, arm: trial.arm, run: trial.run.folder)
    guard let report = reports.first else {
      printError(
        "bindstorm: trial \(trial.name) lost no port (EADDRINUSE on a number): there is no interleaving to force"
      )
      throw ExitStatus.badPlan
    }
    // The same point in the start-up, whatever the strategy does there.
    let server = min(report.server, arm.topology.apiServers - 1)
    arm.force(
      at: report.isOutput ? .beforeOutputBind : .beforeInputBind, launch: report.launch,
      index: server, vocabulary: vocabulary)
    let holder = report.signature.holder
    return (
      "exact",
      holder == "a thief"
        ? "" : "; a thief takes the place of \(holder), which held the port in the trial"
    )
  }

  private func report(
    _ arm: Arm, _ trial: StoredTrial, _ seen: [LaunchOutcome], _ counter: Counter, level: String,
    remark: String,
    times: Int
  ) throws {
    let counted = counter.outcomes.filter { $0.allSatisfy(\.outcome.isCounted) }
    let red = counted.count { $0.contains { $0.outcome.isFailure } }
    var names: [String: Int] = [:]
    for launch in counter.outcomes.joined() { names[launch.outcome.rawValue, default: 0] += 1 }
    let before = Set(seen.map(\.outcome.rawValue)).sorted().joined(separator: ", ")
    var lines = [
      "\(arm.scenario), \(arm.strategy.label), trial \(trial.number) (recorded: \(before))",
      "level: \(level)\(remark)",
      "red \(red)/\(counted.count), green \(counted.count - red)/\(counted.count): "
        + names.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        .map { "\($0.key) x\($0.value)" }.joined(separator: ", "),
    ]
    if let evidence = counter.outcomes.joined().first(where: { !$0.evidence.isEmpty })?.evidence {
      lines.append("first: \(evidence)")
    }
    if counted.count < times {
      lines.append("\(times - counted.count) of \(times) replays do not count")
      if counted.isEmpty, let advice = advice(for: arm) { lines.append(advice) }
    }
    try StandardStreams.printResult(
      lines.map { TerminalText.safeLine($0, atMost: TerminalText.longestWords) + "\n" }.joined())
    guard !counted.isEmpty else { throw ExitCode(2) }
    let failed = strategy == nil && seen.contains { $0.outcome.isFailure }
    if (failed ? red : counted.count - red) != counted.count { throw ExitCode(1) }
  }

  /// Judges each trial as it comes; nothing is written.
  private final class Counter: Run.Observer {
    private let judge: TrialJudge
    private(set) var outcomes: [[LaunchOutcome]] = []

    init(_ arm: Arm) { judge = TrialJudge(arm: arm) }

    func append(_ events: [Event]) {
      guard case .trialStarted? = events.first else { return }
      outcomes.append(judge.judge(events).launches)
    }
  }
}

/// The trial that is to run again.
struct StoredTrial {
  let run: StoredRun
  let arm: Arm
  let number: Int
  let events: [Event]

  /// For people.
  var name: String { arm.trialName(number) }

  /// - Throws: exit code 64, after saying on standard error that there is no such trial.
  init(_ text: String) throws {
    let place = try RunFinder().place(text)
    guard let arm = place.arm else {
      printError(
        "bindstorm: replay takes one trial: \(text)/SCENARIO/STRATEGY/TRIAL; bindstorm explain \(text) lists findings with their trials"
      )
      throw ExitStatus.badPlan
    }
    (run, self.arm) = (place.run, arm)
    if let number = place.cell?.trial {
      (self.number, events) = (number, try run.trial(number, of: arm))
    } else {
      (number, events) = try Self.firstFailed(arm, run)
    }
  }

  private static func firstFailed(_ arm: Arm, _ run: StoredRun) throws -> (Int, [Event]) {
    let judge = TrialJudge(arm: arm)
    var found: (Int, [Event])?
    try run.forEachTrial { started, events in
      guard started.arm == arm.index,
        judge.judge(events).launches.contains(where: \.outcome.isFailure)
      else { return true }
      found = (started.trial, events)
      return false
    }
    guard let found else {
      printError(
        "bindstorm: no trial of \(arm.cellName) in \(run.folder) failed; \(arm.cellName)/0 names one that did not"
      )
      throw ExitStatus.badPlan
    }
    return found
  }
}
