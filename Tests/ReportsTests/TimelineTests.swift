import History
import Reports
import Testing

@Suite struct TimelineTests {
  @Test func `what has a time is told in its order, and what did not happen is not`() {
    let endpoint = EndpointRecord(
      requested: 40_001, bound: 0, errno: 98, stage: .bind, attempted: 4_000_000,
      finished: 5_000_000)
    let unbound = EndpointRecord(requested: 40_003, bound: 0, attempted: 0, finished: 0)
    let events: [Event] = [
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
    #expect(
      Timeline.text(events) == """
        +0.000 ms  the trial begins
        +0.100 ms  launcher 0 begins to allocate
        +0.250 ms  launcher 0 has allocated 2 addresses
        +1.900 ms  the barrier opens: API servers go on
        +2.000 ms  API server 0.0 leaves the barrier
        +4.000 ms  API server 0.0 fails to bind its input to port 40001: errno 98 (EADDRINUSE)
        +299.000 ms  engine core 0.3 on node 1 is READY
        +304.000 ms  launcher 0 notices that the launch has failed: api-server 0
        +305.000 ms  the trial is over: complete

        """)
    #expect(Timeline.text([]) == "")
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
