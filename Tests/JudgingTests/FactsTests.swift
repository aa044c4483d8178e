import Testing

@testable import Judging

/// Words without a row in their table trap when they are first looked up: here, not in a run.
@Suite struct FactsTests {
  private static func isSentence(_ text: String) -> Bool {
    text.count >= 8 && text.last == "." && text.first?.isLowercase == false
      || text.hasPrefix("bindstorm ")
  }

  @Test(arguments: Outcome.allCases) func `every outcome has its sentences`(_ outcome: Outcome) {
    #expect(Self.isSentence(outcome.facts.meaning), "\(outcome.facts.meaning)")
    #expect(Self.isSentence(outcome.facts.advice), "\(outcome.facts.advice)")
    let others = Outcome.allCases.filter { $0 != outcome }
    #expect(!others.map(\.facts.meaning).contains(outcome.facts.meaning))
  }

  @Test(arguments: PlanAnswer.allCases) func `every answer of the plan has its sentences`(
    _ answer: PlanAnswer
  ) {
    #expect(Self.isSentence(answer.facts.meaning), "\(answer.facts.meaning)")
    #expect(Self.isSentence(answer.facts.advice), "\(answer.facts.advice)")
    let others = PlanAnswer.allCases.filter { $0 != answer }
    #expect(!others.map(\.facts.meaning).contains(answer.facts.meaning))
    #expect(!others.map(\.word).contains(answer.word))
  }

  @Test(arguments: StrategyAnswer.allCases) func `every answer of the strategy has its sentences`(
    _ answer: StrategyAnswer
  ) {
    #expect(Self.isSentence(answer.facts.meaning), "\(answer.facts.meaning)")
    #expect(Self.isSentence(answer.facts.advice), "\(answer.facts.advice)")
    let others = StrategyAnswer.allCases.filter { $0 != answer }
    #expect(!others.map(\.facts.meaning).contains(answer.facts.meaning))
  }

  @Test func `only what went as demanded ends with 0 and passes`() {
    for answer in PlanAnswer.allCases where answer != .skipped {
      #expect((answer.facts.exitCode == 0) == (answer.facts.testResult == .passed), "\(answer)")
    }
    #expect(PlanAnswer.skipped.facts.testResult == .skipped)
    #expect(PlanAnswer.allCases.filter { $0.facts.exitCode == 1 } == [.notAsExpected])
    #expect(PlanAnswer.undecided.facts.testResult == .error)
  }

  @Test func `a launch that recovered has not failed, and demands count it`() {
    #expect(Outcome.recovered.isFailure && !Outcome.recovered.isFailed)
    for outcome in Outcome.allCases where outcome != .recovered {
      #expect(outcome.isFailure == outcome.isFailed, "\(outcome)")
    }
  }
}
