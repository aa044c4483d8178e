internal import ArgumentParser
internal import Engine
internal import History
internal import Judging
internal import PlanModel
internal import Reports
internal import RunContract
internal import TerminalText

/// `bindstorm replay RUN/ARM/TRIAL`
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

      Exit code 0: each replay ended like the trial, failed or ready, whoever took the port (with --strategy: each \
      was ready); 1: one did not; 2: none counts.
      """)

  @Argument(
    help: "RUN/ARM/TRIAL, for example Results/vllm-40443/latest/0/3.",
    transform: {
      guard let place = TrialPlace(argument: $0) else {
        throw ValidationError(
          "'\($0)' is not RUN/ARM/TRIAL, where ARM and TRIAL are numbers from 0")
      }
      return place
    })
  var place: TrialPlace

  @Flag(help: "Force the interleaving in which the trial's first lost port was lost.")
  var force = false

  @Option(help: "Number of replays. Default: 1, with --force 100.")
  var times: Int?

  @Option(help: "Another strategy of the same scenario, by its label, under the same conditions.")
  var strategy: String?

  func validate() throws {
    if let times, !(1...1_000_000).contains(times) {
      throw ValidationError("--times must be from 1 to 1000000")
    }
  }

  func run() throws {
    let stored = try StoredRun(folder: place.folder)
    let events = try stored.trial(place)
    let original = stored.plan.arms[place.arm]
    let seen = TrialJudge(arm: original).judge(events).launches
    var arm = try chosen(stored.plan, original)
    let (level, remark) = try prepare(&arm, original, events)
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
          plan: plan, arm: arm.index, trial: force ? 0 : place.trial, repeated: times),
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
    try report(arm, seen, counter, level: level, remark: remark, times: times)
  }

  private func chosen(_ plan: ResolvedPlan, _ original: Arm) throws -> Arm {
    guard let strategy else { return original }
    let peers = plan.arms.filter { $0.scenario == original.scenario && $0.skipReason == nil }
    guard let found = peers.first(where: { $0.strategy.label == strategy }) else {
      printError(
        "bindstorm: no strategy '\(strategy)' in scenario '\(original.scenario)'; there are "
          + peers.map(\.strategy.label).joined(separator: ", "))
      throw ExitStatus.badPlan
    }
    return found
  }

  /// Changes the arm to what must be run. Returns the level, and a note to print about it.
  private func prepare(
    _ arm: inout Arm, _ original: Arm, _ events: [Event]
  ) throws -> (level: String, remark: String) {
    guard force else { return level(of: arm) }
    if let forced = try force(&arm, original, events) { return forced }
    guard let report = RaceReport.all(events, arm: original, run: place.folder).first else {
      printError(
        "bindstorm: trial \(place.arm)/\(place.trial) lost no port (EADDRINUSE on a number): there is no interleaving to force"
      )
      throw ExitStatus.badPlan
    }
    // The same point in the start-up, whatever the strategy does there.
    let server = min(report.server, arm.topology.apiServers - 1)
    arm.faults = [
      PlannedFault(
        kind: Choice(
          name: FaultName.steal, label: FaultName.steal,
          options: (vocabulary.fault(named: FaultName.steal)?.options ?? []).map {
            OptionValue(name: $0.name, value: $0.defaultValue ?? 0)
          }), point: report.isOutput ? .beforeOutputBind : .beforeInputBind,
        launch: report.launch, index: server)
    ]
    arm.thieves = []
    arm.window.foreignDraws = 0
    let holder = report.signature.holder
    return (
      "exact",
      holder == "a thief"
        ? "" : "; a thief takes the place of \(holder), which held the port in the trial"
    )
  }

  private func report(
    _ arm: Arm, _ seen: [LaunchOutcome], _ counter: Counter, level: String, remark: String,
    times: Int
  ) throws {
    let counted = counter.outcomes.filter { $0.allSatisfy(\.outcome.isCounted) }
    let red = counted.count { $0.contains { $0.outcome.isFailure } }
    var names: [String: Int] = [:]
    for launch in counter.outcomes.joined() { names[launch.outcome.rawValue, default: 0] += 1 }
    let before = Set(seen.map(\.outcome.rawValue)).sorted().joined(separator: ", ")
    var lines = [
      "\(arm.scenario), \(arm.strategy.label), trial \(place.arm)/\(place.trial) (recorded: \(before))",
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
