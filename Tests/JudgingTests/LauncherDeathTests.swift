import History
import PlanModel
import TestSupport
import Testing

@testable import Judging

/// A launcher that ended is our own failure, unless the plan wanted its end.
@Suite struct LauncherDeathTests {
  static let killed: Int32 = 9

  /// A trial whose launcher died before it started anything.
  static func outcome(_ arm: Arm, _ change: (inout TrialHistory) -> Void = { _ in })
    -> LaunchOutcome
  {
    let history = TrialHistory(arm) {
      $0.forgetBinds()
      $0.launches[0].died = killed
      for server in $0.servers.indices { $0.servers[server].died = killed }
      change(&$0)
    }
    return TrialJudge(arm: arm).judge(history.events).launches[0]
  }

  @Test func `the strategy does not pay for it`() {
    let found = Self.outcome(.sample())
    #expect(found.outcome == .harnessError)
    #expect(
      found.evidence
        == "the launcher (pid 800) died by signal 9, and no fault of the plan ended it")
  }

  @Test func `a fault of the plan explains it, one of an API server does not`() {
    func arm(_ point: InjectionPoint, _ fault: String = "kill") -> Arm {
      .sample {
        $0.faults = [
          PlannedFault(kind: Choice(name: fault, label: fault), point: point, launch: 0, index: 0)
        ]
      }
    }
    #expect(Self.outcome(arm(.afterProbe)).outcome == .childDied)
    #expect(Self.outcome(arm(.afterProbe, "exit")).outcome == .childDied)
    // Nobody dies of a delay.
    #expect(Self.outcome(arm(.afterProbe, "delay")).outcome == .harnessError)
    #expect(Self.outcome(arm(.beforeInputBind)).outcome == .harnessError)
    // Due, but it had not come to that.
    let early = Self.outcome(arm(.afterProbe)) {
      $0.faults[0].injected = 0
      $0.faults[0].witnessed = 0
    }
    #expect(early.outcome != .childDied)
  }
}
