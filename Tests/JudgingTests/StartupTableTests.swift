import History
import PlanModel
import TestSupport
import Testing

@testable import Judging

extension TrialHistory {
  /// An engine core goes to a data-parallel group that never comes about.
  fileprivate mutating func meetInVain(
    _ engine: Int, bound: UInt16 = 0, lost: Int = 0, isAccepted: Bool = false
  ) {
    engines[engine].group = RendezvousRecord(
      port: 40_010, bound: bound, chosen: StartupTableTests.at(1),
      attempted: StartupTableTests.at(5), lost: lost, isAccepted: isAccepted,
      holder: lost == 0 ? nil : Holder(kind: .thief, index: 0, pid: 7, sources: .kernel))
    (engines[engine].ready, startups[0].served) = (0, 0)
    ended.completion = .timeoutBinding
  }
}

/// Hand-written histories of whole start-ups and what they come to.
@Suite struct StartupTableTests {
  typealias Row = OutcomeTableTests.Row

  static func arm(_ startup: Startup = Startup(engines: 3)) -> Arm {
    .sample(depth: .startup) { $0.startup = startup }
  }

  /// Milliseconds of a history as a time.
  static func at(_ milliseconds: Double) -> UInt64 {
    TrialHistory.start + UInt64(milliseconds * 1e6)
  }

  static let group = Startup(variant: .v019, engines: 3, group: .list)
  static let http = Startup(engines: 3, http: true)
  static let row = Startup(engines: 3, serialLaunches: 10)

  static let rows: [Row] = [
    Row("everything is served", [.ready], "", arm: arm()) { _ in },
    Row(
      "an API server loses its port, and v0.19's launcher notices late", [.lostToThief],
      "Process ApiServer_1 (PID: 901) died with exit code 1",
      arm: arm(Startup(variant: .v019, engines: 3))
    ) {
      $0.lose(1, to: Holder(kind: .thief, index: 0, pid: 7, sources: .kernel))
      $0.servers[1].died = 256
      $0.startups[0].noticed = at(300)
      $0.startups[0].casualty = .apiServer
      $0.startups[0].casualtyNumber = 1
    },
    Row(
      "the group's number is taken, and only engine core 0 goes on with the next", [.timeout],
      "port 40010 of the data-parallel group (engine core 0, pid 500) lost: chosen by +1.000 ms, held by thief 0 (pid 7; by the kernel) when its bind was tried at +5.000 ms (EADDRINUSE); it listens on port 40011 now, and nobody tells the 2 others, which dial port 40010 for ever: 1 were accepted by whoever listens there, and get no answer; the user sees: (EngineCore_DP0) Address already in use. Retrying with a new port. Then nothing: it hangs",
      arm: arm(group)
    ) {
      $0.meetInVain(0, bound: 40_011, lost: 1)
      $0.meetInVain(1, isAccepted: true)
      $0.meetInVain(2)
    },
    Row(
      "the whole list is taken", [.lostToThief],
      "5 numbers were lost, and none was left to try; the user sees: torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. port: 40010, useIpv6: false, code: -98, name: EADDRINUSE, message: address already in use; RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore_DP0': 1}",
      arm: arm(group)
    ) {
      $0.meetInVain(0, lost: 5)
      $0.meetInVain(1)
      $0.meetInVain(2)
      $0.engines[0].errno = 98
      $0.engines[0].stage = .rendezvous
      $0.engines[0].died = 256
    },
    Row(
      "an engine core loses its workers' number to another one", [.lostToSelf],
      "port 40010 of its workers (engine core 1, pid 501) lost: chosen by +1.000 ms, held by engine core 0 of the same launch (pid 500; by the kernel)",
      arm: arm(Startup(engines: 3, workerRendezvous: .port))
    ) {
      $0.engines[1].workers = RendezvousRecord(
        port: 40_010, chosen: at(1), attempted: at(5), lost: 1,
        holder: Holder(kind: .engineCore, launch: 0, index: 0, pid: 500, sources: .kernel))
      $0.engines[1].errno = 98
      $0.engines[1].died = 256
    },
    Row(
      "of two that lost theirs, nobody was asked about the later one's holder", [.lostToThief],
      "port 40020 of its workers (engine core 2, pid 502) lost", arm: arm()
    ) {
      for (engine, holder) in [
        (1, nil), (2, Holder(kind: .thief, index: 0, pid: 7, sources: .kernel)),
      ] {
        $0.engines[engine].workers = RendezvousRecord(
          port: UInt16(40_000 + 10 * engine), chosen: at(1), attempted: at(7 - Double(engine)),
          lost: 1, holder: holder)
        $0.engines[engine].errno = 98
        $0.engines[engine].died = 256
      }
    },
    Row(
      "all dial the head node, and engine core 0 listens on another", [.timeout],
      "engine core 0 listens on port 40010 of node 1, and all 3 engine cores, itself included, dial that port of the head node, where nobody listens; the user sees: nothing: it hangs",
      arm: arm(Startup(engines: 3, nodes: 2, localEngines: 0, group: .list))
    ) {
      for engine in 0..<3 {
        $0.meetInVain(engine, bound: engine == 0 ? 40_010 : 0)
        $0.engines[engine].node = 1
      }
    },
    Row(
      "a retry that nobody else had to follow is no failure", [.ready], "", arm: arm(group)
    ) {
      $0.engines[0].group = RendezvousRecord(port: 40_010, bound: 40_011, met: at(6), lost: 1)
    },
    Row(
      "nobody says that the group was formed anew", [.harnessError], "was not formed anew",
      arm: arm(Startup(engines: 3, group: .list, isReinitialised: true))
    ) { _ in },
    Row(
      "the user's line names the address", [.lostToSelf],
      "zmq.error.ZMQError: Address already in use (addr='tcp://127.0.0.1:40001')", arm: arm()
    ) {
      $0.lose(0, to: Holder(kind: .coordinator, launch: 0, pid: 600, sources: .eventsAndKernel))
    },
    Row(
      "0.32.0's launcher notices at once", [.lostToThief],
      "RuntimeError: Frontend process failed during engine core initialization. See root cause above. "
        + "Failed frontend proc(s): {'ApiServer_1': 1}", arm: arm()
    ) {
      $0.lose(1, to: Holder(kind: .thief, index: 0, pid: 7, sources: .kernel))
      $0.servers[1].died = 256
      $0.startups[0].noticed = at(5)
      $0.startups[0].casualty = .apiServer
      $0.startups[0].casualtyNumber = 1
    },
    Row(
      "a launcher that binds by itself loses its number", [.lostToSelf],
      "port 40001 (input of API server 0, which the launcher binds, pid 800) lost: held by the launcher of launch 0 "
        + "(pid 800; by the kernel) when bind was tried at +3.500 ms (EADDRINUSE); "
        + "the user sees: zmq.error.ZMQError: Address already in use (addr='tcp://127.0.0.1:40001')",
      arm: arm()
    ) {
      $0.lose(0, to: Holder(kind: .launcher, launch: 0, pid: 800, sources: .kernel))
      for server in $0.servers.indices { $0.servers[server].pid = 0 }
      $0.launches[0].errno = 98
      $0.launches[0].stage = .bind
      $0.startups[0].noticed = at(3.6)
      $0.startups[0].casualty = .launcher
    },
    Row(
      "the handshake's port is taken", [.lostToSibling],
      "Address already in use (addr='tcp://127.0.0.1:29550')", arm: arm()
    ) {
      $0.launches[0].errno = 98
      $0.launches[0].stage = .handshake
      $0.launches[0].service = 29_550
      $0.launches[0].holder = Holder(kind: .launcher, launch: 1, pid: 9, sources: .kernel)
    },
    Row(
      "port 0 reached the engine cores", [.placeholderLeak],
      "engine core 0 was told to connect to 4 addresses with port 0",
      arm: arm(Startup(backend: .ray, engines: 3))
    ) {
      for engine in 0..<3 { $0.engines[engine].placeholders = 4 }
      $0.servings[0] = ServingRecord(
        launch: 0, server: 0, failed: at(300), unheard: [0, 1, 2], unanswered: [0, 1, 2],
        errno: 110, stage: .readiness)
    },
    Row(
      "a slow coordinator is given up", [.falseTimeout], "but it was healthy and had bound at",
      arm: arm()
    ) {
      $0.launches[0].errno = 110
      $0.launches[0].stage = .coordinator
      $0.startups[0].coordinatorReported = 0
      $0.startups[0].noticed = at(30)
      $0.startups[0].coordinatorBound = at(60)
    },
    Row(
      "a coordinator that had bound and died is given up", [.childDied],
      "the coordinator (pid 600) died by exit code 1", arm: arm()
    ) {
      $0.launches[0].errno = 110
      $0.launches[0].stage = .coordinator
      $0.startups[0].coordinatorReported = 0
      $0.startups[0].coordinatorDied = 256
    },
    Row(
      "the coordinator's channel ended", [.childDied], "stage coordinator with errno 32", arm: arm()
    ) {
      $0.launches[0].errno = 32
      $0.launches[0].stage = .coordinator
    },
    Row("a coordinator that never bound is given up", [.timeout], "errno 110", arm: arm()) {
      $0.launches[0].errno = 110
      $0.launches[0].stage = .coordinator
      $0.startups[0].coordinatorReported = 0
      $0.startups[0].coordinatorBound = 0
      $0.startNoServers()
    },
    Row(
      "a handshake that cannot be bound takes the API servers along", [.otherError],
      "the launcher failed at stage handshake with errno 99", arm: arm()
    ) {
      $0.launches[0].errno = 99
      $0.launches[0].stage = .handshake
      $0.forgetBinds()
      for server in $0.servers.indices { $0.servers[server].died = 256 }
    },
    Row(
      "an API server that dies while its launcher waits is the cause", [.childDied],
      "API server 1 (pid 901) died by exit code 1", arm: arm()
    ) {
      $0.launches[0].errno = 110
      $0.launches[0].stage = .report
      $0.startups[0].noticed = at(3)
      $0.servers[1].input = EndpointRecord(requested: 0, bound: 0, attempted: 0, finished: 0)
      $0.servers[1].output = $0.servers[1].input
      $0.servers[1].died = 256
    },
    Row(
      "the host refuses a process of the launch", [.harnessError],
      "the host refused to make engine core 2: errno 11 (EAGAIN)", arm: arm()
    ) {
      $0.launches[0].errno = 11
      $0.launches[0].stage = .host
      $0.launches[0].detail = "engine core 2"
      $0.startNoServers()
    },
    Row(
      "the host refuses another process than the launcher's", [.harnessError],
      "the host refused to make engine core 1: errno 12 (ENOMEM)", arm: arm()
    ) {
      $0.engines[1].errno = 12
      $0.engines[1].stage = .host
      $0.engines[0].died = 9
      $0.ended.completion = .timeoutBinding
    },
    Row(
      "API servers that report too late", [.falseTimeout], "were healthy and had bound by",
      arm: arm()
    ) {
      $0.launches[0].errno = 110
      $0.launches[0].stage = .report
      $0.startups[0].noticed = at(3)
    },
    Row(
      "an API server gives up engine cores that are loading", [.falseTimeout], "still loading",
      arm: arm()
    ) {
      $0.engines[2].loaded = 0
      $0.servings[1] = ServingRecord(
        launch: 0, server: 1, failed: at(8), unheard: [2], unanswered: [2], errno: 110,
        stage: .readiness)
    },
    Row(
      "an API server gives up an engine core that loads longer", [.falseTimeout], "still loading",
      arm: arm()
    ) {
      $0.engines[2].loaded = at(9)
      $0.servings[1] = ServingRecord(
        launch: 0, server: 1, failed: at(8), unheard: [2], unanswered: [2], errno: 110,
        stage: .readiness)
    },
    Row(
      "an engine core that had loaded says nothing", [.timeout],
      "it had heard 2 of 3 engine cores; the user sees: TimeoutError: Timed out waiting for engine core processes to "
        + "start. This is often caused by slow weight loading for large models. Waited 600s (configured by ",
      arm: arm()
    ) {
      $0.engines[2].loaded = at(5)
      $0.servings[1] = ServingRecord(
        launch: 0, server: 1, failed: at(8), unheard: [2], unanswered: [2], errno: 110,
        stage: .readiness)
    },
    Row(
      "an engine core that never comes", [.timeout], "it had heard 2 of 3 engine cores", arm: arm()
    ) {
      $0.engines[2] = EngineRecord(launch: 0, engine: 2, pid: 0)
      $0.servings[1] = ServingRecord(
        launch: 0, server: 1, failed: at(8), unheard: [2], unanswered: [2], errno: 110,
        stage: .readiness)
    },
    Row(
      "an API server gives up an engine core that died while loading", [.childDied],
      "engine core 2 (pid 502) died by signal 11", arm: arm()
    ) {
      $0.engines[2].loaded = 0
      $0.engines[2].died = 11
      $0.servings[1] = ServingRecord(
        launch: 0, server: 1, failed: at(8), unheard: [2], unanswered: [2], errno: 110,
        stage: .readiness)
    },
    Row(
      "an engine core gives up without an init message", [.falseTimeout], "without an init message",
      arm: arm()
    ) {
      $0.engines[1].errno = 110
      $0.engines[1].stage = .handshake
      $0.engines[1].died = 256
    },
    Row(
      "a message of another launch, and everything is served", [.crossTalk],
      "not of its launch; all API servers were served none the less, and no process noticed; the user sees: nothing: it is ready",
      arm: arm()
    ) { $0.servings[0].strangers = 1 },
    Row(
      "a message of another launch that ends the API server", [.crossTalk], "not of its launch",
      arm: arm()
    ) {
      $0.servings[0].strangers = 1
      $0.servings[0].errno = 71
      $0.servings[0].stage = .readiness
      $0.startups[0].served = 0
      $0.servers[0].died = 256
    },
    Row("a request of another launch", [.crossTalk], "not of its launch", arm: arm()) {
      $0.engines[0].strangers = 2
    },
    Row(
      "another launch's engine core got the requests", [.crossTalk, .crossTalk],
      "API server 1 was not served, and engine core 0 of launch 1 got requests",
      arm: .sample(depth: .startup, launches: 2) { $0.startup = Startup(engines: 3) }
    ) {
      $0.servings[1].served = 0
      $0.startups[0].served = 0
      $0.engines[3].strangers = 1
    },
    Row(
      "an engine core dies", [.childDied], "Failed core proc(s): {'EngineCore_DP1': 1}", arm: arm()
    ) { $0.engines[1].died = 256 },
    Row(
      "a signal ends an engine core", [.childDied], "Failed core proc(s): {'EngineCore_DP1': -11}",
      arm: arm()
    ) { $0.engines[1].died = 11 },
    Row(
      "an engine core of another node ends by itself", [.childDied],
      "nothing: it hangs; on node 1: EngineCore failed to start. Shutting down. (exit code 0)",
      arm: arm(Startup(engines: 2, nodes: 2))
    ) {
      $0.engines[1].died = 256
      $0.startups[0].headless[0].noticed = at(6)
      $0.startups[0].headless[0].died = 0
    },
    Row(
      "a signal ends an engine core of another node, which says nothing", [.childDied],
      "nothing: it hangs; on node 1: Shutting down. (exit code 0)",
      arm: arm(Startup(engines: 2, nodes: 2))
    ) { $0.engines[1].died = 11 },
    Row("the coordinator dies", [.childDied], "died by signal 6", arm: arm()) {
      $0.startups[0].coordinatorDied = 6
    },
    Row(
      "somebody kills the coordinator", [.harnessError],
      "the coordinator (pid 600) died by signal 9, which neither a fault of the plan nor bindstorm sent",
      arm: arm()
    ) { $0.startups[0].coordinatorDied = 9 },
    Row(
      "somebody kills an engine core, and others give it up", [.harnessError],
      "engine core 2 (pid 502) died by signal 9", arm: arm()
    ) {
      $0.engines[2].died = 9
      $0.servings[1] = ServingRecord(
        launch: 0, server: 1, failed: at(8), unheard: [2], unanswered: [2], errno: 110,
        stage: .readiness)
    },
    Row(
      "an engine core gives up by bindstorm's own word", [.harnessError],
      "engine core 1 (pid 501) could not go on and ended itself (exit code 70)", arm: arm()
    ) { $0.engines[1].died = 70 << 8 },
    Row(
      "an engine core has no memory left", [.harnessError],
      "a limit of the host was reached by engine core 1 (pid 501): errno 12 (ENOMEM)", arm: arm()
    ) {
      $0.engines[1].errno = 12
      $0.engines[1].stage = .connect
      $0.engines[1].died = 256
    },
    Row("nobody says that it was served", [.harnessError], "never saw", arm: arm()) {
      $0.startups[0].served = 0
    },
    Row("one pair was not served", [.harnessError], "not served by every", arm: arm()) {
      $0.servings[1].unanswered = [2]
    },
    Row("a missing engine core's record", [.harnessError], "3 engine cores, found 2", arm: arm()) {
      $0.engines.removeLast()
    },
    Row("a missing serving record", [.harnessError], "2 API servers, found 1", arm: arm()) {
      $0.servings.removeLast()
    },
    Row("an orphan was left", [.leaked], "bs-orphan (pid 7)", arm: arm()) {
      $0.ended.left = ["bs-orphan (pid 7)"]
    },
    Row("every API server answers over HTTP", [.ready], "", arm: arm(http)) { _ in },
    Row("the HTTP port is taken", [.lostToOutsider], "OSError: [Errno 98]", arm: arm(http)) {
      $0.launches[0].errno = 98
      $0.launches[0].stage = .http
      $0.launches[0].service = 8_000
      $0.launches[0].holder = Holder(kind: .outsider, pid: 9, command: "nginx", sources: .kernel)
    },
    Row(
      "an API server answers no POST", [.timeout],
      "API server 1 answered no POST over HTTP within 5000 ms; 7 were sent", arm: arm(http)
    ) {
      $0.launches[0].errno = 110
      $0.launches[0].stage = .http
      $0.startups[0].httpRequests = 7
      $0.startups[0].httpAnswered = 0
      $0.servings[1].httpAnswered = 0
    },
    Row(
      "another launch answers over HTTP", [.crossTalk], "answers over HTTP on port 8000",
      arm: arm(http)
    ) { $0.startups[0].httpStrangers = 1 },
    Row(
      "two launches listen on one HTTP port", [.splitBrain],
      "2 sockets listen on HTTP port 8000; 9 of 20 requests over it were answered by others"
        + "; the user sees: nothing: it is ready", arm: arm(http)
    ) {
      $0.startups[0].httpListeners = 2
      $0.startups[0].httpStrangers = 9
      $0.startups[0].httpRequests = 20
    },
    Row(
      "an API server cannot listen on the HTTP port", [.lostToSibling],
      "held by the launcher of launch 1", arm: arm(http)
    ) {
      $0.launches[0].errno = 98
      $0.launches[0].stage = .http
      $0.launches[0].service = 8_000
      $0.launches[0].holder = Holder(kind: .launcher, launch: 1, pid: 9, sources: .eventsAndKernel)
      $0.servings[1] = ServingRecord(
        launch: 0, server: 1, failed: at(8), unheard: [], unanswered: [0, 1, 2], errno: 98,
        stage: .http)
      $0.servers[1].died = 256
    },
    Row(
      "a side channel's port is taken, and nothing comes of it", [.lostToSibling],
      "port 5602 of the side channel of engine core 2 or a later one lost, held by engine core 2 of launch 1",
      arm: arm()
    ) {
      $0.engines[2].errno = 98
      $0.engines[2].stage = .sideChannel
      $0.engines[2].ready = 0
      $0.launches[0].service = 5_602
      $0.launches[0].holder = Holder(
        kind: .engineCore, launch: 1, index: 2, pid: 9, sources: .eventsAndKernel)
      $0.servings[1] = ServingRecord(
        launch: 0, server: 1, failed: at(800), unheard: [2], unanswered: [2], errno: 110,
        stage: .readiness)
    },
    Row("HTTP was asked for and not seen", [.harnessError], "over HTTP", arm: arm(http)) {
      $0.servings[0].httpAnswered = 0
    },
    Row(
      "a measurement without its figure", [.harnessError], "0 of the measurement's 100 requests",
      arm: arm(Startup(engines: 3, requests: 100))
    ) { $0.startups[0].measuredRequests = 0 },
    Row(
      "a measurement without its time", [.harnessError], "of the measurement's 100 requests",
      arm: arm(Startup(engines: 3, requests: 100))
    ) { $0.startups[0].measured = 0 },
    Row(
      "an engine core of the last node dies, and its launcher notices", [.childDied],
      "on node 1 (pid 501) died by exit code 1; its own launcher noticed, the head node's did, too",
      arm: arm(Startup(engines: 2, nodes: 2))
    ) {
      $0.engines[1].died = 256
      $0.startups[0].headless[0].noticed = at(6)
      $0.startups[0].noticed = at(7)
      $0.startups[0].casualty = .engine
    },
    Row(
      "a launcher of another node dies", [.childDied],
      "the launcher of node 1 (pid 401) died by exit code 3",
      arm: arm(Startup(engines: 2, nodes: 2))
    ) { $0.startups[0].headless[0].died = 3 << 8 },
    Row("a row of launches is done", [.ready], "", arm: arm(row)) { _ in },
    Row(
      "a row of launches that ended early without a reason", [.harnessError],
      "only 3 of 10 launches in a row ran", arm: arm(row)
    ) { $0.startups[0].serial = 2 },
    Row(
      "a launch of the row meets what an earlier one left", [.lostToOutsider],
      "held by what an earlier launch of the row left (pid 9 bs-orphan-0", arm: arm(row)
    ) {
      $0.startups[0].serial = 1
      $0.launches[0].errno = 98
      $0.launches[0].stage = .handshake
      $0.launches[0].service = 29_550
      $0.launches[0].holder = Holder(
        kind: .outsider, pid: 9, command: "bs-orphan-0", sources: .kernel)
    },
    Row(
      "a launch of the row meets a stranger", [.lostToOutsider],
      "held by an outsider (pid 9 nginx", arm: arm(row)
    ) {
      $0.startups[0].serial = 1
      $0.launches[0].errno = 98
      $0.launches[0].stage = .handshake
      $0.launches[0].service = 29_550
      $0.launches[0].holder = Holder(kind: .outsider, pid: 9, command: "nginx", sources: .kernel)
    },
    Row("it hangs", [.timeout], "2 of 3 engine cores were READY", arm: arm()) {
      $0.ended.completion = .timeoutBinding
      $0.engines[0].ready = 0
      $0.startups[0].served = 0
    },
  ]

  @Test(arguments: rows)
  func `a start-up's history has its outcome`(_ row: Row) {
    let outcome = TrialJudge(arm: row.arm).judge(row.events)
    #expect(outcome.launches.map(\.outcome) == row.outcomes)
    #expect(outcome.launches[0].evidence.contains(row.evidence), "\(outcome.launches[0].evidence)")
  }

  @Test func `the launches of a row count, and the one that failed is one of them`() {
    let arm = Self.arm(Self.row)
    var tally = ArmTally()
    tally.add(TrialJudge(arm: arm).judge(TrialHistory(arm).events))
    let lost = TrialHistory(arm) {
      $0.startups[0].serial = 4
      $0.launches[0].errno = 98
      $0.launches[0].stage = .handshake
      $0.launches[0].service = 29_550
      $0.launches[0].holder = Holder(kind: .outsider, pid: 9, sources: .kernel)
    }
    tally.add(TrialJudge(arm: arm).judge(lost.events))
    #expect(tally.launches == (15, 1))
    #expect(tally.trials == (2, 1))
    #expect(tally.count(.ready) == 14)
  }

  @Test func `requests per second are those of ready launches alone`() {
    let arm = Self.arm(Startup(engines: 3, requests: 1_000))
    var tally = ArmTally()
    #expect(tally.throughput == nil)
    // 1,000 requests in half a second.
    tally.add(TrialJudge(arm: arm).judge(TrialHistory(arm).events))
    tally.add(
      TrialJudge(arm: arm).judge(
        TrialHistory(arm) { $0.startups[0].measured = 250_000_000 }.events))
    let failed = TrialHistory(arm) {
      $0.startups[0].measured = 1
      $0.lose(1, to: Holder(kind: .thief, index: 0, pid: 7, sources: .kernel))
    }
    tally.add(TrialJudge(arm: arm).judge(failed.events))
    #expect(
      tally.throughput == Throughput(samples: 2, median: 2_000, lowest: 2_000, highest: 4_000))
  }

  @Test func `detection runs from the first failure to the launcher's notice`() {
    let lost = TrialJudge(arm: Self.rows[1].arm).judge(Self.rows[1].events)
    // The bind failed at 4 ms, the launcher noticed at 300 ms.
    #expect(lost.detectionNanoseconds == [296_000_000])
    // Of two failures the first counts: another bind failed a millisecond before.
    let arm = Self.rows[1].arm
    let twice = TrialHistory(arm) {
      let holder = Holder(kind: .thief, index: 0, pid: 7, sources: .kernel)
      for server in 0..<2 { $0.lose(server, to: holder) }
      $0.servers[0].input.finished = Self.at(3)
      $0.startups[0].noticed = Self.at(300)
    }
    #expect(TrialJudge(arm: arm).judge(twice.events).detectionNanoseconds == [297_000_000])
    let ready = TrialJudge(arm: Self.rows[0].arm).judge(Self.rows[0].events)
    #expect(ready.detectionNanoseconds == [])
    // Barrier at 2.5 ms, served at 8 ms.
    #expect(ready.timeToServedNanoseconds == 5_500_000)
  }
}
