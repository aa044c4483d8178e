import PlanModel
import RunContract
import TestSupport
import Testing

@Suite struct BuildFingerprintTests {
  private static func of(
    strategies: [StrategyDescriptor] = Vocabulary.sample.strategies,
    thieves: [ThiefDescriptor] = Vocabulary.sample.thieves
  ) -> UInt64 {
    BuildFingerprint.of(strategies: strategies, thieves: thieves, faults: [])
  }

  @Test func `equal registries have equal fingerprints, others do not`() {
    let own = Self.of()
    #expect(own != 0)
    #expect(own == Self.of())
    #expect(Self.of(strategies: Vocabulary.sample.strategies.reversed()) != own)
    #expect(Self.of(thieves: Vocabulary.sample.thieves.dropLast()) != own)
    // Options are handed over by their places, too.
    let thieves = Vocabulary.sample.thieves.map {
      ThiefDescriptor(
        name: $0.name, summary: $0.summary, options: $0.options.reversed(), model: $0.model)
    }
    #expect(Self.of(thieves: thieves) != own)
  }
}
