import PlanModel
import Testing

@testable import History

/// What a process id is where there was no process: the record says so, and the run goes on.
@Suite struct NegativePidTests {
  @Test func `records with a negative process id are written and read`() throws {
    let events: [Event] = [
      .startup(StartupRecord(launch: 0, coordinatorPid: -1)),
      .serving(ServingRecord(launch: 0, server: 1, frontEndPid: -11)),
      .fault(
        FaultRecord(
          fault: 0, name: "steal", point: .beforeInputBind, launch: 0, index: 0, isDue: true,
          pid: -1, errno: -11, helper: -1, refused: 11)),
    ]
    for event in events {
      let line = Sample.text(event)
      #expect(try EventDecoder.decode(line) == event, "\(line)")
    }
  }
}
