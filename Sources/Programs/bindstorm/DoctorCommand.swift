internal import ArgumentParser
internal import Engine
internal import History
internal import Interception
internal import PlanModel
internal import PlanReading
internal import RunContract
internal import Strategies
internal import Syscalls

/// `bindstorm doctor`
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Report what works on this host for run and check, what is missing, and how to enable it.",
    discussion: """
      With a plan, compares what it needs with the host's limits: processes, open files, memory and ports.

      EXAMPLES:
        bindstorm doctor
        bindstorm doctor thousand-api-servers

      Exit code 0: run works, possibly without a network namespace of its own; 69: it does not, or the limits are too \
      low for every arm of the plan. What check lacks is reported and does not change the exit code.
      """)

  @Argument(help: "A plan, a JSON file.", completion: .custom(Completions.plans))
  var plan: String?

  func run() throws {
    let plan = try plan.map { try PlanFile(path: $0).plan }
    let record = EnvironmentRecord(isolation: "", problem: "", libzmq: "")
    let run = RunAbilities()
    let check = HostAbilities()
    var text =
      "\(record.kernel) on \(record.machine), \(record.processors) processors\n"
      + "ephemeral ports: \(record.hostPortRange)\n\n"
      + section(
        "bindstorm run", run.rows.map { ($0.name, $0.isThere ? "yes" : "no: \($0.note)") },
        verdict: run.verdict) + "\n"
      + section(
        "bindstorm check", check.rows.map { ($0.name, $0.isThere ? "yes" : "no: \($0.note)") },
        verdict: check.mode.map { "works, \($0.rawValue) mode" }
          ?? "does not work here; missing: \(check.missing)")
    let budget = plan.map { HostBudget($0) }
    if let plan, let budget { text += "\n" + needs(of: plan, budget, run) }
    try StandardStreams.printResult(text)
    if !run.works || budget?.short.isEmpty == false { throw ExitStatus.unavailable }
  }

  /// What a plan needs, compared with what is available.
  private func needs(of plan: ResolvedPlan, _ budget: HostBudget, _ run: RunAbilities) -> String {
    var rows = budget.rows.map { row in
      (
        row.name,
        (row.isShort ? "too little: " : row.isClose ? "close: " : "enough: ") + row.sentence
      )
    }
    let pools = PoolBudget(plan)
    func arms(_ numbers: [Int]) -> String { numbers.map { "\($0)" }.joined(separator: ", ") }
    let crowded =
      pools.crowded.isEmpty
      ? "enough" : "fewer than launches and thieves hold at once in arms \(arms(pools.crowded))"
    rows.append(("ports in the pool", crowded))
    if !run.hasNamespace && !pools.outside.isEmpty {
      let range = pools.hostRange.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "unknown"
      rows.append(
        (
          "pool and this host's ports",
          "no network namespace, and the pools of arms \(arms(pools.outside)) are not within ip_local_port_range (\(range))"
        ))
    }
    let short = budget.short.map(\.name)
    return section(
      "plan \(plan.name)", rows,
      verdict: short.isEmpty
        ? "the limits allow it" : "cannot run here; too little: \(short.joined(separator: ", "))")
  }

  private func section(
    _ title: String, _ rows: [(name: String, text: String)], verdict: String
  ) -> String {
    let width = rows.map(\.name.count).max() ?? 0
    let lines = rows.map { row in
      "  \(row.name)\(String(repeating: " ", count: width - row.name.count))  \(row.text)\n"
    }
    return "\(title)\n" + lines.joined() + "  -> \(verdict)\n"
  }
}

/// What this host offers for `run`.
private struct RunAbilities {
  private let messagingProblem: String?
  /// Why the workers do not start; nil if they do.
  private let workerProblem: String?
  /// Why there is no network namespace; nil if there is one.
  private let namespaceProblem: String?
  /// Why there are no nodes; nil if there are.
  private let nodeProblem: String?
  private let frontEndProblem: String?

  /// Starts a worker host, as a run does, and ends it.
  init() {
    messagingProblem = StrategyRegistry.messagingLibraryProblem
    let plan = ResolvedPlan(
      version: PlanLoader.version, name: "doctor", title: "", seed: 1, arms: [])
    var (workers, namespace, frontEnd): (String?, String?, String?) = (nil, nil, nil)
    do throws(RunError) {
      let worker = try WorkerLocation.find()
      frontEnd = Run.frontEndProblem(beside: worker)
      let run = try Run(
        plan: plan, schedule: Schedule(plan: plan), worker: worker, isolation: .preferred,
        interruption: Interruption())
      if run.isolation == .none { namespace = run.isolationProblem }
      try run.perform(Nobody())
    } catch {
      workers = error.description
    }
    (workerProblem, namespaceProblem, frontEndProblem) = (workers, namespace, frontEnd)
    nodeProblem = namespace ?? NodeNetwork.problemOfTrying()
  }

  var hasNamespace: Bool { namespaceProblem == nil }

  /// Whether a plan with no special needs runs.
  var works: Bool { messagingProblem == nil && workerProblem == nil }

  var verdict: String {
    if !works { return "does not work here" }
    return namespaceProblem == nil
      ? "works, in a network namespace of its own" : "works, among this host's own ports"
  }

  var rows: [HostAbilities.Row] {
    [
      .init(
        name: "workers", isThere: workerProblem == nil, note: "needed: \(workerProblem ?? "")"),
      .init(
        name: "libzmq", isThere: messagingProblem == nil,
        note: "needed: \(messagingProblem ?? ""); install libzmq5"),
      .init(
        name: "network namespace", isThere: namespaceProblem == nil && workerProblem == nil,
        note: namespaceProblem.map {
          "\($0); runs work without one, with a warning, arms that need one are skipped, and --require-isolation "
            + "ends with 69; \(Namespace.howToGrant)"
        } ?? "not tried, as the workers do not start"),
      .init(
        name: "several nodes", isThere: nodeProblem == nil,
        note: "\(nodeProblem ?? ""); scenarios with \"nodes\" are skipped; \(Namespace.howToGrant)"),
      .init(
        name: "HTTP front end", isThere: frontEndProblem == nil && workerProblem == nil,
        note: frontEndProblem.map { "\($0)" } ?? "not looked for, as the workers do not start"),
    ]
  }

  /// Ignores the events of a run without trials.
  private final class Nobody: Run.Observer {
    func append(_ events: [Event]) {}
  }
}
