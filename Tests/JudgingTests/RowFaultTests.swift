import History
import PlanModel
import TestSupport
import Testing

@testable import Judging

/// Faults of launches in a row.
@Suite struct RowFaultTests {
  static let arm = Arm.sample(depth: .startup) {
    $0.startup = Startup(engines: 1, serialLaunches: 3)
    $0.faults = [
      PlannedFault(
        kind: Choice(name: "pause", label: "pause"), point: .beforeInputBind, launch: 0, index: 0)
    ]
  }

  /// A row of three with a record of the fault for each, changed.
  static func outcome(_ change: (inout TrialHistory) -> Void = { _ in }) -> LaunchOutcome {
    let history = TrialHistory(arm) { history in
      history.faults = (0..<3).map { serial in
        var record = history.faults[0]
        record.serial = serial
        return record
      }
      change(&history)
    }
    return TrialJudge(arm: arm).judge(history.events).launches[0]
  }

  @Test func `a row whose faults were all witnessed counts in full`() {
    #expect(Self.outcome().outcome == .ready)
    #expect(Self.outcome().readyBefore == 2)
  }

  @Test func `a launch of the row whose fault was not witnessed does not count`() {
    let found = Self.outcome { $0.faults[1].witnessed = 0 }
    #expect(found.outcome == .ready && found.readyBefore == 1)
    #expect(found.evidence.contains("first launch 2: a fault was due there"), "\(found.evidence)")
  }

  @Test func `the last launch's fault decides about the last launch`() {
    #expect(Self.outcome { $0.faults[2].witnessed = 0 }.outcome == .invalid)
  }

  @Test func `a missing record of an earlier launch tears the trial's record`() {
    #expect(Self.outcome { $0.faults.remove(at: 0) }.outcome == .harnessError)
  }
}
