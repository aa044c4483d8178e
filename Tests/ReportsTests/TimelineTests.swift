import History
import Reports
import Testing

@Suite struct TimelineTests {
  /// A launch that lost a port, and whose launcher noticed it late.
  static let startup: [Event] = {
    let endpoint = EndpointRecord(
      requested: 40_001, bound: 0, errno: 98, stage: .bind, attempted: 4_000_000,
      finished: 5_000_000)
    let unbound = EndpointRecord(requested: 40_003, bound: 0, attempted: 0, finished: 0)
    return [
      .trialStarted(TrialStarted(arm: 0, trial: 0, at: 1_000_000)),
      .launch(
        LaunchRecord(
          launch: 0, pid: 1, advertised: [40_001, 40_003], allocationStarted: 1_100_000,
          allocationEnded: 1_250_000)),
      .server(
        ServerRecord(
          launch: 0, server: 0, pid: 2, released: 3_000_000, input: endpoint, output: unbound)),
      .startup(
        StartupRecord(
          launch: 0, noticed: 305_000_000, casualty: .apiServer, casualtyNumber: 0)),
      .engine(EngineRecord(launch: 0, engine: 3, node: 1, pid: 3, ready: 300_000_000)),
      .serving(ServingRecord(launch: 0, server: 0)),
      .trialEnded(TrialEnded(arm: 0, trial: 0, barrierOpened: 2_900_000, at: 306_000_000)),
    ]
  }()

  @Test func `what has a time is told in its order, and what did not happen is not`() throws {
    let lines = Timeline.text(Self.startup).split(separator: "\n")
    let times = lines.map { Double($0.dropFirst().prefix { $0 != " " }) }
    #expect(lines.count == 9 && !times.contains(nil))
    #expect(times.compactMap(\.self) == times.compactMap(\.self).sorted())
    #expect(Timeline.text([]) == "")
  }

  @Test func `an engine core's rendezvous are told with their ports`() {
    let lost = RendezvousRecord(
      port: 40_001, bound: 40_003, chosen: 1_000_000, attempted: 3_000_000, lost: 1)
    let events: [Event] = [
      .trialStarted(TrialStarted(arm: 0, trial: 0, at: 1_000_000)),
      .startup(StartupRecord(launch: 0, groupPorts: [40_001, 40_003], groupChosen: 2_000_000)),
      .engine(
        EngineRecord(
          launch: 0, engine: 0, pid: 3, group: lost,
          workers: RendezvousRecord(port: 40_005, attempted: 4_000_000, met: 5_000_000))),
    ]
    #expect(
      Timeline.text(events) == """
        +0.000 ms  the trial begins
        +1.000 ms  launcher 0 has probed the data-parallel group's ports 40001, 40003
        +2.000 ms  engine core 0.0 on node 0 goes to the data-parallel group at port 40001, and loses 1 numbers, and listens on port 40003
        +3.000 ms  engine core 0.0 on node 0 goes to the workers' group at port 40005
        +4.000 ms  engine core 0.0 on node 0 is in the workers' group

        """)
  }

  @Test func `what happened in the same nanosecond is told in the order of the record`() {
    let events: [Event] = [
      .trialStarted(TrialStarted(arm: 0, trial: 0, at: 1)),
      .launch(
        LaunchRecord(
          launch: 0, pid: 1, advertised: [], allocationStarted: 1, allocationEnded: 1)),
    ]
    #expect(
      Timeline.text(events) == """
        +0.000 ms  the trial begins
        +0.000 ms  launcher 0 begins to allocate
        +0.000 ms  launcher 0 has allocated 0 addresses

        """)
  }
}
