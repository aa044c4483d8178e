internal import Engine
internal import History
internal import Planning
internal import Launching

let a = CommandLine.arguments
func opt(_ n: String, _ d: String) -> String {
  if let i = a.firstIndex(of: n) { return a[i + 1] }; return d
}
let strategy = opt("--strategy", "probe-then-bind")
var thieves: [Choice] = []
if let hold = Int(opt("--hold", "0")), hold > 0 {
  thieves.append(
    Choice(
      name: "bind-hold", label: "bind-hold", options: [OptionValue(name: "ports", value: hold)]))
}
let arm = Arm(
  index: 0, scenario: "s",
  strategy: Choice(
    name: strategy, label: strategy,
    options: strategy == "wildcard-report-back"
      ? [OptionValue(name: "report_timeout_ms", value: 30000)] : []),
  depth: Depth(rawValue: opt("--depth", "bind"))!,
  topology: Topology(
    launches: Int(opt("--launches", "1"))!, apiServers: Int(opt("--servers", "16"))!),
  barrier: Barrier(kind: Barrier.Kind(rawValue: opt("--barrier", "futex"))!),
  workers: WorkerKind(rawValue: opt("--workers", "fresh"))!,
  sockets: SocketKind(rawValue: opt("--sockets", "zmq"))!,
  ownershipCheck: OwnershipCheck(rawValue: opt("--check", "full"))!, thieves: thieves,
  trials: Int(opt("--trials", "100"))!)
let plan = ResolvedPlan(version: 1, name: "x", title: "x", seed: 1, arms: [arm])
final class O: Run.Observer {
  var bad = 0; var n = 0; var own: [Ownership: Int] = [:]
  func append(_ events: [Event]) throws {
    var failed = false
    for e in events {
      if case .server(let s) = e {
        for x in [s.input, s.output] {
          if x.errno != 0 { failed = true; if bad < 3 { print(s.launch, s.server, x) } };
          own[x.ownership, default: 0] += 1
        }
      }
      if case .trialEnded(let t) = e {
        n += 1; if t.completion != .complete || t.socketsLeft > 0 { print(t) }
      }
      if case .launch(let t) = e, t.errno != 0 { print(t) }
      if case .thief(let t) = e, n == 0 { print(t) }
      if case .poolSet(let t) = e { print(t) }
    }
    if failed { bad += 1 }
  }
}
let o = O()
do {
  let run = try Run(
    plan: plan, schedule: Schedule(plan: plan),
    worker: CommandLine.arguments[0].split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
      + "/bindstorm-worker", isolation: .preferred, interruption: Interruption())
  print(run.isolation, run.isolationProblem)
  try run.perform(o)
  print(
    "trials \(o.n) failed \(o.bad) own \(o.own) timing \(run.timings[0]) \(Double(run.timings[0].trials)/run.timings[0].seconds)/s"
  )
} catch { print("ERR", error) }
