internal import ArgumentParser
internal import Engine
internal import History
internal import PlanModel
internal import PlanReading
internal import RunContract
internal import Strategies
internal import Syscalls

/// What this host offers for `run`.
struct RunAbilities {
  private let facts = HostFacts.current()
  private let messagingProblem: String?
  /// Why the workers do not start; nil if they do.
  private let workerProblem: String?
  private let isolation: Isolation
  /// Why there is no network namespace; nil if there is one.
  let namespaceProblem: String?
  /// Why there are no nodes; nil if there are.
  private let nodeProblem: String?
  private let frontEndProblem: String?
  private let hasScratchFolder: Bool

  /// Starts a worker host, as a run does, and ends it.
  init() {
    messagingProblem = StrategyRegistry.messagingLibraryProblem
    let plan = ResolvedPlan(
      version: PlanLoader.version, name: "doctor", title: "", seed: 1, arms: [])
    var (workers, namespace, frontEnd): (String?, String?, String?) = (nil, nil, nil)
    var (isolation, hasFolder) = (Isolation.none, false)
    do throws(RunError) {
      let worker = try WorkerLocation.find()
      frontEnd = Run.frontEndProblem(beside: worker)
      let run = try Run(
        plan: plan, schedule: Schedule(plan: plan), worker: worker, isolation: .preferred,
        interruption: Interruption())
      (isolation, hasFolder) = (run.isolation, run.hasScratchFolder)
      if run.isolation == .none { namespace = run.isolationProblem }
      try run.perform(Nobody())
    } catch {
      workers = error.description
      namespace = "not tried, as the workers do not start"
    }
    (workerProblem, namespaceProblem, frontEndProblem) = (workers, namespace, frontEnd)
    (self.isolation, hasScratchFolder) = (isolation, hasFolder)
    nodeProblem = namespace ?? NodeNetwork.problemOfTrying()
  }

  /// What grants a network namespace here; each grant says what it removes.
  var namespaceGrants: [String] {
    let found = facts.namespaceObstacles.flatMap { obstacle in
      obstacle.grants.map { "\($0) (\(obstacle.text))" }
    }
    return found.isEmpty ? [facts.howToGrantNamespaces] : found
  }

  /// Whether a plan with no special needs runs.
  private var works: Bool { messagingProblem == nil && workerProblem == nil }

  var part: DoctorReport.Part {
    let summary =
      !works
      ? "does not work here"
      : namespaceProblem == nil
        ? "works, in a network namespace of its own"
        : "works in a weaker way: among this host's own ports"
    return DoctorReport.Part(
      name: "run", title: "bindstorm run",
      state: !works ? .missing : namespaceProblem == nil ? .works : .weaker, summary: summary,
      abilities: programs + namespaces + limits)
  }

  private var programs: [HostAbility] {
    [
      HostAbility(
        "workers", workerProblem == nil ? .works : .missing, workerProblem ?? "",
        means: "nothing can run",
        grants: ["make install, or BINDSTORM_WORKER with the path of bindstorm-worker"],
        isNeeded: true),
      HostAbility(
        "libzmq", messagingProblem == nil ? .works : .missing,
        messagingProblem ?? StrategyRegistry.messagingLibraryVersion, means: "nothing can run",
        grants: ["apt-get install libzmq5"], isNeeded: true),
      HostAbility(
        "HTTP front end", frontEndProblem == nil && workerProblem == nil ? .works : .missing,
        workerProblem == nil
          ? frontEndProblem ?? "" : "not looked for, as the workers do not start",
        means: "plans with \"http\" do not run", grants: ["make build, make install"]),
    ]
  }

  /// For what a namespace brings with it.
  private var sameGrants: [String] {
    namespaceProblem == nil ? namespaceGrants : ["what grants the network namespace"]
  }

  private var namespaces: [HostAbility] {
    let how =
      isolation == .namespace
      ? "as root" : isolation == .userNamespace ? "inside a user namespace" : ""
    return sharing + [
      HostAbility(
        "network namespace", namespaceProblem == nil ? .works : .missing, namespaceProblem ?? how,
        means:
          "trials use this host's own ports: reports say NOT ISOLATED, rates off their model are undecided",
        grants: namespaceGrants),
      HostAbility(
        "several nodes", nodeProblem == nil ? .works : .missing, nodeProblem ?? "",
        means: "scenarios with \"nodes\" above 1 are skipped", grants: sameGrants),
      HostAbility(
        "private folder", hasScratchFolder ? .works : .missing,
        hasScratchFolder
          ? "" : "fsopen(tmpfs) is refused, needs Linux 5.2 and a namespace in which this is root",
        means: "strategies that need files are skipped", grants: sameGrants),
    ]
  }

  /// What only trials on the host's own ports need.
  private var sharing: [HostAbility] {
    guard namespaceProblem != nil else { return [] }
    let problem = TCPSocket.problemOfConfining()
    return [
      HostAbility(
        "pools on the host's ports", problem == nil ? .works : .missing, problem ?? "",
        means: "without a network namespace every row is skipped", grants: ["Linux 6.3 or newer"])
    ]
  }

  private var limits: [HostAbility] {
    func left(_ name: String, _ limits: [HostLimits.Limit], _ grants: [String]) -> HostAbility {
      let least = limits.min { $0.left < $1.left }
      return HostAbility(
        name, least?.left == 0 ? .missing : .works,
        least.map { "\($0.left) left (\($0.source) \($0.most))" } ?? "no limit",
        means: "no worker can be started", grants: grants)
    }
    let seesOthers = facts.has(.sysPtrace)
    return [
      left("processes and threads", HostLimits.tasks(), HostBudget.taskGrants),
      left("open files of a process", HostLimits.descriptors(), HostBudget.descriptorGrants),
      HostAbility(
        "holders of other users", seesOthers ? .works : .weaker,
        seesOthers ? "" : "CAP_SYS_PTRACE is missing",
        means: "a process of another user that took a port is not named",
        grants: facts.foreignInspectionGrants),
    ]
  }

  /// Ignores the events of a run without trials.
  private final class Nobody: Run.Observer {
    func append(_ events: [Event]) {}
  }
}
