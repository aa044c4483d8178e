/// Every closed set of words that a record may contain. Add a word here; `make generate` writes the rest.
enum ClosedSets {
  static let all = [
    ClosedSet(
      "Stage", c: "BS_STAGE", "Where in its work a process was.",
      [
        Case("none", "none", "Nothing went wrong."),
        Case("probe", "probe", "The launcher draws a number with `bind(0)`."),
        Case("listenerSetup", "listener-setup", "The launcher makes listeners to hand over."),
        Case("spawn", "spawn", "The process is started or handed its orders."),
        Case("bind", "bind", "`bind()` of an API server's endpoint."),
        Case("listen", "listen", "`listen()` of an API server's endpoint."),
        Case("adopt", "adopt", "An inherited listener is adopted."),
        Case("report", "report", "The bound endpoints are reported to the launcher."),
        Case("scan", "scan", "A range is searched for a number that can be had."),
        Case("lock", "lock", "A lock or a shared file is waited for."),
        Case("service", "service", "The launcher binds its own port, such as that of a store."),
        Case("ask", "ask", "An API server asks the launcher for a number."),
        Case("coordinator", "coordinator", "The launcher waits for the coordinator's addresses."),
        Case(
          "handshake", "handshake",
          "The launcher binds the handshake or takes its messages; an engine core waits for the init message."
        ),
        Case("load", "load", "An engine core loads."),
        Case("connect", "connect", "An engine core connects."),
        Case(
          "rendezvous", "rendezvous",
          "An engine core meets the others of its group, or its workers one another."),
        Case("readiness", "readiness", "An API server waits until every engine core was heard."),
        Case("serve", "serve", "An API server waits for answers."),
        Case("adapter", "adapter", "An adapter, the program of an `exec` strategy, is spoken to."),
        Case(
          "http", "http",
          "The launcher binds the HTTP port, an API server listens on it, or the HTTP client waits for answers."
        ),
        Case(
          "host", "host",
          "The host refused a process of the launch, or its channel: a limit of the host, not a failure of the strategy."
        ),
        Case(
          "sideChannel", "side-channel", "An engine core binds its KV connector's side channel."),
      ]),
    ClosedSet(
      "Holder.Kind", "How much is known.",
      [
        Case("apiServer", "api-server", "An API server of the launch `launch`."),
        Case(
          "launcher", "launcher",
          "A launcher of the launch `launch` (a listener it made or a probe it still holds)."),
        Case("coordinator", "coordinator", "The coordinator of the launch `launch`."),
        Case("engineCore", "engine-core", "Engine core `index` of the launch `launch`."),
        Case("thief", "thief", "Thief process number `index`."),
        Case("outsider", "outsider", "A process that bindstorm did not start."),
        Case("nobody", "nobody", "When the kernel was asked, there was no holder any more."),
        Case(
          "cannotTell", "cannot-tell",
          "The kernel knows a holder, but its process could not be found, or the kernel could not be asked."
        ),
      ]),
    ClosedSet(
      "Holder.Sources", "Which records name the holder.",
      [
        Case("eventsAndKernel", "events-and-kernel", "Both agree."),
        Case(
          "events", "events",
          "Only the record of events; the kernel showed no socket any more or could not be asked."),
        Case("kernel", "kernel", "Only the kernel."),
        Case("contradiction", "contradiction", "They contradict each other."),
        Case("neither", "neither", "Neither."),
      ]),
    ClosedSet(
      "Ownership", "What the ownership check found at an advertised endpoint.",
      [
        Case("unchecked", "unchecked", "The check is off, or there was nothing to check."),
        Case(
          "owner", "owner",
          "The process that should own it answered or is the kernel's only listener."),
        Case(
          "stranger", "stranger", "Another process answered, or the kernel's listener is another's."
        ),
        Case("shared", "shared", "More than one socket listens there."),
        Case("silent", "silent", "No process answered in time, or no process listens."),
        Case(
          "unaccepted", "unaccepted",
          "An adapter's only listener, in whose backlog a connection waits: whether it will be accepted is not known."
        ),
        Case(
          "stopped", "stopped", "All processes that have the adapter's listener open are stopped."),
        Case(
          "full", "full",
          "No connection to the adapter's listener could be made: its backlog is full."),
      ]),
    ClosedSet(
      "TrialEnded.Completion",
      "Phase whose deadline passed, or why the harness had to give up; `complete` otherwise.",
      [
        Case("complete", "complete", "Every phase ended in time."),
        Case(
          "timeoutPreparing", "timeout-preparing",
          "Launchers did not finish allocating and starting their servers."),
        Case("timeoutWindow", "timeout-window", "Thieves did not draw what the window demands."),
        Case("timeoutBinding", "timeout-binding", "Binders or report collection did not finish."),
        Case("timeoutChecking", "timeout-checking", "The ownership check did not finish."),
        Case("timeoutClosing", "timeout-closing", "Servers did not close in time and were killed."),
        Case("harnessError", "harness-error", "The harness itself failed; `detail` says how."),
      ]),
    ClosedSet(
      "ForcedRun.Ending", c: "BS_ENDING", "How the program ended.",
      [
        Case("exited", "exited", "With the exit code `status`."),
        Case("signalled", "signalled", "By the signal `status`."),
        Case("hung", "hung", "Its time was over, and it was ended."),
      ]),
    ClosedSet(
      "ForcedRun.Refusal", c: "BS_REFUSAL",
      "Who held a port that the program was refused though nothing had been stolen.",
      [
        Case("none", "none", "No such refusal."),
        Case("tree", "tree", "A process of the same program."),
        Case("outsider", "outsider", "A process that bindstorm did not start, or an unknown one."),
      ]),
    ClosedSet(
      "StartupRecord.Casualty", c: "BS_CASUALTY", "Who the launcher noticed to have failed.",
      [
        Case("none", "none", "Nobody."),
        Case("apiServer", "api-server", "API server number `casualtyNumber`."),
        Case("engine", "engine", "Engine core number `casualtyNumber`."),
        Case("coordinator", "coordinator", "The coordinator."),
        Case("launcher", "launcher", "The launcher itself."),
      ]),
  ]
}
