import PlanModel
import PortModel
import Testing

@testable import Theory

@Suite struct RateQuestionTests {
  private static let vocabulary = Vocabulary(
    strategies: TestVocabulary.vocabulary.strategies,
    thieves: TestVocabulary.vocabulary.thieves + [
      ThiefDescriptor(
        name: "resident-hold", summary: "holds before",
        options: [
          OptionDescriptor(
            name: "ports", defaultValue: nil, range: 1...60_000, summary: "ports it holds")
        ], intensity: "ports", model: .holdsThroughout)
    ])

  private static func question(
    _ strategy: String = "probe-then-bind", apiServers: Int = 16, launches: Int = 1,
    foreignDraws: Int = 0, residents: Int = 0
  ) throws -> RateQuestion {
    RateQuestion(
      strategy: try #require(vocabulary.strategy(named: strategy)), apiServers: apiServers,
      launches: launches, foreignDraws: foreignDraws, residents: residents)
  }

  private static func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 5e-5 }

  /// 48 addresses on 14,116 slots: 7.69 % among themselves; with 300 draws 67.14 %.
  @Test func `the causes add up to the rate`() throws {
    let answer = try Self.question(apiServers: 24, foreignDraws: 300).answer(Self.vocabulary)
    #expect(Self.isNear(answer.perLaunch, 0.6714) && Self.isNear(answer.ownNumbers, 0.0769))
    #expect(answer.otherLaunches == 0 && answer.simulatedTrials == nil)
    let five = try Self.question(apiServers: 24, launches: 5, foreignDraws: 300).answer(
      Self.vocabulary)
    #expect(five.otherLaunches > 0.2 && five.perTrial > five.perLaunch)
    let sum = five.ownNumbers + five.otherLaunches + five.others
    #expect(abs(sum - five.perLaunch) < 1e-12)
  }

  /// False alarm: below 1e-8, five and a half standard errors of 20,000 trials each.
  @Test func `the simulation gives the same answer`() throws {
    let question = try Self.question(apiServers: 24, launches: 2, foreignDraws: 100)
    let exact = try question.answer(Self.vocabulary)
    let seen = try #require(question.simulated(trials: 20_000, seed: 3))
    #expect(seen.simulatedTrials == 20_000)
    #expect(abs(seen.perTrial - exact.perTrial) < 0.02, "\(seen), \(exact)")
    #expect(abs(seen.ownNumbers - exact.ownNumbers) < 0.02, "\(seen), \(exact)")
  }

  @Test func `a knob is solved for, and a rate out of reach has other ways`() throws {
    let eighty = try KnobSolver(Self.question(), vocabulary: Self.vocabulary)
      .solve(.foreignDraws, target: 0.8)
    guard case .solved(let setting) = eighty else {
      Issue.record("\(eighty)")
      return
    }
    #expect(setting.value == 677 && abs(setting.perLaunch - 0.8) < 1e-3)
    let six = try KnobSolver(Self.question(apiServers: 24), vocabulary: Self.vocabulary)
      .solve(.foreignDraws, target: 0.06)
    guard case .outOfReach(let nearest, let others) = six else {
      Issue.record("\(six)")
      return
    }
    #expect(nearest.value == 0 && Self.isNear(nearest.perLaunch, 0.0769))
    #expect(others.map(\.knob) == ["api-servers", "pool-ports"], "\(others)")
    for other in others {
      var question = try Self.question(apiServers: 24)
      question[try #require(RateQuestion.Knob(rawValue: other.knob))] = other.value
      #expect(try question.answer(Self.vocabulary).perLaunch == other.perLaunch)
    }
  }

  @Test func `every knob is read back as it was set`() throws {
    for knob in RateQuestion.Knob.allCases {
      for value in [knob.range.lowerBound, 40, knob.range.upperBound] {
        var question = try Self.question()
        question[knob] = value
        #expect(question[knob] == value, "\(knob.rawValue) \(value)")
      }
    }
  }
}
