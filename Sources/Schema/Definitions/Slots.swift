/// The parts of the shared region. `shared_region.h` describes their layout and who writes them when.
enum Slots {
  /// The largest number of each that fits.
  static let limits = CNumbers(
    "", "The most of each that fits.",
    [
      ("BS_MAX_LAUNCHES", 64, ""),
      ("BS_MAX_SERVERS", 4096, "all launches together"),
      ("BS_MAX_THIEVES", 64, ""),
      ("BS_MAX_OPTIONS", 8, ""),
      ("BS_MAX_FAULTS", 16, ""),
      ("BS_MAX_ENGINES", 4096, "all launches together"),
      ("BS_ENGINE_WORDS", 4, "64 engine cores of one launch a word"),
      ("BS_MAX_NODES", 16, ""),
      ("BS_MAX_RESERVATIONS", 16, ""),
      ("BS_MAX_GROUP_PORTS", 8, "of a launch's data-parallel group"),
      ("BS_RENDEZVOUS_COUNT", 3, "of an engine core"),
      ("BS_PATH_SIZE", 64, ""),
      (
        "BS_COMMAND_SIZE", 8192,
        "of an adapter: its folder, its forcing and its words, each ended by 0"
      ),
      ("BS_DETAIL_SIZE", 2048, ""),
      ("BS_MAX_FORCED_WINDOWS", 16, "findings of a launch's program that are told in full"),
      ("BS_FORCED_WORDS_SIZE", 1536, "of a finding: its texts, each ended by 0"),
      ("BS_PORTS", 65536, ""),
    ])

  static func limit(_ name: String) -> Int {
    guard let limit = limits.values.first(where: { $0.name == name }) else {
      preconditionFailure("there is no limit \(name)")
    }
    return limit.value
  }

  /// Numbers that no event has.
  static let numbers = [
    CNumbers(
      "bs_server_command", "The command for a role; each role has its own futex word.",
      [("BS_SERVER_BIND", 1, ""), ("BS_SERVER_CLOSE", 2, "")]),
    CNumbers(
      "bs_launcher_command", "",
      [
        ("BS_LAUNCHER_PREPARE", 1, ""), ("BS_LAUNCHER_COLLECT", 2, ""),
        ("BS_LAUNCHER_FINISH", 3, ""),
        ("BS_LAUNCHER_STOP", 4, "the arm is over: end what outlives trials"),
      ]),
    CNumbers(
      "bs_thief_command", "",
      [
        ("BS_THIEF_BEGIN", 1, ""), ("BS_THIEF_DRAW", 2, ""), ("BS_THIEF_END", 3, ""),
        ("BS_THIEF_BOUND", 4, ""),
      ]),
    CNumbers(
      "bs_holder_state", "What the kernel said when it was asked who holds a port.",
      [
        ("BS_HOLDER_NOT_ASKED", 0, ""), ("BS_HOLDER_FOUND", 1, ""), ("BS_HOLDER_NOBODY", 2, ""),
        ("BS_HOLDER_UNKNOWN", 3, "the kernel could not be asked"),
      ]),
    CNumbers(
      "bs_answered_by_whom", "Values of answered_by that are no API server's; above all of those.",
      [
        ("BS_ANSWERED_BY_STRANGER", 0x100_0000, ""),
        (
          "BS_ANSWERED_BY_BACKLOG", 0x100_0001,
          "an adapter's listener, whose backlog has the connection"
        ),
        (
          "BS_ANSWERED_BY_STOPPED", 0x100_0002,
          "an adapter's listener, whose processes are all stopped"
        ),
        ("BS_ANSWERED_BY_FULL", 0x100_0003, "an adapter's listener, whose backlog is full"),
      ]),
    CNumbers(
      "bs_claim_kind", "Who of ours claims a port; see bs_claim().",
      [
        ("BS_CLAIM_SERVER", 1, ""), ("BS_CLAIM_LAUNCHER", 2, ""), ("BS_CLAIM_THIEF", 3, ""),
        ("BS_CLAIM_COORDINATOR", 4, ""), ("BS_CLAIM_FAULT", 5, ""),
        ("BS_CLAIM_ENGINE", 6, "an engine core's rendezvous or side channel"),
      ]),
    CNumbers(
      "bs_rendezvous_kind", "The rendezvous of an engine core, by their places in its slot.",
      [
        ("BS_RENDEZVOUS_GROUP", 0, "the data-parallel group of the engine cores"),
        ("BS_RENDEZVOUS_WORKERS", 1, "its workers"),
        ("BS_RENDEZVOUS_REINIT", 2, "the group that replaces the first one"),
      ]),
  ]

  static let all = [
    Slot(
      "bs_endpoint", "",
      [
        Member("uint64_t", "attempted_ns", ""),
        Member("uint64_t", "finished_ns", ""),
        Member(
          "uint64_t", "listener_inode", "of the bound listener, for the kernel's ownership check"),
        Member("uint64_t", "holder_inode", "of a socket on the wanted port when bind() failed"),
        Member(
          "uint64_t", "holder_since_ns",
          "since when it claims the port, 0 if that is not recorded"),
        Member("uint64_t", "nonce_received", "this endpoint's own nonce, once it has arrived here"),
        Member("uint64_t", "reported_ns", "when the binder told the launcher, 0 if it did not"),
        Member("uint32_t", "holder_claim", "the port's claim when bind() failed"),
        Member("uint32_t", "holder_state", "enum bs_holder_state"),
        Member("int32_t", "error", accessor: "bs_endpoint_error", "errno"),
        Member("uint32_t", "stage", accessor: "bs_endpoint_stage", "enum bs_stage"),
        Member("uint32_t", "listeners_seen", "by the kernel's ownership check"),
        Member("uint16_t", "requested", "0: wildcard"),
        Member("uint16_t", "bound", "0: none"),
        Member("uint16_t", "advertised", "what the launcher would tell the peers"),
        Member("uint16_t", "is_path", "a Unix socket: its path below, no port"),
        Member("uint32_t", "is_bound", "it listens"),
        Member(
          "uint32_t", "answered_by", accessor: "bs_answered_by",
          "who answered at the dialled endpoint: server slot + 1, or enum bs_answered_by_whom; 0: no answer"
        ),
        Member(
          "uint32_t", "retries",
          "binds that failed with EADDRINUSE and were followed by another one"),
        Member("uint32_t", "draws", "ports the binder took for it, its own probes included"),
        Member(
          "char", "path", count: "BS_PATH_SIZE", accessor: "bs_path_of",
          "advertised path, ended by 0"),
      ]),
    Slot(
      "bs_server", "",
      [
        Member(
          "uint32_t", "done", accessor: "bs_server_done",
          "number of the last phase it has completed"),
        Member("uint32_t", "is_dead", ""),
        Member("int32_t", "pid", ""),
        Member("int32_t", "wait_status", ""),
        Member("uint64_t", "released_ns", ""),
        Member("struct bs_endpoint", "input", accessor: "bs_input_of", ""),
        Member("struct bs_endpoint", "output", accessor: "bs_output_of", ""),
        .cacheLine(),
      ]),
    forcedRun,
    forcedWindow,
    Slot(
      "bs_launcher", "",
      [
        Member("uint32_t", "done", accessor: "bs_launcher_done", ""),
        Member("uint32_t", "is_dead", ""),
        Member("int32_t", "pid", ""),
        Member("int32_t", "wait_status", "valid once is_dead is set"),
        Member("int32_t", "error", accessor: "bs_launcher_error", ""),
        Member("uint32_t", "stage", accessor: "bs_launcher_stage", ""),
        Member("uint32_t", "draws", "ports it took, probes included"),
        Member("uint64_t", "allocation_started_ns", ""),
        Member("uint64_t", "allocation_ended_ns", ""),
        // The launcher's own port, such as that of a store; the holder if its bind failed, as in bs_endpoint.
        Member("uint64_t", "holder_inode", ""),
        Member("uint32_t", "holder_claim", ""),
        Member("uint32_t", "holder_state", ""),
        Member("uint16_t", "service_port", ""),
        Member("uint16_t", "hands_sockets", "API servers are passed sockets in this trial"),
        Member(
          "uint16_t", "binds_itself", "an adapter binds the endpoints, the API servers do not"),
        Member("uint16_t", "reserved", ""),
        Member("int32_t", "tree_pid", "root of the adapter's processes, 0 if there is none"),
        Member("struct bs_forced_run", "forced", accessor: "bs_forced_of", ""),
      ]),
    rendezvous,
    Slot(
      "bs_engine", "",
      [
        Member("uint32_t", "is_dead", ""),
        Member("int32_t", "pid", ""),
        Member("int32_t", "wait_status", ""),
        Member("int32_t", "error", accessor: "bs_engine_error", ""),
        Member("uint32_t", "stage", accessor: "bs_engine_stage", ""),
        Member("uint32_t", "placeholders", "addresses with port 0 that it was told to connect to"),
        Member("uint32_t", "requests", "answered, of its own launch"),
        Member("uint32_t", "strangers", "requests of other launches"),
        Member(
          "uint32_t", "is_ready", accessor: "bs_ready_word", "set last; read while it may change"),
        Member("uint64_t", "started_ns", ""),
        Member("uint64_t", "initialised_ns", "it has the addresses"),
        Member("uint64_t", "loaded_ns", ""),
        Member("uint64_t", "connected_ns", "all sockets connected, first frames sent"),
        Member("uint64_t", "ready_ns", ""),
        Member(
          "struct bs_rendezvous", "rendezvous", count: "BS_RENDEZVOUS_COUNT",
          accessor: "bs_rendezvous_of", "by enum bs_rendezvous_kind"),
      ]),
    Slot(
      "bs_serving", "",
      [
        Member("uint64_t", "heard_ns", "every engine core was heard"),
        Member("uint64_t", "served_ns", "every engine core has answered"),
        Member("uint64_t", "failed_ns", ""),
        Member(
          "uint32_t", "is_served", accessor: "bs_served_word", "set last; read while it may change"),
        Member("int32_t", "error", ""),
        Member("uint32_t", "stage", ""),
        Member("uint32_t", "strangers", "frames that are not of this launch"),
        Member("uint64_t", "heard", count: "BS_ENGINE_WORDS", accessor: "bs_heard_of", ""),
        Member("uint64_t", "answered", count: "BS_ENGINE_WORDS", accessor: "bs_answered_of", ""),
        // HTTP and the measurement.
        Member("int32_t", "frontend_pid", "its HTTP front end, 0 if it has none"),
        Member(
          "uint32_t", "is_measured", accessor: "bs_measured_word",
          "set last; read while it may change"),
        Member(
          "uint64_t", "http_answered_ns",
          "its first answer over HTTP came to the client, by the launcher's word"),
        Member("uint64_t", "http_listened_ns", "it listened on the HTTP port"),
        Member("uint64_t", "measured_from_ns", "of its share of the requests without HTTP"),
        Member("uint64_t", "measured_until_ns", ""),
      ]),
    Slot(
      "bs_headless",
      "The launcher of one launch on a node but the head node, as `vllm serve --headless`.",
      [
        Member("int32_t", "pid", ""),
        Member("uint32_t", "is_dead", "without having been told to end"),
        Member("int32_t", "wait_status", ""),
        Member(
          "int32_t", "casualty", "rank of the engine core whose death it noticed, -1 for none"),
        Member("uint64_t", "started_ns", ""),
        Member("uint64_t", "noticed_ns", ""),
      ]),
    Slot(
      "bs_startup", "",
      [
        Member(
          "uint32_t", "gate", accessor: "bs_gate_of",
          "futex word: engine cores and coordinator may go on"),
        Member("uint32_t", "coordinator_is_dead", ""),
        Member("int32_t", "coordinator_pid", ""),
        Member("int32_t", "coordinator_status", ""),
        Member(
          "uint16_t", "coordinator_ports", count: "3", accessor: "bs_coordinator_ports_of",
          "towards API servers, engines' output, towards engines; 0 for a path"),
        Member("uint16_t", "handshake_port", ""),
        Member("uint64_t", "coordinator_started_ns", ""),
        Member("uint64_t", "coordinator_bound_ns", "by the coordinator itself, in time or not"),
        Member("uint64_t", "coordinator_reported_ns", "taken by the launcher, in time"),
        Member("uint64_t", "handshake_bound_ns", ""),
        Member("uint64_t", "engines_ready_ns", ""),
        Member("uint64_t", "served_ns", ""),
        Member("uint64_t", "noticed_ns", ""),
        Member(
          "uint32_t", "is_settled", accessor: "bs_settled_word",
          "set last: it is served, or its failure was noticed; read while it may change"),
        Member("uint32_t", "casualty", "enum bs_casualty"),
        Member("int32_t", "casualty_number", ""),
        Member("uint16_t", "http_port", "0: not bound"),
        Member("uint16_t", "padding", ""),
        Member(
          "uint32_t", "http_requests",
          "that the client had sent when every API server had answered, or when it gave up"),
        Member("uint32_t", "http_strangers", "answers of other launches"),
        Member(
          "uint32_t", "http_listeners",
          "sockets that a connection to the HTTP port could reach when every API server had answered"
        ),
        Member("uint64_t", "http_bound_ns", ""),
        Member("uint64_t", "http_answered_ns", "every API server has answered"),
        Member("uint64_t", "measured_requests", ""),
        Member("uint64_t", "measured_ns", ""),
        Member("uint32_t", "serial", "number of the launch in its row, from 0"),
        Member(
          "uint32_t", "reinit", accessor: "bs_reinit_word",
          "the engine cores are to form their group anew"),
        Member(
          "uint16_t", "group_ports", count: "BS_MAX_GROUP_PORTS", accessor: "bs_group_ports_of",
          "in the order of their use"),
        Member("uint16_t", "store_port", "of the coordination store, 0: there is none"),
        Member("uint64_t", "group_chosen_ns", "the group's ports were probed"),
        Member("uint64_t", "reinitialised_ns", "every engine core has formed the group anew"),
      ]),
    Slot(
      "bs_thief", "",
      [
        Member("uint32_t", "done", accessor: "bs_thief_done", ""),
        Member("uint32_t", "is_dead", ""),
        Member("int32_t", "pid", ""),
        Member("int32_t", "error", ""),
        Member("uint32_t", "wanted", ""),
        Member(
          "uint32_t", "drawn", "ports taken, or tried by number and refused, since the trial began"),
        Member("uint32_t", "held", ""),
        Member(
          "uint32_t", "drawn_before",
          "of them, before the last launch that has allocated had: see bs_note_allocation()"),
      ]),
    Slot(
      "bs_choice", "",
      [
        Member("uint32_t", "index", "in its registry"),
        Member("int64_t", "options", count: "BS_MAX_OPTIONS", ""),
      ]),
    Slot(
      "bs_fault",
      "One fault of the plan in one trial. The first part is written by the harness before the trial; times are 0 until the step has happened.",
      [
        Member("struct bs_choice", "kind", accessor: "bs_kind_of", ""),
        Member("uint32_t", "is_due", ""),
        Member("uint32_t", "point", "number of Planning.InjectionPoint"),
        Member("uint32_t", "role", "number of Planning.FaultRole"),
        Member("uint32_t", "launch", ""),
        Member("uint32_t", "victim", "number within its launch"),
        Member("uint32_t", "word", "futex word: a helper has acted"),
        Member("uint64_t", "amount_ns", "drawn length of a pause or delay"),
        Member("uint64_t", "armed_ns", ""),
        Member("uint64_t", "injected_ns", ""),
        Member("uint64_t", "witnessed_ns", ""),
        Member("uint64_t", "healed_ns", ""),
        Member(
          "uint64_t", "resume_ns", "when the harness must continue a stopped victim; 0: never"
        ),
        Member(
          "uint32_t", "awaited_state",
          "letter of /proc/PID/stat by which the harness witnesses it; 0: it need not"),
        Member("int32_t", "pid", "of the victim"),
        Member("int32_t", "helper_pid", ""),
        Member("int32_t", "error", "errno that it met or made"),
        Member(
          "int32_t", "refused",
          "errno with which the host refused its helper process, 0 if it did not"),
        Member("uint32_t", "port", "the number at stake"),
      ]),
  ]
}
