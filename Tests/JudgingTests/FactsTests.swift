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

  @Test(arguments: Verdict.allCases) func `every verdict has its sentences`(_ verdict: Verdict) {
    #expect(Self.isSentence(verdict.facts.meaning), "\(verdict.facts.meaning)")
    #expect(Self.isSentence(verdict.facts.advice), "\(verdict.facts.advice)")
    let others = Verdict.allCases.filter { $0 != verdict }
    #expect(!others.map(\.facts.meaning).contains(verdict.facts.meaning))
  }

  @Test func `only what went as demanded ends with 0 and passes`() {
    for verdict in Verdict.allCases where verdict != .skipped {
      #expect((verdict.facts.exitCode == 0) == (verdict.facts.testResult == .passed), "\(verdict)")
    }
    #expect(Verdict.skipped.facts.testResult == .skipped)
    #expect(Verdict.allCases.filter { $0.facts.exitCode == 1 } == [.fail, .unexpectedPass])
  }
}
