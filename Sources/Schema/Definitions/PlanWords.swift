/// The words that a key of a plan may have as its value. Add a word here; `make generate` writes the Swift type and the
/// list in the JSON Schema.
enum PlanWords {
  static func words(of type: String) -> [Case] {
    guard let set = all.first(where: { $0.type == type }) else {
      preconditionFailure("there are no words of \(type)")
    }
    return set.cases
  }

  static let all = [
    ClosedSet(
      "Depth", "How far a trial goes.",
      [
        Case(
          "allocate", "allocate",
          "Addresses are allocated and compared; nothing is bound for good."),
        Case(
          "bind", "bind", "Every API server really binds and listens on its two endpoints."),
        Case(
          "startup", "startup",
          "The whole start-up with coordinator and engine cores, until every API server has had a request answered by every engine core."
        ),
      ]),
    ClosedSet(
      "SocketKind", "What the API servers' endpoints are made of.",
      [
        Case("zmq", "zmq", "libzmq ROUTER and PULL with vLLM's options."),
        Case("tcp", "tcp", "Plain TCP listening sockets."),
      ]),
    ClosedSet(
      "WorkerKind", "Where the API server processes come from.",
      [
        Case("fresh", "fresh", "A new process per API server per trial."),
        Case(
          "pooled", "pooled",
          "Processes are kept and reused between trials, with clean state each time."),
      ]),
    ClosedSet(
      "OwnershipCheck", "How the harness checks who owns an endpoint.",
      [
        Case(
          "full", "full",
          "A nonce is sent to every advertised endpoint and must be answered by its owner."),
        Case(
          "kernel", "kernel",
          "The kernel's record of listening sockets must name the owner's socket, and only that."),
        Case("off", "off", "Only the binder's own word; for benchmarks."),
      ]),
    ClosedSet(
      "Barrier.Kind", "What the binders wait in.",
      [
        Case("futex", "futex", "A futex that the harness wakes."),
        Case("spin", "spin", "Spin with `sched_yield` up to a CLOCK_MONOTONIC deadline."),
        Case("sleep", "sleep", "`clock_nanosleep(TIMER_ABSTIME)` up to a deadline."),
      ]),
    ClosedSet(
      "Startup.Variant", "In which order vLLM does things, and whom its launcher watches.",
      [
        Case(
          "v019", "v0.19", "v0.19.x: API servers are not watched while engine cores start."
        ),
        Case(
          "fixed", "fixed",
          "After vllm-project/vllm#42585, #43864 and #43417: it does watch them."),
      ]),
    ClosedSet(
      "Startup.Backend", "How engine cores get their addresses.",
      [
        Case("spawn", "spawn", "By the handshake, after the API servers were started."),
        Case(
          "ray", "ray",
          "As with Ray: copied into the actors; the API servers are started when all actors have loaded. There is no handshake."
        ),
      ]),
    ClosedSet(
      "Startup.PortReuse", "Whether the HTTP listener sets SO_REUSEPORT.",
      [
        Case(
          "variant", "variant",
          "As vLLM: always in variant `v0.19`, otherwise with more than one API server."),
        Case("always", "always", "Yes."),
        Case("never", "never", "No."),
      ]),
    ClosedSet(
      "Startup.Group", "How the data-parallel group of the engine cores gets its ports.",
      [
        Case("none", "none", "There is no group, as with dense models."),
        Case(
          "list", "list",
          "v0.19: the launcher's list. Engine core 0 binds the first number and retries with the next one; all others dial the first."
        ),
        Case(
          "coordStore", "coord-store",
          "v0.32: engine core 0 binds port 0 and publishes it through a store that the launcher holds; without engine cores on the head node as `list`."
        ),
      ]),
    ClosedSet(
      "Startup.WorkerRendezvous", "Where the workers of one engine core meet.",
      [
        Case("none", "none", "Not modelled."),
        Case(
          "port", "port",
          "v0.19: at a port that the engine core probes before its load and its worker binds after it."
        ),
        Case("file", "file", "v0.32: at a file (vllm-project/vllm#50999)."),
      ]),
    ClosedSet(
      "InjectionPoint",
      "A place in the start-up at which a fault can be injected, in the order in which a launch passes them.",
      [
        Case(
          "afterProbe", "after-probe", "The launcher has allocated: probed numbers are released."),
        Case(
          "afterSpawn", "after-spawn",
          "The launcher has started its API servers and has not closed what it handed to them."),
        Case(
          "beforeInputBind", "before-input-bind",
          "An API server is about to bind or adopt its input."),
        Case(
          "beforeOutputBind", "before-output-bind",
          "Its input listens; it is about to bind or adopt its output."),
        Case(
          "betweenBindAndListen", "between-bind-and-listen",
          "The output's socket is bound and does not listen yet. libzmq does both in one call: there the socket is made by hand and adopted."
        ),
        Case(
          "beforeReport", "before-report",
          "Both endpoints listen, and the report is about to be made."),
        Case(
          "midReport", "mid-report",
          "Half of the report is written. The other half follows when the fault is over."),
        Case("afterReport", "after-report", "The report is made."),
        Case("afterReady", "after-ready", "An API server has done its part of the bind."),
        Case(
          "beforeHandshakeReply", "before-handshake-reply",
          "The launcher is about to send an engine core its addresses."),
        Case(
          "beforeEngineConnect", "before-engine-connect",
          "An engine core has its addresses and is about to connect."),
      ]),
    ClosedSet(
      "PublishedFigure.Unit", "What one observation was.",
      [
        Case("launch", "launch", "One launch."),
        Case(
          "trial", "trial",
          "One trial: one launch or several parallel ones, failed when any failed."),
      ]),
  ]
}
