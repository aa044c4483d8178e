import PortModel
import Testing

@testable import PlanModel
@testable import Theory

/// What theory makes of a single thief, beside the rate without it.
@Suite struct ThiefPredictionTests {
  private static func thief(
    _ name: String, _ options: [String], _ model: ThiefDescriptor.Model
  ) -> ThiefDescriptor {
    ThiefDescriptor(
      name: name, summary: "",
      options: options.map {
        OptionDescriptor(name: $0, defaultValue: 0, range: 0...65_535, summary: "")
      }, model: model)
  }

  private static let vocabulary = Vocabulary(
    strategies: TestVocabulary.vocabulary.strategies,
    thieves: [
      thief("residue", ["ports", "base", "reuse_address"], .leavesTimeWait),
      thief("siblings", ["deployments", "addresses", "window_ms"], .runsTheSameStart),
    ])

  /// The rate of a launch of 16 addresses that races, with a thief or without.
  private func rate(
    _ thief: String? = nil, _ options: [String: Int] = [:], foreignDraws: Int = 0
  ) throws -> Double {
    let known = try thief.map { try #require(Self.vocabulary.thief(named: $0)) }
    let choices = known.map { thief in
      Choice(
        name: thief.name, label: thief.name,
        options: thief.options.map { OptionValue(name: $0.name, value: options[$0.name] ?? 0) })
    }
    let arm = Arm(
      index: 0, scenario: "s",
      strategy: Choice(name: "probe-then-bind", label: "probe-then-bind"), depth: .bind,
      topology: Topology(apiServers: 8), window: Window(foreignDraws: foreignDraws),
      thieves: choices.map { [$0] } ?? [], trials: 10)
    return try Prediction.rates(arm, vocabulary: Self.vocabulary).perLaunch
  }

  @Test func `TIME_WAIT is in the way of a launch whose numbers it is on, and of no other`() throws
  {
    #expect(try rate("residue", ["ports": 4]) == 1)
    #expect(try rate("residue", ["ports": 4, "base": 20_000]) == rate())
    #expect(try rate("residue", ["ports": 4, "reuse_address": 1]) == rate())
  }

  /// What they draw must be bound before the launch binds, for certain.
  @Test func `siblings that take their time have a rate where the window waits for all of them`()
    throws
  {
    let options = ["deployments": 2, "addresses": 3, "window_ms": 5]
    let known = try rate("siblings", options, foreignDraws: 6)
    #expect(known > (try rate()))
    #expect(throws: NoPrediction.self) { try rate("siblings", options, foreignDraws: 5) }
    // Without a pause of their own they have bound when the window opens.
    #expect(try rate("siblings", ["deployments": 2, "addresses": 3]) == known)
  }
}
