import PlanModel
import TestSupport

@testable import Judging

/// A matrix made by hand: one arm of every answer of the plan, two scenarios, one strategy that is in only one of them.
enum SampleMatrix {
  static func rate(_ failures: Int, _ outOf: Int, _ low: Double, _ high: Double) -> RateEstimate {
    RateEstimate(failures: failures, outOf: outOf, low: low, high: high)
  }

  static func verdict(
    _ arm: Int, _ answer: PlanAnswer, _ reason: String, _ launches: RateEstimate,
    trials: RateEstimate? = nil, cause: Cause? = nil, prediction: PredictionComparison? = nil,
    published: [PublishedComparison] = [], outcomes: [OutcomeCount] = [],
    skew: DurationSummary? = nil, strategy: StrategyAnswer = .measured
  ) -> ArmVerdict {
    ArmVerdict(
      arm: arm, planAnswer: answer, reason: reason, launches: launches, trials: trials ?? launches,
      outcomes: outcomes, topCause: cause, predictionPerLaunch: prediction,
      predictionPerTrial: prediction, published: published, plannedTrials: 100, releaseSkew: skew,
      window: nil,
      timeToBound: skew.map {
        DurationSummary(samples: 1, p50: $0.p50 * 1_000, p99: $0.p99 * 1_000, max: $0.max * 1_000)
      }, strategyAnswer: strategy)
  }

  static func model(_ predicted: Double, _ p: Double?, _ agrees: Bool?) -> PredictionComparison {
    PredictionComparison(predicted: predicted, pValue: p, level: 0.001, agrees: agrees)
  }

  static let figure = PublishedFigure(failures: 4, outOf: 5, source: "a paper, table 2")

  static let plan = ResolvedPlan.sample([
    .sample(scenario: "quiet", strategy: "probe-then-bind") {
      $0.expectation = PlanModel.Expectation(failureRateAtLeast: 0.6, isMustFailControl: true)
    },
    .sample(scenario: "quiet", strategy: "held") {
      $0.expectation = PlanModel.Expectation(failureRateAtMost: 0.05)
    },
    .sample(scenario: "quiet", strategy: "broken") {
      $0.expectation = PlanModel.Expectation(failureRateAtMost: 0.05, why: "nothing is in its way")
    },
    .sample(scenario: "siblings", strategy: "probe-then-bind", launches: 5),
    .sample(scenario: "siblings", strategy: "held", launches: 5),
  ])

  static let full = Matrix(
    plan: plan,
    arms: [
      verdict(
        0, .asExpected, "the control fails as it must", rate(80, 100, 0.7082, 0.8733),
        cause: Cause(
          outcome: .lostToThief, launches: 80, firstTrial: 3,
          evidence: "port 40001 lost: held by thief 0"),
        prediction: model(0.798, 0.9, true),
        published: [
          PublishedComparison(
            figure: figure, rate: SampleMatrix.rate(4, 5, 0.284, 0.995), pValue: 1, level: 0.01,
            isConsistent: true)
        ], skew: DurationSummary(samples: 100, p50: 900, p99: 12_340, max: 1_500_000),
        strategy: .fails),
      verdict(
        1, .asExpected, "the demand is met", rate(0, 100, 0, 0.0362), prediction: model(0, 1, true),
        published: [
          PublishedComparison(
            figure: figure, rate: SampleMatrix.rate(4, 5, 0.284, 0.995), pValue: 0.000_02,
            level: 0.01, isConsistent: false)
        ], strategy: .survives),
      verdict(
        2, .notAsExpected, "the rate is above 5 %, at confidence 0.95", rate(100, 100, 0.9637, 1),
        cause: Cause(
          outcome: .childDied, launches: 100, firstTrial: 0, evidence: "API server 1 died"),
        outcomes: [
          OutcomeCount(outcome: .childDied, launches: 100),
          OutcomeCount(outcome: .invalid, launches: 2),
          OutcomeCount(outcome: .harnessError, launches: 1),
        ], strategy: .fails),
      verdict(
        3, .notDemanded, "no demand was made; the measured rate is off the model",
        rate(50, 500, 0.0751, 0.1297), trials: rate(40, 100, 0.3033, 0.5028),
        cause: Cause(
          outcome: .lostToSibling, launches: 50, firstTrial: 9, evidence: "launch 1 had it"),
        prediction: model(0.6, 0.000_1, false)),
      verdict(
        4, .undecided, "no trial ran", rate(0, 0, 0, 1), prediction: model(0, nil, nil),
        strategy: .undecided),
    ], isPartial: false)

  /// One scenario with thieves: what each finding at the end of a report is about.
  static let findings: Matrix = {
    let labels = ["probe-then-bind", "held", "mine", "retry", "portserver", "slow", "broken"]
    let demands: [PlanModel.Expectation?] = [
      PlanModel.Expectation(failureRateAtLeast: 0.6, isMustFailControl: true),
      PlanModel.Expectation(failureRateAtMost: 0.05), nil,
      PlanModel.Expectation(failureRateAtLeast: 0.4),
      PlanModel.Expectation(failureRateAtMost: 0.05),
      PlanModel.Expectation(failureRateAtMost: 0.01),
      PlanModel.Expectation(failureRateAtMost: 0.05, why: "it holds its ports"),
    ]
    let arms = zip(labels, demands).map { label, demand in
      Arm.sample(scenario: "thieves", label: label) {
        $0.expectation = demand
        $0.thieves = [Arm.holder(ports: 690)]
      }
    }
    var matrix = Matrix(plan: .sample(arms), arms: [], isPartial: false)
    let none = rate(0, 100, 0, 0.0362)
    matrix.arms = [
      verdict(
        0, .asExpected, "the control fails as it must", rate(80, 100, 0.7082, 0.8733),
        cause: Cause(outcome: .lostToThief, launches: 80, firstTrial: 3, evidence: "held"),
        strategy: .fails),
      verdict(1, .asExpected, "the demand is met", none, strategy: .survives),
      verdict(2, .notDemanded, "no demand was made", none, strategy: .undecided),
      verdict(3, .asExpected, "the demand is met", rate(0, 300, 0, 0.0122), strategy: .recovers),
      verdict(
        4, .skipped, "there is no portserver.py: run `make adapters`", rate(0, 0, 0, 1),
        strategy: .skipped),
      verdict(
        5, .undecided, "100 launches do not decide the demand, at confidence 0.95", none,
        strategy: .undecided),
      verdict(
        6, .notAsExpected, "the rate is above 5 %, at confidence 0.95",
        rate(40, 100, 0.3033, 0.5028),
        strategy: .fails),
    ]
    var ports = PortSet()
    for port: UInt16 in [20_104, 29_991] { ports.insert(port) }
    matrix.arms[2].outOfReach = OutOfReach(arms[2], ports, vocabulary: .sample)
    matrix.arms[2].outOfReach?.lostTrial = OutOfReach.LostTrial(arm: 0, trial: 3)
    matrix.arms[3].recovered = Recovered(
      launches: 161, launchesWithFailed: rate(161, 300, 0.4784, 0.5943),
      trialsWithFailed: rate(161, 300, 0.4784, 0.5943))
    return matrix
  }()

  /// Five scenarios with twelve strategies.
  static let large: Matrix = {
    let arms = (0..<5).flatMap { scenario in
      (0..<12).map { Arm.sample(scenario: "a-scenario-\(scenario)", label: "strategy-\($0)") }
    }
    return Matrix(
      plan: .sample(arms),
      arms: arms.indices.map {
        verdict(
          $0, .notDemanded, "no demand was made", rate(0, 100, 0, 0.0362),
          cause: Cause(outcome: .recovered, launches: 1, firstTrial: 0, evidence: "again"),
          strategy: .survives)
      }, isPartial: false)
  }()

  /// One arm with names that no format takes as they are.
  static func awkward(scenario: String, strategy: String, evidence: String = "") -> Matrix {
    Matrix(
      plan: .sample([.sample(scenario: scenario, strategy: strategy)]),
      arms: [
        verdict(
          0, .notAsExpected, "r", rate(1, 3, 0.0084, 0.9057),
          cause: Cause(outcome: .timeout, launches: 1, firstTrial: 2, evidence: evidence),
          strategy: .fails)
      ], isPartial: true)
  }
}
