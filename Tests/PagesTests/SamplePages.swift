import History
import PageKit
import PlanModel
import TestSupport

@testable import Judging
@testable import Pages

/// A run made by hand: a control that loses ports to a thief, a strategy that keeps them, one that violates its demand.
enum SamplePages {
  static let arms: [Arm] = [
    .sample(scenario: "thieves", strategy: "probe-then-bind") {
      $0.expectation = PlanModel.Expectation(failureRateAtLeast: 0.5, isMustFailControl: true)
      $0.thieves = [Arm.holder(ports: 10)]
    },
    .sample(scenario: "thieves", strategy: "wildcard-report-back") {
      $0.expectation = PlanModel.Expectation(failureRateAtMost: 0.05)
      $0.thieves = [Arm.holder(ports: 10)]
    },
    .sample(scenario: "thieves", strategy: "probe-then-bind", label: "mine") {
      $0.expectation = PlanModel.Expectation(failureRateAtMost: 0.05, why: "it is fixed")
      $0.thieves = [Arm.holder(ports: 10)]
    },
    .sample(scenario: "quiet", strategy: "probe-then-bind"),
  ]

  /// Trials of each arm, of which so many first ones are lost.
  static func content(
    _ plan: ResolvedPlan = .sample(arms), trials: Int = 60, lost: [Int] = [50, 0, 30, 0],
    command: String = "bs-thief-0", folder: String = "Results/demo/run"
  ) -> RunContent {
    var tally = RunTally(plan)
    var shown = ShownTrials()
    for arm in plan.arms {
      for trial in 0..<trials {
        let history = TrialHistory(arm, trial: trial) {
          guard trial < lost[arm.index] else { return }
          $0.lose(
            0,
            to: Holder(
              kind: .thief, index: 0, pid: 77, command: command, sources: .eventsAndKernel))
        }
        let outcome = TrialJudge(arm: arm).judge(history.events)
        tally.add(outcome)
        shown.add(outcome, history.events)
      }
    }
    let matrix = MatrixJudge(plan: plan, vocabulary: .sample).judge(
      tally.arms, isPartial: false, isIsolated: true)
    return RunContent(
      matrix: matrix, tallies: tally.arms, trials: shown, folder: folder,
      environment: [("started", "2026-01-02 03:04:05 UTC"), ("kernel", "Linux 6.1")],
      command: ["bindstorm", "run", "demo"], version: "1.2.3")
  }
}
