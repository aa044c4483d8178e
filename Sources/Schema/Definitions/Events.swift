// Long because it is one table.

/// Every record of the history: events, and the records that they consist of. Add a field here; `make generate` writes
/// its property, its encoder and decoder, its line in Documentation/events.md and, if it has a member, the code by
/// which the recorder reads it from the shared region.
enum Events {
  static let all = [
    Record(
      "RunStarted", event: "run-started", "First line of the file.",
      [
        .number("schemaVersion", default: "1", always: true, "Version of the event format (1)."),
        .text("plan", "The plan's name."),
        .number("seed", swift: "UInt64", "The plan's seed."),
        .flag("isolated", "Whether the run has its own network namespace."),
      ]),
    Record(
      "PoolSet", event: "pool-set", "The pool as the kernel reports it after it was set.",
      [
        .number("low", "First port of `ip_local_port_range`, read back."),
        .number("high", "Last port of `ip_local_port_range`, read back."),
        .time("at", "When, in nanoseconds."),
        .number(
          "lane", default: "0", "The lane in which it was set, from 0; lanes run side by side."),
      ]),
    Record(
      "TrialStarted", event: "trial-started", "A trial begins.",
      [
        .number("arm", "`Arm.index`."),
        .number("trial", "Number of the trial within its arm, from 0."),
        .time("at", "When, in nanoseconds."),
        .number("lane", default: "0", "The lane in which it runs, from 0; lanes run side by side."),
      ]),
    Record(
      "LaunchRecord", event: "launch", slot: "bs_launcher",
      "What one launch allocated and advertised.",
      [
        .number("launch", "Number of the launch within the trial, from 0."),
        .pid("pid", from: "pid", "Launcher's process id."),
        .ports(
          "advertised",
          "Ports reported to the peers: all inputs, then all outputs; 0 if none was known at the end."
        ),
        .time("allocationStarted", from: "allocation_started_ns", "Start of the allocation."),
        .time(
          "allocationEnded", from: "allocation_ended_ns",
          "End of the allocation: probed ports are released by now, the window is open."),
        .errno(
          "errno", from: "error",
          "errno of the allocation or of collecting the reports, 0 if they succeeded."),
        .word(
          "stage", of: "Stage", default: ".none", from: "stage",
          "Stage at which `errno` occurred; `none` when 0."),
        .port(
          "service", default: "0", from: "service_port",
          "Port of the launcher's own service, as of a store; 0 if it has none."),
        .optionalRecord(
          "holder", of: "Holder", "Who held the service's port when its bind failed; nil otherwise."
        ),
        .number(
          "portsTaken", default: "0", "Ports that launcher and API servers took, probes included."),
        .text(
          "detail", default: "\"\"",
          "Text for people: the launcher's explanation of `errno`; empty if there is none."
        ),
        .optionalRecord(
          "forced", of: "ForcedRun",
          "The result of the launch's program, if its port calls were forced and its supervisor reported it."
        ),
        .status(
          "died", from: "wait_status", if: "is_dead",
          "Wait status of a launcher that ended, which it never does by itself; nil while it lives."
        ),
      ]),
    Record(
      "ServerRecord", event: "server", slot: "bs_server", "What one API server did.",
      [
        .number("launch", "Launch it belongs to."),
        .number("server", "Number within the launch, from 0."),
        .pid("pid", from: "pid", "Process id."),
        .time("released", from: "released_ns", "When it left the barrier; 0 if it never did."),
        .record("input", of: "EndpointRecord", "ROUTER (requests)."),
        .record("output", of: "EndpointRecord", "PULL (results)."),
        .status(
          "died", from: "wait_status", if: "is_dead",
          "Wait status as of `waitpid(2)` if it died before it was told to stop; nil while it lived."
        ),
      ]),
    Record(
      "StartupRecord", event: "startup", slot: "bs_startup",
      "How the rest of one launch's start-up went: coordinator, handshake, and what the launcher noticed.",
      [
        .number("launch", "Number of the launch."),
        .text(
          "host", default: "\"127.0.0.1\"", "Address that endpoints are bound to, in dotted form."),
        .port(
          "handshakePort", default: "0", from: "handshake_port",
          "Port of the handshake; 0 if it was not bound."),
        .time(
          "handshakeBound", default: "0", from: "handshake_bound_ns",
          "When the handshake was bound."),
        .pid(
          "coordinatorPid", default: "0", from: "coordinator_pid",
          "Coordinator's process id, 0 if there is none."),
        .ports(
          "coordinatorPorts", default: "[0, 0]",
          "Coordinator's ports towards the engine cores, 0 for paths; with hybrid load balancing a third one, towards the API servers."
        ),
        .time(
          "coordinatorStarted", default: "0", from: "coordinator_started_ns",
          "When the coordinator was started."),
        .time(
          "coordinatorBound", default: "0", from: "coordinator_bound_ns",
          "When the coordinator had bound, in time or not."),
        .time(
          "coordinatorReported", default: "0", from: "coordinator_reported_ns",
          "When the launcher took its report; 0 if it gave up."),
        .status(
          "coordinatorDied", from: "coordinator_status", if: "coordinator_is_dead",
          "Wait status of a coordinator that died by itself; nil while it lived."),
        .time(
          "enginesReady", default: "0", from: "engines_ready_ns",
          "When every engine core was READY."),
        .time(
          "served", default: "0", from: "served_ns",
          "When every API server was served by every engine core."),
        .time(
          "noticed", default: "0", from: "noticed_ns",
          "When the launcher noticed that the launch has failed; 0 if it did not."),
        .word(
          "casualty", of: "StartupRecord.Casualty", default: ".none", from: "casualty",
          "Who it noticed."),
        .number(
          "casualtyNumber", default: "-1", from: "casualty_number", if: "casualty",
          "Which of them, -1 where that does not apply."),
        .port(
          "httpPort", default: "0", from: "http_port",
          "The HTTP port that the launcher bound for its API servers; 0 if it did not."),
        .time("httpBound", default: "0", from: "http_bound_ns", "When it was bound."),
        .time(
          "httpAnswered", default: "0", from: "http_answered_ns",
          "When every API server had answered a request over HTTP; 0 if they did not."),
        .number(
          "httpRequests", default: "0", from: "http_requests",
          "Requests that the HTTP client had sent by then, or when it gave up."),
        .number(
          "httpStrangers", default: "0", from: "http_strangers",
          "Answers over HTTP that were not of this launch."),
        .number(
          "httpListeners", default: "0", from: "http_listeners",
          "Sockets that a connection to the HTTP port could reach when the HTTP client was done; 0 if that was not looked at."
        ),
        .number(
          "measuredRequests", default: "0", from: "measured_requests",
          "Requests of the measurement, all answered; 0 if there was none."),
        .number(
          "measured", swift: "UInt64", unit: "ns", default: "0", from: "measured_ns",
          "How long they took in nanoseconds."),
        .number(
          "serial", default: "0", from: "serial",
          "Number of the launch in its row, from 0; the records of the trial are this launch's."),
        .ports(
          "groupPorts", default: "[]",
          "Ports that the launcher probed for the data-parallel group, in the order of their use; empty if it has none."
        ),
        .time(
          "groupChosen", default: "0", from: "group_chosen_ns", "When it had probed them."),
        .port(
          "storePort", default: "0", from: "store_port",
          "Port of the coordination store that the launcher holds; 0 if there is none."),
        .time(
          "reinitialised", default: "0", from: "reinitialised_ns",
          "When every engine core had formed the group anew; 0 if they did not."),
        .columns(
          "headless", of: "HeadlessRecord",
          named: ["Pids", "Started", "Noticed", "Casualties", "Died"],
          "The launchers on the nodes 1, 2, ..."),
      ]),
    Record(
      "EngineRecord", event: "engine", slot: "bs_engine",
      "What one engine core did. Times are 0 until the step has happened.",
      [
        .number("launch", "Launch it belongs to."),
        .number("engine", "Its rank, from 0."),
        .number("node", default: "0", "The node it runs on."),
        .pid("pid", from: "pid", "Process id."),
        .time("started", default: "0", from: "started_ns", "When its process began."),
        .time("initialised", default: "0", from: "initialised_ns", "When it had the addresses."),
        .time("loaded", default: "0", from: "loaded_ns", "When it had loaded."),
        .time(
          "connected", default: "0", from: "connected_ns",
          "When its sockets were connected and its first messages sent."),
        .time("ready", default: "0", from: "ready_ns", "When it was READY."),
        .number(
          "placeholders", default: "0", from: "placeholders",
          "Addresses with port 0 that it was told to connect to."),
        .number(
          "requests", default: "0", from: "requests", "Requests of its launch that it answered."
        ),
        .number(
          "strangers", default: "0", from: "strangers",
          "Requests that were not for it or not of its launch."),
        .errno("errno", from: "error", "errno that ended it, 0 if none."),
        .word("stage", of: "Stage", default: ".none", from: "stage", "Stage of `errno`."),
        .optionalRecord(
          "group", of: "RendezvousRecord",
          "Its part in the data-parallel group of the engine cores; nil if it had none."),
        .optionalRecord(
          "workers", of: "RendezvousRecord", "The rendezvous of its workers; nil if it had none."),
        .optionalRecord(
          "reinit", of: "RendezvousRecord",
          "Its part in the group that was formed anew; nil if it had none."),
        .status(
          "died", from: "wait_status", if: "is_dead",
          "Wait status if it died by itself; nil while it lived."),
      ]),
    Record(
      "ServingRecord", event: "serving", slot: "bs_serving",
      "What one API server received from the engine cores. Times are 0 until the step has happened.",
      [
        .number("launch", "Launch it belongs to."),
        .number("server", "Number within the launch."),
        .time("heard", default: "0", from: "heard_ns", "When every engine core had been heard."),
        .time(
          "served", default: "0", from: "served_ns",
          "When every engine core had answered a request."),
        .time("failed", default: "0", from: "failed_ns", "When it gave up."),
        .numbers("unheard", "Engine cores that were not heard."),
        .numbers("unanswered", "Engine cores that did not answer."),
        .number(
          "strangers", default: "0", from: "strangers", "Messages that were not of this launch."),
        .errno("errno", from: "error", "errno that ended it, 0 if none."),
        .word("stage", of: "Stage", default: ".none", from: "stage", "Stage of `errno`."),
        .time(
          "httpAnswered", default: "0", from: "http_answered_ns",
          "When its first answer over HTTP had come; 0 if none did."),
        .time(
          "httpListened", default: "0", from: "http_listened_ns",
          "When it listened on the HTTP port; 0 if it did not."),
        .pid(
          "frontEndPid", default: "0", from: "frontend_pid",
          "Process id of its HTTP front end, 0 if there is none."),
      ]),
    Record(
      "ThiefRecord", event: "thief", slot: "bs_thief", "What one thief process did in this trial.",
      [
        .number("thief", "Number of the thief in the arm, from 0."),
        .text("name", "Name in the registry."),
        .pid("pid", from: "pid", "Process id."),
        .number(
          "wanted", from: "wanted",
          "Ports it was told to draw before the barrier opened; 0 if it has no quota."),
        // Differences of two readings that are not taken at the same moment.
        .number(
          "drawnInWindow", least: -Field.mostCount,
          "Ports it drew between allocation and barrier, or tried by number and was refused."),
        .number("drawnBefore", default: "0", "The same, before the addresses were allocated."),
        .number(
          "drawnAfterBind", default: "0", least: -Field.mostCount,
          "The same, after all API servers had bound."),
        .number("heldAtRelease", "Ports it held when the barrier opened."),
        .errno("errno", from: "error", "errno that stopped it, 0 if none."),
      ]),
    Record(
      "FaultRecord", event: "fault", slot: "bs_fault",
      "What became of one fault of the plan in one trial. Each state has its time; one that was not reached has 0.",
      [
        .number("fault", "Position in `Arm.faults`."),
        .text("name", "Name in the registry."),
        .word("point", of: "InjectionPoint", "Where it was to be injected."),
        .number("launch", from: "launch", "Launch of the victim."),
        .number("index", from: "victim", "Number of the victim within its launch."),
        .flag(
          "isDue", json: "due", from: "is_due",
          "Whether it was to happen in this trial: scheduled. Nothing else is said of one that was not."
        ),
        .pid("pid", default: "0", from: "pid", "The victim's process id, 0 while unknown."),
        .time("armed", default: "0", from: "armed_ns", "When the victim was ready to inject it."),
        .time(
          "injected", default: "0", from: "injected_ns",
          "When the victim came to the point and the fault was done to it."),
        .time(
          "witnessed", default: "0", from: "witnessed_ns",
          "When a witness other than the injecting code saw its effect, or it was read back from the kernel."
        ),
        .time(
          "healed", default: "0", from: "healed_ns",
          "When its effect was over: the victim went on, or was gone and taken leave of."),
        .errno("errno", from: "error", "errno that it made or met, 0 for none."),
        .port("port", default: "0", from: "port", "The number at stake, 0 for none."),
        .pid(
          "helper", default: "0", from: "helper_pid",
          "A process that acted for it, as the one that steals; 0 for none."),
        .errno(
          "refused", from: "refused",
          "errno with which the host refused a process that was to act for it, 0 if it did not."),
        .number(
          "serial", default: "0",
          "Number of the launch in its row, from 0; each launch of a row has a record of every fault."
        ),
      ]),
    Record(
      "TrialEnded", event: "trial-ended", "A trial is over.",
      [
        .number("arm", "`Arm.index`."),
        .number("trial", "Number of the trial within its arm."),
        .time("barrierOpened", "When the barrier opened."),
        .time("at", "When the trial was over and its processes clean."),
        .word("completion", of: "TrialEnded.Completion", default: ".complete", "How it ended."),
        .number(
          "socketsLeft", default: "0", least: -1,
          "Sockets left in the namespace after everything was closed; -1 where that was not measured."
        ),
        .number(
          "socketsInWindow", default: "-1",
          "TCP sockets of the launches, bound or listening, while the window was open; -1 if not measured; it is measured in the first trial of each block."
        ),
        .lines(
          "left",
          "Processes and socket files that were left after everything was ended, by name; looked for at depth `startup`, and cleaned up."
        ),
        .text("detail", default: "\"\"", "Text for people, empty if there is none."),
      ]),
    Record(
      "ArmSkipped", event: "arm-skipped", "An arm that does not run.",
      [
        .number("arm", "`Arm.index`."),
        .text("reason", "The plan's reason, or what this host lacks."),
      ]),
    Record(
      "RunEnded", event: "run-ended", "Last line of the file.",
      [
        .flag("interrupted", "Whether the run was interrupted before all trials were done."),
        .time("at", "When, in nanoseconds."),
      ]),
    Record(
      "EndpointRecord", slot: "bs_endpoint", "One endpoint of an API server at the end of a trial.",
      [
        .port("requested", from: "requested", "The port it asked for; 0 for a wildcard bind."),
        .port("bound", from: "bound", "The port it got and listens on; 0 if none."),
        .errno("errno", from: "error", "errno of the failure, 0 if it listens."),
        .word(
          "stage", of: "Stage", default: ".none", from: "stage",
          "Stage of the failure; `none` if it listens."),
        .time("attempted", from: "attempted_ns", "When the bind was attempted."),
        .time("finished", from: "finished_ns", "When it listened or failed."),
        .optionalRecord(
          "holder", of: "Holder",
          "Who held the port at the moment of failure; nil if it listens or the port was not the reason."
        ),
        .word(
          "ownership", of: "Ownership", default: ".unchecked", "What the ownership check found."),
        .number(
          "retries", default: "0", from: "retries",
          "Binds that failed with EADDRINUSE and were followed by another one."),
        .time(
          "reported", default: "0", from: "reported_ns",
          "When the binder told its launcher; 0 if it did not."),
        .text(
          "path", default: "\"\"",
          "Path of the Unix socket it is advertised as; empty for a TCP port."),
      ]),
    Record(
      "Holder", "Who holds a port.",
      [
        .word("kind", of: "Holder.Kind", "How much is known."),
        .number("launch", default: "-1", "Launch of the holder, -1 where that does not apply."),
        .number(
          "index", default: "-1",
          "Number of the API server or engine core within its launch, or of the thief; -1 where that does not apply."
        ),
        .pid("pid", default: "0", "Process id, 0 where unknown."),
        .text("command", default: "\"\"", "Executable or role name, empty where unknown."),
        .time(
          "since", default: "0",
          "Since when it held the port, according to its claim, in nanoseconds; 0 if not recorded here (API servers have it in their own records)."
        ),
        .word(
          "sources", of: "Holder.Sources",
          "What the kernel's socket record and the record of events say about each other."),
      ]),
    Record(
      "RendezvousRecord", slot: "bs_rendezvous",
      "One rendezvous of an engine core: the store of a process group, which one member binds and all dial. Times are 0 until the step has happened.",
      [
        .port("port", from: "port", "The number that it was to bind or to dial first."),
        .port("bound", default: "0", from: "bound", "Where it listens; 0 if it only dials."),
        .time("chosen", default: "0", from: "chosen_ns", "When the number was chosen."),
        .time("attempted", default: "0", from: "attempted_ns", "When it first bound or dialled."),
        .time("met", default: "0", from: "met_ns", "When all members were there."),
        .number(
          "lost", default: "0", from: "lost", "Numbers whose bind failed with EADDRINUSE."),
        .flag(
          "isAccepted", json: "accepted", default: "false", from: "is_accepted",
          "Whether whoever listens there took its connection."),
        .optionalRecord(
          "holder", of: "Holder",
          "Who held the first number that it lost; nil if it lost none."),
      ]),
    Record(
      "ForcedRun", slot: "bs_forced_run",
      "What came of a program whose port calls were forced: the supervisor's own account.",
      [
        .flag(
          "isLaunch",
          "Whether the program was the whole launch, whose success is exit code 0; else it was an adapter."
        ),
        .word(
          "ending", of: "ForcedRun.Ending", default: ".exited", always: true, from: "ending",
          "How it ended."),
        .number("status", swift: "Int32", default: "0", from: "status", "Exit code or signal."),
        .flag(
          "bindsElsewhere", default: "false", from: "binds_elsewhere",
          "Whether API servers bind the numbers of the adapter, whose calls are not caught."),
        .number("calls", default: "0", from: "calls", "Port calls that were caught."),
        .number(
          "unobserved", default: "0", from: "unobserved", "Calls that could not be looked into."),
        .number(
          "lost", default: "0", from: "lost",
          "Times that the kernel dropped socket events: windows may have been missed."),
        .number(
          "probes", default: "0", from: "probes",
          "Ports that the kernel chose for it, or that it bound by a number of its own."),
        .number(
          "windows", default: "0", from: "windows", "Ports that were released and bound again."),
        .number("stolen", default: "0", from: "stolen", "Re-binds that a thief made fail."),
        .number(
          "injected", default: "0", from: "injected", "Calls that were made to fail or wait."),
        .word(
          "refusal", of: "ForcedRun.Refusal", default: ".none", always: true, from: "refusal",
          "Who held a port that it was refused though nothing had been stolen."),
        .text(
          "window", default: "\"\"", always: true,
          "Prober and re-binder of the stolen window, or else of the first one; empty if there was none."
        ),
        .text("lastWords", default: "\"\"", always: true, "Last lines of its output."),
      ]),
    Record(
      "ForcedWindow", event: "forced-window", slot: "bs_forced_window",
      "A finding of a program whose port calls were forced, as `bindstorm check` reports it: a port that was probed, released and bound again. The first \(Slots.limit("BS_MAX_FORCED_WINDOWS")) of a launch.",
      [
        .number("launch", "Launch whose program it was."),
        .text("verdict", "As in the report of `bindstorm check`: `RACE`, `RESTART` and so on."),
        .text("place", "The place in the program, as in the report of `bindstorm check`."),
        .text("protocolName", "`tcp` or `udp`."),
        .port("port", from: "port", "The number."),
        .number(
          "rebind", default: "1", from: "rebind", "Which re-bind of the port it was, from 1."),
        .number(
          "occurrence", default: "0", from: "occurrence",
          "Which window at its place it was, from 1; 0 if no thief can take the port there."),
        .text("prober", "Command line of the process that probed."),
        .text("proberAt", "The same with its source line, if that is known."),
        .pid("proberPid", from: "prober_pid", "Its process id."),
        .text("probedAddress", "Address of the probe."),
        .time("probed", from: "probed_ns", "When it got the port."),
        .text("release", default: "\"\"", "How the port was released; empty if it was not."),
        .time(
          "released", default: "0", from: "released_ns",
          "When it was released; 0 if that is unknown."),
        .text("rebinder", "Command line of the process that bound the port again."),
        .text("rebinderAt", "The same with its source line, if that is known."),
        .pid("rebinderPid", from: "rebinder_pid", "Its process id."),
        .text("address", "Address of the re-bind."),
        .time("rebound", from: "rebound_ns", "When the re-bind was called."),
        .number(
          "result", swift: "Int32", default: "0", from: "error",
          "errno of the re-bind, 0 if it succeeded; -1 if it was not observed."),
        .flag(
          "isStolen", json: "stolen", default: "false", from: "is_stolen",
          "Whether a thief of bindstorm took the port in the window."),
        .text(
          "holder", default: "\"\"",
          "Command line of another process that held the port; empty if there was none, or the thief."
        ),
        .pid("holderPid", default: "0", from: "holder_pid", "Its process id, or the thief's."),
      ]),
    Record(
      "HeadlessRecord", slot: "bs_headless",
      "The launcher of one launch on another node than the head node, as `vllm serve --headless`: the parent of the engine cores there.",
      [
        .pid("pid", from: "pid", "Process id, 0 if it was not started."),
        .time("started", default: "0", from: "started_ns", "When it began."),
        .time(
          "noticed", default: "0", from: "noticed_ns",
          "When it noticed that one of its engine cores had died; 0 if it did not."),
        .number(
          "casualty", default: "-1", from: "casualty", if: "noticed_ns",
          "Rank of that engine core; -1 if there is none."),
        .status(
          "died", from: "wait_status", if: "is_dead",
          "Wait status if it ended by itself; nil while it lived."),
      ]),
  ]
}
