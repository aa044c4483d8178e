import Glibc
import PlanModel
import Testing

@testable import History

/// Events held against the plan of their run.
@Suite struct StoredHistoryTests {
  private static let plan: ResolvedPlan = {
    let startup = Startup(engines: 2, nodes: 2, serialLaunches: 3)
    func arm(_ index: Int, _ depth: Depth) -> Arm {
      Arm(
        index: index, scenario: "s", strategy: Choice(name: "x", label: "x"), depth: depth,
        topology: Topology(launches: 2, apiServers: 1), startup: depth == .startup ? startup : nil,
        thieves: [Choice(name: "t", label: "t")],
        faults: [
          PlannedFault(kind: Choice(name: "f", label: "f"), point: .beforeInputBind)
        ], trials: 10)
    }
    return ResolvedPlan(
      version: 1, name: "p", title: "", seed: 1, arms: [arm(0, .bind), arm(1, .startup)])
  }()

  private static let start = Event.runStarted(RunStarted(plan: "p", seed: 1, isolated: true))
  private static func begin(_ arm: Int, _ trial: Int) -> Event {
    .trialStarted(TrialStarted(arm: arm, trial: trial, at: 1))
  }
  private static func end(_ arm: Int, _ trial: Int) -> Event {
    .trialEnded(TrialEnded(arm: arm, trial: trial, barrierOpened: 2, at: 3))
  }
  private static func launch(_ number: Int) -> Event {
    .launch(
      LaunchRecord(
        launch: number, pid: 1, advertised: [], allocationStarted: 1, allocationEnded: 2))
  }
  private static let endpoint = EndpointRecord(requested: 1, bound: 1, attempted: 1, finished: 1)
  private static func server(_ launch: Int, _ number: Int) -> Event {
    .server(
      ServerRecord(
        launch: launch, server: number, pid: 1, released: 1, input: endpoint, output: endpoint))
  }
  private static func thief(_ number: Int) -> Event {
    .thief(
      ThiefRecord(
        thief: number, name: "t", pid: 1, wanted: 0, drawnInWindow: 0, heldAtRelease: 0))
  }
  private static func fault(_ number: Int, launch: Int = 0, serial: Int = 0) -> Event {
    .fault(
      FaultRecord(
        fault: number, name: "f", point: .beforeInputBind, launch: launch, index: 0, isDue: false,
        serial: serial))
  }

  private static func read(_ events: [Event]) throws -> (trials: Int, events: Int) {
    var history = StoredHistory(
      HistoryReader(bytes: Sample.encoded([start] + events), name: "events.jsonl"), plan: plan)
    var (trials, read) = (0, 0)
    while let step = try history.next() {
      read += 1
      if step.trial != nil { trials += 1 }
    }
    return (trials, read)
  }

  private static func problem(_ events: [Event]) -> String? {
    do {
      _ = try read(events)
      return nil
    } catch HistoryError.badLine(_, let line, let reason) {
      return "\(line): \(reason)"
    } catch {
      return "\(error)"
    }
  }

  @Test func `a history that fits its plan is read whole`() throws {
    let events: [Event] = [
      .armSkipped(ArmSkipped(arm: 1, reason: "why")), Self.begin(0, 9), Self.launch(1),
      Self.server(1, 0), Self.thief(0), Self.fault(0), Self.end(0, 9), Self.begin(1, 0),
      Self.launch(0),
      .startup(StartupRecord(launch: 0, serial: 2, headless: [HeadlessRecord(pid: 1)])),
      .engine(EngineRecord(launch: 0, engine: 1, node: 1, pid: 1)),
      .serving(ServingRecord(launch: 0, server: 0, unheard: [1], unanswered: [0])),
      Self.fault(0, serial: 2), Self.end(1, 0), .runEnded(RunEnded(interrupted: false, at: 9)),
    ]
    let (trials, count) = try Self.read(events)
    #expect(trials == 2 && count == events.count + 1)
  }

  @Test(
    arguments: [
      ([begin(2, 0)], "2: there is no arm 2; the plan has 2, counted from 0"),
      ([begin(0, 10)], "2: there is no trial 10; arm 0 has 10, counted from 0"),
      ([begin(0, 3), end(0, 3), begin(0, 3)], "4: trial 0/3 is recorded twice"),
      ([end(0, 0)], "2: a trial ends that did not begin"),
      ([begin(0, 1), end(0, 2)], "3: trial 0/2 ends, but 0/1 is under way"),
      ([launch(0)], "2: it belongs to a trial, and none is under way"),
      ([begin(0, 0), launch(2)], "3: there is no launch 2; the arm has 2, counted from 0"),
      ([begin(0, 0), server(0, 1)], "3: there is no API server 1; the arm has 1, counted from 0"),
      ([begin(0, 0), thief(1)], "3: there is no thief 1; the arm has 1, counted from 0"),
      ([begin(0, 0), fault(1)], "3: there is no fault 1; the arm has 1, counted from 0"),
      (
        [begin(0, 0), fault(0, serial: 1)],
        "3: there is no launch in a row 1; the arm has 1, counted from 0"
      ),
      (
        [begin(0, 0), .engine(EngineRecord(launch: 0, engine: 0, pid: 1))],
        "3: there is no engine core 0; the arm has 0, counted from 0"
      ),
      (
        [begin(1, 0), .engine(EngineRecord(launch: 0, engine: 0, node: 2, pid: 1))],
        "3: there is no node 2; the arm has 2, counted from 0"
      ),
      (
        [
          begin(1, 0),
          .startup(
            StartupRecord(
              launch: 0, headless: [HeadlessRecord](repeating: HeadlessRecord(pid: 1), count: 2))),
        ],
        "3: there are more launchers on other nodes than nodes"
      ),
      (
        [begin(1, 0), .serving(ServingRecord(launch: 0, server: 0, unheard: [2]))],
        "3: there is no engine core 2; the arm has 2, counted from 0"
      ),
      (
        [.armSkipped(ArmSkipped(arm: 7, reason: ""))],
        "2: there is no arm 7; the plan has 2, counted from 0"
      ),
      (
        [.runEnded(RunEnded(interrupted: false, at: 1)), begin(0, 0)],
        "3: something follows run-ended"
      ),
      (
        [begin(0, 0)] + [Event](repeating: launch(0), count: 40),
        "13: the trial has more records than the 10 that its arm can have"
      ),
    ] as [([Event], String)])
  func `an event that the plan has no place for is refused with its line`(
    _ events: [Event], _ problem: String
  ) {
    #expect(Self.problem(events) == problem)
  }

  @Test(
    arguments: [
      #""portsTaken":-1"#, #""portsTaken":4294967296"#, #""launch":-1"#,
      #""portsTaken":9223372036854775807"#,
    ])
  func `a count that no run can have is refused`(_ field: String) {
    let line =
      #"{"event":"launch","launch":0,"pid":1,"advertised":[],"allocationStarted":0,"allocationEnded":0}"#
    let damaged =
      field.hasPrefix(#""launch""#)
      ? line.replacing(#""launch":0"#, with: field) : line.dropLast() + ",\(field)}"
    #expect(throws: EventDecoder.Failure.self) { try EventDecoder.decode(damaged) }
    #expect(throws: Never.self) { try EventDecoder.decode(line) }
  }

  @Test func `an object of hundreds of fields is refused, not compared`() {
    let fields = (0..<100).map { "\"f\($0)\":0" }.joined(separator: ",")
    #expect(throws: EventDecoder.Failure(reason: "more than 64 fields at column 509")) {
      try EventDecoder.decode("{\(fields)}")
    }
  }

  @Test func `a line without an end is refused at its limit`() {
    let bytes = Sample.encoded([Self.start]) + [UInt8](repeating: 0x20, count: 1 << 21)
    #expect(
      throws: HistoryError.badLine(
        path: "events.jsonl", line: 2, reason: "the line is longer than 1048576 bytes")
    ) {
      var reader = HistoryReader(bytes: bytes, name: "events.jsonl")
      _ = try reader.remainingEvents()
    }
  }

  @Test(arguments: ["/dev/zero", "/dev/null"])
  func `a device is no history`(_ path: String) {
    #expect(throws: HistoryError.notAFile(path: path)) {
      _ = try HistoryReader(path: path).isTorn
    }
  }

  @Test func `a FIFO is no history, and is not waited for`() {
    let scratch = ScratchFile()
    #expect(mkfifo(scratch.path, 0o600) == 0)
    #expect(throws: HistoryError.notAFile(path: scratch.path)) {
      _ = try HistoryReader(path: scratch.path).isTorn
    }
  }
}
