import PlanModel
import TestSupport
import Testing

@testable import Judging
@testable import Reports

/// The testing library has an `Expectation`, too.
typealias Demand = PlanModel.Expectation

@Suite struct WordingTests {
  @Test(
    arguments: [
      (0, "0"), (1, "100"), (0.5, "50.0"), (0.803, "80.3"), (0.0085, "0.85"), (0.04, "4.00"),
      // Three significant digits at most, also where rounding adds one.
      (0.099_94, "9.99"), (0.099_96, "10.0"), (0.1, "10.0"), (0.9994, "99.9"),
      // Never "all" or "none" where it was not all or none.
      (0.999_6, ">99.9"), (1 - 1e-12, ">99.9"), (0.000_04, "<0.01"), (1e-300, "<0.01"),
      (0.000_05, "0.01"), (0.000_06, "0.01"), (0.999_49, "99.9"),
    ] as [(Double, String)])
  func `rates are percentages that round no failure away`(_ rate: Double, _ text: String) {
    #expect(Wording.percentNumber(rate) == text)
    #expect(Wording.percent(rate) == text + " %")
  }

  @Test(
    arguments: [
      (0, 0, "0"), (0.5, 0, "1"), (12.34, 0, "12"), (12.34, 1, "12.3"), (12.35, 1, "12.4"),
      (0.05, 2, "0.05"), (7, 3, "7.000"), (0.999, 2, "1.00"), (-1.25, 1, "-1.3"),
      (-0.25, 1, "-0.3"), (-0.01, 1, "0.0"), (123_456_789.125, 2, "123456789.13"),
    ] as [(Double, Int, String)])
  func `fixed digits, rounded half away from zero`(_ value: Double, _ digits: Int, _ text: String) {
    #expect(Wording.fixed(value, digits) == text)
  }

  @Test(
    arguments: [
      (0, "0 ns"), (999, "999 ns"), (1_000, "1.0 us"), (1_449, "1.4 us"), (999_949, "999.9 us"),
      (999_950, "1.0 ms"), (1_000_000, "1.0 ms"), (20_500_000, "20.5 ms"),
      (999_949_999, "999.9 ms"), (999_950_000, "1.00 s"), (1_000_000_000, "1.00 s"),
      (61_234_000_000, "61.23 s"),
    ] as [(UInt64, String)])
  func `a duration has the unit that suits it`(_ nanoseconds: UInt64, _ text: String) {
    #expect(Wording.duration(nanoseconds) == text)
  }

  @Test func `failures that the top cause does not make up are said to be there`() {
    let cause = Cause(outcome: .lostToSelf, launches: 10, firstTrial: 0, evidence: "")
    let words = { (failures: Int) in
      Wording.causes(
        SampleMatrix.verdict(
          0, .notDemanded, "", SampleMatrix.rate(failures, 60, 0, 1), cause: cause))
    }
    #expect(words(20) == "lost-to-self x10, others x10")
    #expect(words(10) == "lost-to-self x10")
    #expect(Wording.causes(SampleMatrix.full.arms[1]) == nil)
  }

  @Test func `durations are median, 99th percentile and maximum`() {
    #expect(
      Wording.durations(DurationSummary(samples: 9, p50: 1, p99: 2_000, max: 3_000_000))
        == "1 ns / 2.0 us / 3.0 ms")
    #expect(Wording.durations(nil) == "-")
  }

  @Test func `an estimate shows counts, rate and interval`() {
    #expect(
      Wording.estimate(SampleMatrix.rate(12, 300, 0.0208, 0.0688)) == "12/300 4.00 % [2.08, 6.88]")
    #expect(Wording.estimate(SampleMatrix.rate(0, 9, 0, 0.3363)) == "0/9 0 % [0, 33.6]")
    #expect(
      Wording.estimate(SampleMatrix.rate(1_999, 2_000, 0.9972, 0.999_987))
        == "1999/2000 >99.9 % [99.7, >99.9]")
    #expect(Wording.estimate(SampleMatrix.rate(0, 0, 0, 1)) == "0/0")
  }

  @Test func `the legend says what the interval takes for granted`() {
    #expect(Wording.legend(SampleMatrix.full)[0].contains("as if the launches of one trial were"))
    #expect(!Wording.legend(SampleMatrix.awkward(scenario: "", strategy: ""))[0].contains("as if"))
  }

  @Test func `what a rate leaves out is said`() {
    var verdict = SampleMatrix.full.arms[2]
    var matrix = SampleMatrix.full
    #expect(Wording.leftOut(verdict, of: matrix) == ["3 launches not counted"])
    verdict.outcomes = [
      OutcomeCount(outcome: .ready, launches: 9), OutcomeCount(outcome: .invalid, launches: 1),
    ]
    #expect(Wording.leftOut(verdict, of: matrix) == ["1 launch not counted"])
    verdict.outcomes = [OutcomeCount(outcome: .timeout, launches: 9)]
    verdict.trials = SampleMatrix.rate(9, 9, 0.6, 1)
    #expect(Wording.leftOut(verdict, of: matrix) == [])
    matrix.isPartial = true
    #expect(Wording.leftOut(verdict, of: matrix) == ["9 of 100 trials counted"])
    verdict.trials.outOf = 100
    #expect(Wording.leftOut(verdict, of: matrix) == [], "all of them")
    verdict.trials.outOf = 9
    verdict.planAnswer = .skipped
    #expect(Wording.leftOut(verdict, of: matrix) == [])
  }

  @Test(
    arguments: [
      (Demand(failureRateAtMost: 0.05), "at most 5 %"),
      (Demand(failureRateAtMost: 0.002), "at most 0.2 %"),
      (Demand(failureRateAtLeast: 0.6, isMustFailControl: true), "control: at least 60 %"),
      (Demand(failureRateAtMost: 0.55, failureRateAtLeast: 0.24), "at least 24 %, at most 55 %"),
      (Demand(like: "probe-then-bind"), "like probe-then-bind"),
    ] as [(Demand, String)])
  func `a demand is in the cell`(_ demand: Demand, _ text: String) {
    #expect(Wording.demand(demand) == text)
  }

  @Test func `a prediction agrees, disagrees, or was not tested`() {
    #expect(Wording.prediction(SampleMatrix.model(0.798, 0.5, true)) == "model 79.8 % agrees")
    #expect(Wording.prediction(SampleMatrix.model(0, 0, false)) == "model 0 % DISAGREES")
    #expect(Wording.prediction(SampleMatrix.model(0.25, nil, nil)) == "model 25.0 %")
  }

  @Test(
    arguments: [
      (1, true, "consistent, p = 1.000"), (0.532_4, true, "consistent, p = 0.532"),
      (0.010_01, true, "consistent, p = 0.0100"), (0.009_6, false, "NOT consistent, p = 0.0096"),
      (0.000_12, false, "NOT consistent, p = 0.0001"),
      (0.000_04, false, "NOT consistent, p < 0.0001"), (0, false, "NOT consistent, p < 0.0001"),
    ] as [(Double, Bool, String)])
  func `a p-value is never rounded to nothing`(_ p: Double, _ isConsistent: Bool, _ text: String) {
    let comparison = PublishedComparison(
      figure: SampleMatrix.figure, rate: SampleMatrix.rate(4, 5, 0.284, 0.995), pValue: p,
      level: 0.01, isConsistent: isConsistent)
    #expect(
      Wording.published(comparison, SampleMatrix.full.arms[0])
        == "published 4/5 80.0 % [28.4, 99.5], measured 80/100 launches: \(text) (a paper, table 2)"
    )
  }

  @Test func `a published figure is put beside launches or trials, as it says`() {
    var comparison = PublishedComparison(
      figure: SampleMatrix.figure, rate: SampleMatrix.rate(4, 5, 0.284, 0.995), pValue: 0.2,
      level: 0.01, isConsistent: true)
    comparison.figure.per = .trial
    #expect(
      Wording.published(comparison, SampleMatrix.full.arms[3])
        == "published 4/5 80.0 % [28.4, 99.5], measured 40/100 trials: consistent, p = 0.200 (a paper, table 2)"
    )
    comparison.pValue = nil
    comparison.isConsistent = nil
    #expect(
      Wording.published(comparison, SampleMatrix.full.arms[4])
        == "published 4/5 80.0 % [28.4, 99.5], measured 0/0 trials: nothing to compare (a paper, table 2)"
    )
    #expect(
      Wording.published(comparison, SampleMatrix.full.arms[3])
        == "published 4/5 80.0 % [28.4, 99.5], measured 40/100 trials: not tested, as launches that share a trial are not independent (a paper, table 2)"
    )
  }

  @Test(
    arguments: [
      ([.asExpected, .asExpected], false, "every demand is met: 2 as expected"),
      (
        [.asExpected, .notDemanded], false,
        "every demand is met: 1 as expected, 1 without a demand"
      ),
      (
        [.notAsExpected, .undecided], false,
        "a demand is violated: 1 NOT as expected, 1 undecided"
      ),
      (
        [.asExpected, .undecided], false,
        "not everything could be decided: 1 as expected, 1 undecided"
      ),
      (
        [.asExpected], true,
        "PARTIAL (interrupted): not everything could be decided: 1 as expected"
      ),
      ([.notAsExpected], true, "PARTIAL (interrupted): a demand is violated: 1 NOT as expected"),
      ([.notDemanded, .notDemanded], false, "nothing was demanded: 2 without a demand"),
      ([.notDemanded, .skipped], false, "nothing was demanded: 1 without a demand, 1 skipped"),
      ([.skipped], false, "not everything could be decided: 1 skipped"),
      ([], false, "nothing ran"),
    ] as [([PlanAnswer], Bool, String)])
  func `one sentence for the whole`(_ answers: [PlanAnswer], _ isPartial: Bool, _ text: String) {
    let matrix = Matrix(
      plan: .sample([]),
      arms: answers.map { SampleMatrix.verdict(0, $0, "", SampleMatrix.rate(0, 1, 0, 1)) },
      isPartial: isPartial)
    #expect(Wording.conclusion(matrix) == text)
  }
}

@Suite struct ProgressLineTests {
  let line = ProgressLine(
    arms: 9, arm: 3, name: "quiet-launch, probe-then-bind", trialsDone: 340, trialsPlanned: 900,
    rate: SampleMatrix.rate(271, 340, 0.7506, 0.8385), elapsedSeconds: 12.04,
    trialsPerSecond: 28.24,
    leftSeconds: 19.83)

  @Test func `the line says where the run is and how long it will take`() {
    #expect(
      line.text
        == "12 s: 340/900 trials, 28.2 trials/s, 20 s left; arm 3 (0 to 8), quiet-launch, probe-then-bind: launches failed 271/340 79.7 % [75.1, 83.9]"
    )
  }

  @Test func `before anything is known it claims nothing`() {
    var line = line
    line.trialsDone = 0
    line.rate = SampleMatrix.rate(0, 0, 0, 1)
    line.elapsedSeconds = 0
    line.trialsPerSecond = 0
    line.leftSeconds = nil
    #expect(
      line.text
        == "0 s: 0/900 trials, 0.0 trials/s; arm 3 (0 to 8), quiet-launch, probe-then-bind: launches failed 0/0"
    )
  }
}
