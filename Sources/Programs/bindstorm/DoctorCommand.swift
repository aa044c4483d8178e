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
      Exit code 0: run works, possibly without a network namespace of its own; 69: it does not. What check lacks is \
      reported and does not change the exit code.
      """)

  func run() throws {
    let record = EnvironmentRecord(isolation: "", problem: "", libzmq: "")
    print("\(record.kernel) on \(record.machine), \(record.processors) processors")
    print("ephemeral ports: \(record.hostPortRange)\n")
    let run = RunAbilities()
    show("bindstorm run", run.rows, verdict: run.verdict)
    print("")
    let check = HostAbilities()
    show(
      "bindstorm check", check.rows,
      verdict: check.mode.map { "works, \($0.rawValue) mode" }
        ?? "does not work here; missing: \(check.missing)")
    if !run.works { throw ExitStatus.unavailable }
  }

  private func show(_ title: String, _ rows: [HostAbilities.Row], verdict: String) {
    print(title)
    let width = rows.map(\.name.count).max() ?? 0
    for row in rows {
      let padding = String(repeating: " ", count: width - row.name.count)
      print("  \(row.name)\(padding)  \(row.isThere ? "yes" : "no: \(row.note)")")
    }
    print("  -> \(verdict)")
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

  /// Whether a plan with nothing special in it runs.
  var works: Bool { messagingProblem == nil && workerProblem == nil }

  var verdict: String {
    if !works { return "does not work here" }
    return namespaceProblem == nil
      ? "works, in a network namespace of its own" : "works, among this host's own ports"
  }

  private static let grant =
    "root grants it, or user namespaces (kernel.unprivileged_userns_clone 1, user.max_user_namespaces above 0, "
    + "kernel.apparmor_restrict_unprivileged_userns 0), in a container the capabilities SYS_ADMIN and NET_ADMIN"

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
            + "ends with 69; \(Self.grant)"
        } ?? "not tried, as the workers do not start"),
      .init(
        name: "several nodes", isThere: nodeProblem == nil,
        note: "\(nodeProblem ?? ""); scenarios with \"nodes\" are skipped; \(Self.grant)"),
      .init(
        name: "HTTP front end", isThere: frontEndProblem == nil && workerProblem == nil,
        note: frontEndProblem.map { "\($0)" } ?? "not looked for, as the workers do not start"),
    ]
  }

  /// Takes the events of a run without trials.
  private final class Nobody: Run.Observer {
    func append(_ events: [Event]) {}
  }
}
