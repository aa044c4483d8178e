import PortModel
import Testing

@testable import PlanModel
@testable import Theory

/// What each kind of thief draws from.
@Suite struct ThiefReachTests {
  private static func reach(
    _ model: ThiefDescriptor.Model, _ options: [String: Int] = [:],
    strategy: String = "probe-then-bind", vocabulary: Vocabulary = TestVocabulary.vocabulary
  ) -> [ClosedRange<Int>]? {
    let arm = Arm(
      index: 0, scenario: "s", strategy: Choice(name: strategy, label: strategy), depth: .bind,
      topology: Topology(apiServers: 2), pool: PortPool(low: 40_000, high: 40_999), trials: 1)
    let thief = Choice(
      name: "t", label: "t", options: options.map { OptionValue(name: $0.key, value: $0.value) })
    return model.reach(thief, arm, vocabulary)
  }

  @Test func `who asks the kernel gets a port of the pool`() {
    for model in [
      ThiefDescriptor.Model.holdsThroughWindow, .churns, .holdsThroughout, .connects,
      .runsTheSameStart, .exhausts,
    ] { #expect(Self.reach(model) == [40_000...40_999]) }
    #expect(Self.reach(.holdsOverIPv6, ["targeted": 0]) == [40_000...40_999])
    #expect(Self.reach(.holdsOtherAddress, ["early": 1]) == [40_000...40_999])
  }

  @Test func `who goes for the launches' own numbers reaches every port`() {
    for model in [
      ThiefDescriptor.Model.squats, .squatsOnEngines, .holdsNoTCPPort, .unmodelled("why"),
    ] { #expect(Self.reach(model) == nil) }
    #expect(Self.reach(.holdsOverIPv6, ["targeted": 1]) == nil)
    #expect(Self.reach(.holdsOtherAddress, ["early": 0]) == nil)
    #expect(Self.reach(.leavesTimeWait, ["base": 0, "ports": 1]) == nil)
  }

  /// Four addresses of the trial may be passed over.
  @Test func `who counts from a base reaches as far as it counts`() {
    #expect(Self.reach(.scansFromBase, ["base": 20_000, "ports": 10]) == [20_000...20_013])
    #expect(Self.reach(.scansFromBase, ["base": 65_530, "ports": 10]) == [65_530...65_535])
    #expect(Self.reach(.leavesTimeWait, ["base": 20_000, "ports": 10]) == [20_000...20_009])
  }

  @Test func `numbers that the kernel reserves are not drawn`() {
    func reach(_ numbers: Range<Int>) -> [ClosedRange<Int>]? {
      let vocabulary = Vocabulary(
        strategies: [
          StrategyDescriptor(
            name: "reserved", summary: "", origin: "", collisionModel: .reserved,
            numbers: { _, _ in numbers }, depths: [.bind],
            traits: StrategyTraits(
              cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true,
              failure: .closed, weakness: ""))
        ], thieves: [])
      return Self.reach(.churns, strategy: "reserved", vocabulary: vocabulary)
    }
    #expect(reach(40_100..<40_200) == [40_000...40_099, 40_200...40_999])
    #expect(reach(39_000..<40_200) == [40_200...40_999])
    #expect(reach(40_900..<41_000) == [40_000...40_899])
    #expect(reach(30_000..<30_100) == [40_000...40_999])
    #expect(reach(39_000..<42_000) == [])
  }
}
