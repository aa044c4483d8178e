import PlanModel
import TestSupport

@testable import Judging

/// A matrix made by hand: one arm of every verdict, two scenarios, one strategy that is in only one of them.
enum SampleMatrix {
  static func rate(_ failures: Int, _ outOf: Int, _ low: Double, _ high: Double) -> RateEstimate {
    RateEstimate(failures: failures, outOf: outOf, low: low, high: high)
  }

  static func verdict(
    _ arm: Int, _ verdict: Verdict, _ reason: String, _ launches: RateEstimate,
    trials: RateEstimate? = nil, cause: Cause? = nil, prediction: PredictionComparison? = nil,
    published: [PublishedComparison] = [], outcomes: [OutcomeCount] = [],
    skew: DurationSummary? = nil
  ) -> ArmVerdict {
    ArmVerdict(
      arm: arm, verdict: verdict, reason: reason, launches: launches, trials: trials ?? launches,
      outcomes: outcomes, topCause: cause, predictionPerLaunch: prediction,
      predictionPerTrial: prediction, published: published, plannedTrials: 100, releaseSkew: skew,
      window: nil,
      timeToBound: skew.map {
        DurationSummary(samples: 1, p50: $0.p50 * 1_000, p99: $0.p99 * 1_000, max: $0.max * 1_000)
      })
  }

  static func model(_ predicted: Double, _ p: Double?, _ agrees: Bool?) -> PredictionComparison {
    PredictionComparison(predicted: predicted, pValue: p, level: 0.001, agrees: agrees)
  }

  static let figure = PublishedFigure(failures: 4, outOf: 5, source: "a paper, table 2")

  static let plan = ResolvedPlan.sample([
    .sample(scenario: "quiet", strategy: "probe-then-bind"),
    .sample(scenario: "quiet", strategy: "held"),
    .sample(scenario: "quiet", strategy: "broken"),
    .sample(scenario: "siblings", strategy: "probe-then-bind", launches: 5),
    .sample(scenario: "siblings", strategy: "held", launches: 5),
  ])

  static let full = Matrix(
    plan: plan,
    arms: [
      verdict(
        0, .expectedFailure, "the control fails as it must", rate(80, 100, 0.7082, 0.8733),
        cause: Cause(
          outcome: .lostToThief, launches: 80, firstTrial: 3,
          evidence: "port 40001 lost: held by thief 0"),
        prediction: model(0.798, 0.9, true),
        published: [
          PublishedComparison(
            figure: figure, rate: SampleMatrix.rate(4, 5, 0.284, 0.995), pValue: 1, level: 0.01,
            isConsistent: true)
        ], skew: DurationSummary(samples: 100, p50: 900, p99: 12_340, max: 1_500_000)),
      verdict(
        1, .pass, "the demand is met", rate(0, 100, 0, 0.0362), prediction: model(0, 1, true),
        published: [
          PublishedComparison(
            figure: figure, rate: SampleMatrix.rate(4, 5, 0.284, 0.995), pValue: 0.000_02,
            level: 0.01, isConsistent: false)
        ]),
      verdict(
        2, .fail, "the rate is above 5 %, at confidence 0.95", rate(100, 100, 0.9637, 1),
        cause: Cause(
          outcome: .childDied, launches: 100, firstTrial: 0, evidence: "API server 1 died"),
        outcomes: [
          OutcomeCount(outcome: .childDied, launches: 100),
          OutcomeCount(outcome: .invalid, launches: 2),
          OutcomeCount(outcome: .harnessError, launches: 1),
        ]),
      verdict(
        3, .measured, "no demand was made; the measured rate is off the model",
        rate(50, 500, 0.0751, 0.1297), trials: rate(40, 100, 0.3033, 0.5028),
        cause: Cause(
          outcome: .lostToSibling, launches: 50, firstTrial: 9, evidence: "launch 1 had it"),
        prediction: model(0.6, 0.000_1, false)),
      verdict(4, .inconclusive, "no trial ran", rate(0, 0, 0, 1), prediction: model(0, nil, nil)),
    ], isPartial: false)

  /// One arm with names that no format takes as they are.
  static func awkward(scenario: String, strategy: String, evidence: String = "") -> Matrix {
    Matrix(
      plan: .sample([.sample(scenario: scenario, strategy: strategy)]),
      arms: [
        verdict(
          0, .fail, "r", rate(1, 3, 0.0084, 0.9057),
          cause: Cause(outcome: .timeout, launches: 1, firstTrial: 2, evidence: evidence))
      ], isPartial: true)
  }
}
