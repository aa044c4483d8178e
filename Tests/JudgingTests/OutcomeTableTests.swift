import History
import PlanModel
import TestSupport
import Testing

@testable import Judging

extension ServerRecord {
  /// Both endpoints are Unix sockets.
  fileprivate mutating func usePaths() {
    input.path = "/run/\(server)-input"
    output.path = "/run/\(server)-output"
    for endpoint in [\ServerRecord.input, \.output] {
      self[keyPath: endpoint].requested = 0
      self[keyPath: endpoint].bound = 0
    }
  }
}

/// Hand-written histories and what they come to. Every outcome must stand here at least once.
@Suite struct OutcomeTableTests {
  /// A history with the outcome of each launch.
  struct Row: Sendable, CustomTestStringConvertible {
    var what: String
    var arm: Arm
    var events: [Event]
    var outcomes: [Outcome]
    /// Text that the first launch's evidence must contain.
    var evidence: String
    var testDescription: String { what }

    init(
      _ what: String, _ outcomes: [Outcome], _ evidence: String, arm: Arm = .sample(),
      _ change: (inout TrialHistory) -> Void
    ) {
      self.what = what
      self.arm = arm
      events = TrialHistory(arm, change).events
      self.outcomes = outcomes
      self.evidence = evidence
    }

    init(
      _ what: String, _ outcome: Outcome, _ evidence: String, arm: Arm = .sample(), events: [Event]
    ) {
      self.what = what
      self.arm = arm
      self.events = events
      outcomes = [outcome]
      self.evidence = evidence
    }
  }

  static let two = Arm.sample(launches: 2)
  static let allocation = Arm.sample(depth: .allocate, apiServers: 3)
  static let twoAllocations = Arm.sample(depth: .allocate, launches: 2)
  static let wildcard = Arm.sample(strategy: "wildcard-report-back")
  static let thieves = Arm.sample {
    $0.thieves = [Arm.holder(ports: 10), Arm.churner(ratePerSecond: 9, holdMilliseconds: 1)]
    $0.window.foreignDraws = 8
  }
  static let faulty = Arm.sample {
    $0.faults = [
      PlannedFault(kind: Choice(name: "pause", label: "pause"), point: .beforeInputBind),
      PlannedFault(kind: Choice(name: "kill", label: "kill"), point: .afterReady, launch: 0),
    ]
  }
  static let delayed = Arm.sample {
    $0.faults = [PlannedFault(kind: Choice(name: "delay", label: "delay"), point: .afterReady)]
  }
  static let limiting = Arm.sample {
    $0.faults = [
      PlannedFault(
        kind: Choice(name: "descriptor-limit", label: "descriptor-limit"), point: .beforeInputBind,
        launch: 0, index: 1)
    ]
  }
  static let faultyTwo = Arm.sample(launches: 2) {
    $0.faults = [
      PlannedFault(kind: Choice(name: "delay", label: "delay"), point: .afterReady, launch: 1)
    ]
  }
  static let driven = Arm.sample {
    $0.strategy.command = AdapterCommand(words: ["adapter"], folder: "/")
  }
  static let trusting = Arm.sample { $0.ownershipCheck = .off }
  static let thief = Holder(
    kind: .thief, index: 3, pid: 700, command: "bs-thief", sources: .eventsAndKernel)

  static func server(_ server: Int, of launch: Int) -> Holder {
    Holder(
      kind: .apiServer, launch: launch, index: server, pid: 901, command: "",
      sources: .eventsAndKernel)
  }

  static let ready: [Row] = [
    Row("all goes well", [.ready], "") { _ in },
    Row("two launches go well", [.ready, .ready], "", arm: two) { _ in },
    Row("different addresses", [.ready], "", arm: allocation) { _ in },
    Row("the check is off", [.ready], "", arm: trusting) { _ in },
    Row("thieves drew what was due", [.ready], "", arm: thieves) { _ in },
    Row("a wildcard bind advertises what it got", [.ready], "", arm: wildcard) {
      for server in $0.servers.indices {
        $0.servers[server].input.requested = 0
        $0.servers[server].output.requested = 0
      }
    },
    Row("sockets could not be counted", [.ready], "") { $0.ended.socketsLeft = -1 },
    Row("API servers are recorded in another order", [.ready], "") { $0.servers.reverse() },
    Row("faults were due and witnessed", [.ready], "", arm: faulty) { _ in },
    Row("faults that were not due are not missed", [.ready], "", arm: faulty) {
      for number in $0.faults.indices {
        $0.faults[number] = FaultRecord(
          fault: number, name: $0.faults[number].name, point: $0.faults[number].point, launch: 0,
          index: 0, isDue: false)
      }
    },
    Row("a thief drew more than was due", [.ready], "", arm: thieves) {
      $0.thieves[0].drawnInWindow = 11
    },
  ]

  static let lost: [Row] = [
    Row(
      "the other API server of the launch has the port", [.lostToSelf],
      "port 40001 (input of API server 0, pid 900) lost: allocated by +1.000 ms, held by API server 1 of the same launch (pid 901; events and kernel agree) when bind was tried at +3.500 ms (EADDRINUSE)"
    ) { $0.lose(0, to: server(1, of: 0)) },
    Row("its own launcher holds the port", [.lostToSelf], "held by the launcher of launch 0") {
      $0.lose(0, to: Holder(kind: .launcher, launch: 0, pid: 800, sources: .events))
    },
    Row(
      "two addresses of the launch are one", [.lostToSelf],
      "addresses 1 and 4 of this launch both got port 40002", arm: allocation
    ) { $0.launches[0].advertised[4] = 40_002 },
    Row(
      "the sibling holds the port", [.lostToSibling, .ready], "API server 1 of launch 1", arm: two
    ) {
      $0.lose(0, to: server(1, of: 1))
    },
    Row(
      "the sibling's launcher holds the port", [.lostToSibling, .ready], "launcher of launch 1",
      arm: two
    ) { $0.lose(0, to: Holder(kind: .launcher, launch: 1, pid: 801, sources: .kernel)) },
    Row(
      "of two launches with one address the later loses", [.ready, .lostToSibling], "",
      arm: twoAllocations
    ) {
      $0.launches[1].advertised[2] = 40_001
      $0.launches[1].allocationEnded += 1
    },
    Row(
      "the order of allocation decides, not the number", [.lostToSibling, .ready],
      "launch 1 got port 40001 as well", arm: twoAllocations
    ) {
      $0.launches[1].advertised[2] = 40_001
      $0.launches[1].allocationEnded -= 1
    },
    Row(
      "a thief holds the port", [.lostToThief],
      "held by thief 3 (pid 700 bs-thief; events and kernel agree)"
    ) { $0.lose(0, to: thief) },
    Row("listen() finds the port taken", [.lostToThief], "when listen was tried") {
      $0.lose(1, to: thief, stage: .listen)
    },
    Row("the output is lost alone", [.lostToThief], "port 40003 (output of API server 0") {
      $0.servers[0].output.bound = 0
      $0.servers[0].output.errno = 98
      $0.servers[0].output.stage = .bind
      $0.servers[0].output.holder = thief
    },
    Row(
      "a stranger's process holds the port", [.lostToOutsider],
      "held by an outsider (pid 4711 sshd; by the kernel)"
    ) {
      $0.lose(0, to: Holder(kind: .outsider, pid: 4711, command: "sshd", sources: .kernel))
    },
    Row("the holder is gone", [.lostToUnknown], "nobody held it any more") {
      $0.lose(0, to: Holder(kind: .nobody, sources: .neither))
    },
    Row("the holder cannot be told", [.lostToUnknown], "by whom cannot be told") {
      $0.lose(0, to: Holder(kind: .cannotTell, sources: .neither))
    },
    Row("the holder was not recorded", [.lostToUnknown], "its holder was not recorded") {
      $0.lose(0, to: nil)
    },
    Row("what was not tried any more is no finding", [.lostToThief], "port 40001") {
      $0.lose(0, to: thief)
    },
    Row(
      "several are lost: the launch's own mistake counts first", [.lostToSelf],
      "; 2 endpoints of this launch were lost"
    ) {
      $0.lose(0, to: thief)
      $0.lose(1, to: server(0, of: 0))
    },
  ]

  /// What a launch loses before its victim comes to the point of a fault is lost all the same.
  static let lostBeforeTheFault: [Row] = [
    Row(
      "the victim lost its port before the fault's point", [.lostToThief],
      "(EADDRINUSE); fault 0 (delay at after-ready) had no effect: its victim never reached that point",
      arm: delayed
    ) {
      $0.lose(0, to: thief)
      $0.missFault()
    },
    Row(
      "the launcher found no port, so that the victim was never started", [.exhausted],
      "its victim was never started", arm: delayed
    ) {
      $0.launches[0].errno = 98
      $0.launches[0].stage = .probe
      $0.forgetBinds()
      $0.missFault()
      $0.faults[0].armed = 0
    },
    Row("the start hung before the fault's point", [.timeout], "had no effect", arm: delayed) {
      $0.servers[1].output = EndpointRecord(requested: 0, bound: 0, attempted: 0, finished: 0)
      $0.ended.completion = .timeoutBinding
      $0.missFault()
    },
    Row(
      "the victim died by itself before the fault's point", [.childDied], "had no effect",
      arm: delayed
    ) {
      $0.servers[1].died = 11
      $0.missFault()
    },
    Row(
      "one fault struck, and the port was lost before the other's point", [.lostToThief],
      "; fault 1 (kill at after-ready) had no effect", arm: faulty
    ) {
      $0.lose(0, to: thief)
      $0.faults[1].injected = 0
      $0.faults[1].witnessed = 0
    },
    Row(
      "of two launches the victim's loses, the sibling is ready", [.ready, .lostToThief], "",
      arm: faultyTwo
    ) {
      $0.lose(2, to: thief)
      $0.missFault()
    },
    Row(
      "of two launches the sibling loses, the victim should have been hit",
      [.lostToThief, .invalid], "held by thief 3", arm: faultyTwo
    ) {
      $0.lose(0, to: thief)
      $0.missFault()
    },
    Row(
      "an adapter broke its protocol before the fault's point", [.adapterError], "late",
      arm: delayed
    ) {
      $0.launches[0].errno = 71
      $0.launches[0].stage = .adapter
      $0.launches[0].detail = "late"
      $0.missFault()
    },
  ]

  static let wrongOwner: [Row] = [
    Row("more than one socket listens", [.splitBrain], "more than one socket listens on port 40002")
    {
      $0.servers[1].input.ownership = .shared
    },
    Row("two API servers bound one port", [.splitBrain], "two API servers say", arm: trusting) {
      $0.servers[1].input.bound = 40_001
    },
    Row("two launches bound one port", [.splitBrain, .splitBrain], "port 40101", arm: two) {
      $0.servers[0].input.bound = 40_101
    },
    Row(
      "a stranger answers", [.crossTalk],
      "a stranger answers at port 40004, which is to be the output of API server 1"
    ) { $0.servers[1].output.ownership = .stranger },
    Row(
      "another port is advertised than the bound one", [.crossTalk],
      "the output of API server 0 listens on port 40003, but 40009 was advertised"
    ) { $0.launches[0].advertised[2] = 40_009 },
    Row(
      "port 0 is advertised for a bound endpoint", [.placeholderLeak],
      "the input of API server 1 was advertised as port 0"
    ) { $0.launches[0].advertised[1] = 0 },
    Row(
      "port 0 is advertised where nothing is bound", [.placeholderLeak],
      "address 2 was advertised as port 0", arm: allocation
    ) { $0.launches[0].advertised[2] = 0 },
  ]

  static let failed: [Row] = [
    Row("no port to probe", [.exhausted], "the launcher's probe found no free port") {
      $0.launches[0].errno = 98
      $0.launches[0].stage = .probe
      $0.forgetBinds()
    },
    Row("no port for a listener", [.exhausted], "the launcher's listener-setup found no free port")
    {
      $0.launches[0].errno = 98
      $0.launches[0].stage = .listenerSetup
      $0.forgetBinds()
    },
    Row(
      "no port for a wildcard bind", [.exhausted],
      "bind(0) for the output of API server 1 found no free port", arm: wildcard
    ) {
      $0.servers[1].output = EndpointRecord(
        requested: 0, bound: 0, errno: 98, stage: .bind, attempted: 1, finished: 2)
      $0.launches[0].advertised[3] = 0
    },
    Row(
      "a fault that was due killed", [.childDied], "API server 1 (pid 901) died by signal 9",
      arm: faulty
    ) {
      $0.servers[1].died = 9
    },
    Row(
      "killed from outside", [.harnessError],
      "API server 1 (pid 901) died by signal 9, which neither a fault of the plan nor bindstorm sent"
    ) {
      $0.servers[1].died = 9
    },
    Row("killed by a limit of CPU time", [.harnessError], "died by signal 24") {
      $0.servers[1].died = 24
    },
    Row(
      "killed from outside, where the plan slows it down", [.harnessError], "oom_kill", arm: delayed
    ) {
      $0.servers[1].died = 9
    },
    Row("killed from outside, and the port was lost before", [.lostToThief], "EADDRINUSE") {
      $0.lose(0, to: thief)
      $0.servers[1].died = 9
    },
    Row(
      "libzmq could make no thread and aborted", [.harnessError],
      "a limit of the host was reached by the input of API server 1 (pid 901) at stage host: errno 11 (EAGAIN)"
    ) {
      $0.servers[1].died = 6
      $0.servers[1].input.errno = 11
      $0.servers[1].input.stage = .host
    },
    Row(
      "libzmq aborted by the plan's own limit", [.childDied],
      "API server 1 (pid 901) died by signal 6",
      arm: limiting
    ) {
      $0.servers[1].died = 6
      $0.servers[1].input.errno = 24
      $0.servers[1].input.stage = .host
    },
    Row("aborted by its own doing", [.childDied], "died by signal 6") { $0.servers[1].died = 6 },
    Row(
      "bindstorm's own API server gave up", [.harnessError],
      "API server 1 (pid 901) could not go on and ended itself (exit code 70)"
    ) { $0.servers[1].died = 70 << 8 },
    Row("no descriptor for a bind", [.harnessError], "stage bind: errno 24 (EMFILE)") {
      $0.lose(1, to: nil)
      $0.servers[1].input.errno = 24
    },
    Row(
      "no descriptor for a bind, as the plan has it", [.otherError], "errno 24 (EMFILE)",
      arm: limiting
    ) {
      $0.lose(1, to: nil)
      $0.servers[1].input.errno = 24
    },
    Row("killed with a core dump", [.childDied], "signal 11") { $0.servers[1].died = 11 | 0x80 },
    Row("left with a code", [.childDied], "exit code 255") { $0.servers[1].died = 255 << 8 },
    Row("left with success", [.childDied], "exit code 0") { $0.servers[1].died = 0 },
    Row("the report's channel ended", [.childDied], "stage report with errno 32") {
      $0.launches[0].errno = 32
      $0.launches[0].stage = .report
    },
    Row("the reports came too late", [.timeout], "stage report with errno 110") {
      $0.launches[0].errno = 110
      $0.launches[0].stage = .report
    },
    Row("nobody answers", [.timeout], "nobody answered in time at port 40001") {
      $0.servers[0].input.ownership = .silent
    },
    Row(
      "an adapter's listener is stopped", [.timeout], "at port 40001 (input of API server 0): all"
    ) {
      $0.servers[0].input.ownership = .stopped
    },
    Row("an adapter's backlog is full", [.timeout], "no connection can be made to port 40001") {
      $0.servers[0].input.ownership = .full
    },
    Row("nobody waited for an API server's answer", [.harnessError], "the output of API server 1") {
      $0.servers[1].output.ownership = .unaccepted
    },
    Row("nothing was allocated in time", [.timeout], "deadline passed: timeout-preparing") {
      $0.forgetBinds()
      $0.ended.completion = .timeoutPreparing
    },
    Row(
      "no address was allocated in time", [.timeout], "timeout-preparing", arm: allocation
    ) {
      $0.launches[0].advertised[2] = 0
      $0.ended.completion = .timeoutPreparing
    },
    Row(
      "the launcher hangs, so no thief was due", [.timeout], "timeout-preparing", arm: thieves
    ) {
      $0.forgetBinds()
      for thief in $0.thieves.indices {
        $0.thieves[thief].drawnInWindow = 0
        $0.thieves[thief].heldAtRelease = 0
      }
      $0.ended.completion = .timeoutPreparing
    },
    Row("some reports are out when time is up", [.timeout], "timeout-binding", arm: wildcard) {
      $0.launches[0].advertised[1] = 0
      $0.servers[1].output = EndpointRecord(requested: 0, bound: 0, attempted: 0, finished: 0)
      $0.ended.completion = .timeoutBinding
    },
    Row("the window never closed", [.timeout], "timeout-window") {
      $0.ended.completion = .timeoutWindow
    },
    Row("the check never ended", [.timeout], "timeout-checking") {
      $0.ended.completion = .timeoutChecking
    },
    Row("closing never ended", [.timeout], "timeout-closing") {
      $0.ended.completion = .timeoutClosing
    },
    Row(
      "no permission", [.otherError], "the input of API server 1 failed at stage bind with errno 13"
    ) {
      $0.lose(1, to: nil)
      $0.servers[1].input.errno = 13
    },
    Row(
      "no more descriptors", [.harnessError],
      "a limit of the host was reached by the launcher (pid 800) at stage probe: errno 24 (EMFILE)"
    ) {
      $0.launches[0].errno = 24
      $0.launches[0].stage = .probe
    },
    Row("a broken pipe elsewhere", [.otherError], "stage spawn with errno 32") {
      $0.launches[0].errno = 32
      $0.launches[0].stage = .spawn
    },
    Row("the launcher's own port was in use at spawn", [.otherError], "stage spawn with errno 98") {
      $0.launches[0].errno = 98
      $0.launches[0].stage = .spawn
    },
    Row("sockets are left", [.leaked], "3 sockets were left") { $0.ended.socketsLeft = 3 },
  ]

  static let unusable: [Row] = [
    Row(
      "a thief drew too little", [.invalid], "thief 0 (bind-hold) drew 9 of 10 ports", arm: thieves
    ) {
      $0.thieves[0].drawnInWindow = 9
    },
    Row("a thief was stopped", [.invalid], "drew 0 of 10 ports, errno 98", arm: thieves) {
      $0.thieves[0].drawnInWindow = 0
      $0.thieves[0].errno = 98
    },
    Row(
      "too few foreign draws", [.invalid], "7 of 8 foreign draws fell into the window", arm: thieves
    ) {
      $0.thieves[0].wanted = 7
      $0.thieves[0].drawnInWindow = 7
    },
    Row(
      "a fault's victim was never started", [.invalid],
      "fault 1 (kill at after-ready) was due in launch 0 and not witnessed: its victim was never started",
      arm: faulty
    ) {
      $0.faults[1].armed = 0
      $0.faults[1].injected = 0
      $0.faults[1].witnessed = 0
    },
    Row(
      "a fault's victim never came to the point", [.invalid],
      "fault 0 (pause at before-input-bind) was due in launch 0 and not witnessed: its victim never reached that point",
      arm: faulty
    ) {
      $0.faults[0].injected = 0
      $0.faults[0].witnessed = 0
    },
    Row(
      "a victim lives on that a fault should have hit, and its sibling keeps its outcome",
      [.ready, .invalid], "", arm: faultyTwo
    ) {
      $0.faults[0].injected = 0
      $0.faults[0].witnessed = 0
    },
    Row(
      "a fault ended the process that a later one was to hit", [.invalid],
      "fault 1 (kill at after-ready) was due in launch 0 and not witnessed: its victim never reached that point",
      arm: faulty
    ) {
      $0.servers[0].died = 256
      $0.faults[1].injected = 0
      $0.faults[1].witnessed = 0
    },
    Row(
      "a fault could not be done, and the port was lost", [.invalid], "errno 1", arm: delayed
    ) {
      $0.lose(0, to: thief)
      $0.missFault()
      $0.faults[0].errno = 1
    },
    Row(
      "a fault is recorded in a launch that there is not", [.harnessError],
      "fault 0 is recorded in launch 1, which there is not", arm: faulty
    ) { $0.faults[0].launch = 1 },
    Row(
      "nobody saw a fault's effect, whatever else failed", [.invalid],
      "nothing witnessed its effect, errno 1", arm: faulty
    ) {
      $0.faults[0].witnessed = 0
      $0.faults[0].errno = 1
      $0.servers[1].died = 9
    },
    Row(
      "a fault's record is missing", [.harnessError], "expected records of 2 faults, found 1",
      arm: faulty
    ) { $0.faults.removeLast() },
    Row(
      "a fault's record is there twice", [.harnessError], "expected records of 2 faults, found 3",
      arm: faulty
    ) { $0.faults.append($0.faults[0]) },
    Row(
      "a fault is recorded that the plan does not have", [.harnessError],
      "expected records of 0 faults, found 1"
    ) {
      $0.faults = [
        FaultRecord(
          fault: 0, name: "kill", point: .afterReady, launch: 0, index: 0, isDue: false)
      ]
    },
    Row("the harness gave up", [.harnessError], "disk full") {
      $0.ended.completion = .harnessError
      $0.ended.detail = "disk full"
    },
    Row("the harness gave up silently", [.harnessError], "the harness gave up") {
      $0.ended.completion = .harnessError
    },
    Row("a launch has no record", [.harnessError, .harnessError], "found 1", arm: two) {
      $0.launches.removeLast()
    },
    Row("a launch has two records", [.harnessError], "found 2") {
      $0.launches.append($0.launches[0])
    },
    Row("one launch stands for another", [.harnessError, .harnessError], "2 launches", arm: two) {
      $0.launches[1].launch = 0
    },
    Row("an address is missing", [.harnessError], "launch 0 has 3 of 4 addresses") {
      $0.launches[0].advertised.removeLast()
    },
    Row(
      "an API server has no record", [.harnessError], "expected records of 2 API servers, found 1"
    ) {
      $0.servers.removeLast()
    },
    Row("an API server has two records", [.harnessError], "found 2") {
      $0.servers.append($0.servers[0])
    },
    Row("one API server stands for another", [.harnessError], "found 1") {
      $0.servers[1].server = 0
    },
    Row("an API server nobody asked for", [.harnessError], "expected records of 2") {
      $0.servers[1].server = 2
    },
    Row("an API server of no launch", [.harnessError], "expected records of 2") {
      $0.servers[1].launch = 1
    },
    Row("API servers where none bind", [.harnessError], "expected records of 0", arm: allocation) {
      $0.servers = TrialHistory(.sample()).servers
    },
    Row("a thief has no record", [.harnessError], "expected 2 thieves' records", arm: thieves) {
      $0.thieves.removeLast()
    },
    Row("a thief nobody asked for", [.harnessError], "expected 0 thieves' records") {
      $0.thieves = TrialHistory(thieves).thieves
    },
    Row("one thief stands for another", [.harnessError], "thieves' records", arm: thieves) {
      $0.thieves[1] = $0.thieves[0]
    },
    Row("an endpoint neither listens nor failed", [.harnessError], "neither listens nor failed") {
      $0.servers[0].output.bound = 0
    },
    Row("an endpoint was not checked", [.harnessError], "was not checked") {
      $0.servers[0].output.ownership = .unchecked
    },
    Row(
      "the kernel was not asked", [.harnessError], "was not checked",
      arm: .sample { $0.ownershipCheck = .kernel }
    ) { $0.servers[1].input.ownership = .unchecked },
    Row("another arm's trial", [.harnessError], "torn or out of order") {
      $0.started.arm = 1
      $0.ended.arm = 1
    },
    Row("begun as one trial, ended as another", [.harnessError], "torn or out of order") {
      $0.ended.trial = 1
    },
    Row("begun in one arm, ended in another", [.harnessError], "torn or out of order") {
      $0.ended.arm = 1
    },
  ]

  /// Whole lines of the history are gone, doubled or in the wrong place.
  static let torn: [Row] = {
    let good = TrialHistory(.sample()).events
    let message = "torn or out of order"
    var rows = [
      Row("nothing at all", .harnessError, message, events: []),
      Row("only the end", .harnessError, message, events: [good[good.count - 1]]),
      Row("two beginnings", .harnessError, message, events: [good[0]] + good),
      Row("two ends", .harnessError, message, events: good + [good[good.count - 1]]),
      Row("reversed", .harnessError, message, events: good.reversed()),
      Row("rotated", .harnessError, message, events: Array(good[1...]) + [good[0]]),
      Row(
        "a run begins in it", .harnessError, message,
        events: [good[0], .runStarted(RunStarted(plan: "p", seed: 1, isolated: true))] + good[1...]),
      Row(
        "a run ends in it", .harnessError, message,
        events: [good[0], .runEnded(RunEnded(interrupted: false, at: 1))] + good[1...]),
      Row(
        "the pool changes in it", .harnessError, message,
        events: [good[0], .poolSet(PoolSet(low: 1, high: 2, at: 1))] + good[1...]),
    ]
    for count in 1..<good.count {
      rows.append(
        Row("cut off after \(count)", .harnessError, message, events: Array(good[..<count])))
    }
    for gap in 1..<(good.count - 1) {
      var events = good
      events.remove(at: gap)
      rows.append(Row("line \(gap) is missing", .harnessError, "expected", events: events))
      events = good
      events.insert(good[gap], at: gap)
      rows.append(Row("line \(gap) is doubled", .harnessError, "expected", events: events))
    }
    return rows
  }()

  static let pathArm = Arm.sample(strategy: "ipc-path")

  /// What strategies with retries, services, searches and paths come to, and programs that break their protocol.
  static let others: [Row] = [
    Row("an adapter broke its protocol", [.adapterError], "late: no answer to bind") {
      $0.launches[0].errno = 71
      $0.launches[0].stage = .adapter
      $0.launches[0].detail = "late: no answer to bind within 50 ms"
    },
    Row("an adapter broke its protocol and has nothing to say", [.adapterError], "errno 71") {
      $0.launches[0].errno = 71
      $0.launches[0].stage = .adapter
    },
    Row(
      "what an adapter did before it broke its protocol proves nothing", [.adapterError], "late"
    ) {
      $0.lose(0, to: thief)
      $0.launches[0].errno = 71
      $0.launches[0].stage = .adapter
      $0.launches[0].detail = "late"
    },
    Row(
      "the sibling of a broken adapter keeps its own outcome", [.ready, .adapterError], "",
      arm: two
    ) {
      $0.launches[1].errno = 71
      $0.launches[1].stage = .adapter
    },
    Row(
      "an adapter reports a failure of its own", [.otherError],
      "stage spawn with errno 121 (EREMOTEIO): failed: out of luck"
    ) {
      $0.launches[0].errno = 121
      $0.launches[0].stage = .spawn
      $0.launches[0].detail = "failed: out of luck"
    },
    Row("a lost bind was tried again", [.recovered], "ready only after 2 lost binds") {
      $0.servers[1].input.retries = 2
    },
    Row("a lost bind was tried again, and sockets are left", [.leaked], "3 sockets were left") {
      $0.servers[1].input.retries = 2
      $0.ended.socketsLeft = 3
    },
    Row("a lost bind was tried again, and a file is left", [.leaked], "left when all had been") {
      $0.servers[1].input.retries = 2
      $0.ended.left = ["l0-stats"]
    },
    Row("a retry that failed in the end is a loss", [.lostToThief], "held by thief 3") {
      $0.servers[0].input.retries = 4
      $0.lose(0, to: thief)
    },
    Row("a report before the bind", [.prematureReport], "before it was bound") {
      $0.servers[0].output.reported = $0.servers[0].output.finished - 1
    },
    Row("a report after the bind", [.ready], "") {
      $0.servers[0].output.reported = $0.servers[0].output.finished
    },
    Row("a thief has the launcher's own port", [.lostToThief], "launcher's own service") {
      $0.launches[0].errno = 98
      $0.launches[0].stage = .service
      $0.launches[0].service = 40_500
      $0.launches[0].holder = thief
    },
    Row("a search of a range found nothing", [.exhausted], "the search of a range") {
      $0.lose(0, to: nil, stage: .scan)
      $0.servers[0].input.requested = 0
    },
    Row("the launcher's scan found nothing", [.exhausted], "scan found no free port") {
      $0.launches[0].errno = 98
      $0.launches[0].stage = .scan
      $0.forgetBinds()
    },
    Row("a scan that never ends", [.timeout], "livelock") {
      $0.launches[0].errno = 40
      $0.launches[0].stage = .scan
      $0.forgetBinds()
    },
    Row("a stale lock", [.timeout], "stage lock") {
      $0.launches[0].errno = 110
      $0.launches[0].stage = .lock
      $0.forgetBinds()
    },
    Row("Unix sockets have no port", [.ready], "", arm: pathArm) { history in
      history.launches[0].advertised = history.launches[0].advertised.map { _ in 0 }
      for server in history.servers.indices { history.servers[server].usePaths() }
    },
    Row("a stranger has the path", [.crossTalk], "at /run/1-input", arm: pathArm) { history in
      history.launches[0].advertised = history.launches[0].advertised.map { _ in 0 }
      for server in history.servers.indices { history.servers[server].usePaths() }
      history.servers[1].input.ownership = .stranger
    },
    Row("a path that is too long", [.otherError], "errno 36", arm: pathArm) { history in
      history.launches[0].advertised = history.launches[0].advertised.map { _ in 0 }
      for server in history.servers.indices { history.servers[server].usePaths() }
      history.servers[0].input.errno = 36
      history.servers[0].input.stage = .bind
    },
    Row("a thief tried after the bind and was refused", [.ready], "", arm: thieves) {
      $0.thieves[0].drawnInWindow = 8
      $0.thieves[0].drawnAfterBind = 2
    },
  ]

  static let rows =
    ready + lost + lostBeforeTheFault + wrongOwner + failed + unusable + others + torn

  @Test(arguments: rows) func `the history has its outcome`(_ row: Row) throws {
    let trial = TrialJudge(arm: row.arm).judge(row.events)
    #expect(trial.launches.map(\.outcome) == row.outcomes, "\(trial.launches)")
    #expect(trial.launches.map(\.launch) == Array(0..<row.arm.topology.launches))
    #expect(trial.launches[0].evidence.contains(row.evidence), "\(trial.launches[0].evidence)")
    for launch in trial.launches {
      #expect(launch.evidence.isEmpty == (launch.outcome == .ready), "a failure has its evidence")
    }
  }

  @Test func `what is not known of an adapter that is ready is said`() {
    var history = TrialHistory(Self.driven)
    history.servers[1].input.ownership = .unaccepted
    let launch = TrialJudge(arm: Self.driven).judge(history.events).launches[0]
    #expect(launch.outcome == .ready)
    #expect(launch.evidence.hasPrefix("at 1 of 4 addresses, first port 40002"))
  }

  @Test func `every outcome has a history`() {
    let shown = Set((Self.rows + StartupTableTests.rows).flatMap(\.outcomes))
    for outcome in Outcome.allCases { #expect(shown.contains(outcome), "\(outcome)") }
  }

  @Test func `only ready is a success, and only three outcomes do not count`() {
    #expect(Outcome.allCases.filter { !$0.isCounted } == [.adapterError, .invalid, .harnessError])
    #expect(
      Outcome.allCases.filter { $0.isCounted && !$0.isFailure } == [.ready])
    #expect(Outcome.allCases.allSatisfy { $0.isCounted || !$0.isFailure })
    #expect(
      Outcome.allCases.filter(\.isPortFailure) == [
        .lostToSelf, .lostToSibling, .lostToThief, .lostToOutsider, .lostToUnknown, .splitBrain,
        .exhausted,
      ])
  }

  @Test
  func `a must-fail control is fulfilled by lost ports and by the defects that plans provoke`() {
    #expect(
      Outcome.allCases.filter(\.fulfilsControl) == [
        .lostToSelf, .lostToSibling, .lostToThief, .lostToOutsider, .lostToUnknown, .splitBrain,
        .crossTalk, .placeholderLeak, .exhausted, .falseTimeout, .recovered,
      ])
    #expect(Outcome.allCases.allSatisfy { !$0.fulfilsControl || $0.isFailure })
  }

  /// Faults in the order in which they decide. Each later one is put into the same history.
  static let precedence: [(outcome: Outcome, change: @Sendable (inout TrialHistory) -> Void)] = [
    (.leaked, { $0.ended.socketsLeft = 1 }),
    (.timeout, { $0.ended.completion = .timeoutClosing }),
    (
      .otherError,
      {
        $0.servers[2].input.errno = 13
        $0.servers[2].input.stage = .listen
        $0.servers[2].input.bound = 0
      }
    ),
    (.placeholderLeak, { $0.launches[0].advertised[3] = 0 }),
    (.crossTalk, { $0.servers[1].input.ownership = .stranger }),
    (.splitBrain, { $0.servers[1].output.ownership = .shared }),
    (.childDied, { $0.servers[2].died = 256 }),
    (.harnessError, { $0.servers[3].died = 9 }),
    (
      .exhausted,
      {
        $0.servers[2].output = EndpointRecord(
          requested: 0, bound: 0, errno: 98, stage: .bind, attempted: 1, finished: 2)
      }
    ),
    (.lostToSelf, { $0.launches[0].advertised[7] = $0.launches[0].advertised[6] }),
    (.lostToUnknown, { $0.lose(0, to: nil) }),
    (
      .lostToThief,
      {
        $0.servers[0].output.errno = 98
        $0.servers[0].output.holder = thief
      }
    ),
    (.invalid, { $0.thieves[0].drawnInWindow = 0 }),
    (.harnessError, { $0.launches[0].advertised.append(1) }),
  ]

  @Test func `of several findings the one nearest to the cause decides`() {
    let arm = Arm.sample(apiServers: 4) { $0.thieves = [Arm.holder(ports: 5)] }
    var history = TrialHistory(arm)
    for (outcome, change) in Self.precedence {
      change(&history)
      let launch = TrialJudge(arm: arm).judge(history.events).launches[0]
      #expect(launch.outcome == outcome, "\(launch.evidence)")
    }
  }

  @Test func `losses are ranked by who is to blame`() {
    let holders: [(Outcome, Holder)] = [
      (.lostToUnknown, Holder(kind: .nobody, sources: .neither)),
      (.lostToOutsider, Holder(kind: .outsider, pid: 1, sources: .kernel)),
      (.lostToThief, Self.thief), (.lostToSibling, Self.server(0, of: 1)),
      (.lostToSelf, Self.server(0, of: 0)),
    ]
    let arm = Arm.sample(launches: 2, apiServers: 5)
    var history = TrialHistory(arm)
    for (server, (outcome, holder)) in holders.enumerated() {
      history.lose(server, to: holder)
      let trial = TrialJudge(arm: arm).judge(history.events)
      #expect(trial.launches.map(\.outcome) == [outcome, .ready])
    }
  }

  @Test func `times are measured between the right stamps`() {
    let arm = Arm.sample(launches: 2)
    let good = TrialJudge(arm: arm).judge(TrialHistory(arm, trial: 17).events)
    #expect(good.trial == 17)
    #expect(good.releaseSkewNanoseconds == 1_000)
    #expect(good.windowNanoseconds == 2_500_000)
    #expect(good.timeToBoundNanoseconds == 1_500_000)
    let late = TrialJudge(arm: arm).judge(
      TrialHistory(arm) {
        $0.launches[1].allocationEnded += 500_000
        $0.servers[2].output.attempted -= 100_000
        $0.servers[3].output.finished += 7
        $0.servers[3].released += 41
      }.events)
    #expect(late.releaseSkewNanoseconds == 1_041)
    #expect(late.windowNanoseconds == 1_900_000)
    #expect(late.timeToBoundNanoseconds == 1_500_007)
    // Whoever is recorded first need not be released first, and the first bind may follow at once.
    let prompt = TrialJudge(arm: arm).judge(
      TrialHistory(arm) {
        $0.servers[0].released += 5_000
        $0.launches[0].allocationEnded = $0.servers[0].input.attempted
      }.events)
    #expect(prompt.releaseSkewNanoseconds == 5_000)
    #expect(prompt.windowNanoseconds == 0)
  }

  @Test func `what was not measured has no time`() {
    let arm = Arm.sample()
    let lost = TrialJudge(arm: arm).judge(TrialHistory(arm) { $0.lose(0, to: nil) }.events)
    #expect(lost.timeToBoundNanoseconds == nil)
    #expect(lost.windowNanoseconds == 2_500_000)
    let one = TrialJudge(arm: arm).judge(TrialHistory(arm) { $0.servers[1].released = 0 }.events)
    #expect(one.releaseSkewNanoseconds == nil)
    let unopened = TrialJudge(arm: arm).judge(
      TrialHistory(arm) { $0.ended.barrierOpened = 0 }.events)
    #expect(unopened.timeToBoundNanoseconds == nil)
    let allocation = TrialJudge(arm: Self.allocation).judge(TrialHistory(Self.allocation).events)
    #expect(allocation.windowNanoseconds == nil)
    #expect(allocation.timeToBoundNanoseconds == nil)
    let broken = TrialJudge(arm: arm).judge([])
    #expect(broken.trial == -1)
    #expect(broken.releaseSkewNanoseconds == nil)
  }

  /// What a trial that failed has bound or served is no time of the strategy.
  @Test func `a trial that is not ready has no time, whatever stamps it has`() {
    let changes: [(Outcome, @Sendable (inout TrialHistory) -> Void)] = [
      (.leaked, { $0.ended.socketsLeft = 1 }), (.recovered, { $0.servers[0].input.retries = 1 }),
      (.splitBrain, { $0.servers[1].output.ownership = .shared }),
    ]
    for arm in [Arm.sample(), StartupTableTests.arm()] {
      for (outcome, change) in changes {
        let trial = TrialJudge(arm: arm).judge(TrialHistory(arm, change).events)
        #expect(trial.launches.map(\.outcome) == [outcome])
        #expect(trial.timeToBoundNanoseconds == nil, "\(outcome)")
        #expect(trial.timeToServedNanoseconds == nil, "\(outcome)")
      }
    }
  }

  @Test func `an allocation that did not end took no time`() {
    let arm = Arm.sample(launches: 2)
    for end in [0, TrialHistory.start - 7] {
      let trial = TrialJudge(arm: arm).judge(
        TrialHistory(arm) { $0.launches[0].allocationEnded = end }.events)
      #expect(trial.allocationNanoseconds == [900_000])
    }
  }

  @Test func `an impossible order of stamps gives no time instead of a wrong one`() {
    let arm = Arm.sample()
    let trial = TrialJudge(arm: arm).judge(
      TrialHistory(arm) {
        $0.launches[0].allocationEnded = $0.ended.at
        $0.ended.barrierOpened = $0.ended.at
      }.events)
    #expect(trial.windowNanoseconds == nil)
    #expect(trial.timeToBoundNanoseconds == nil)
  }
}
