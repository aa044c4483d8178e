import PortModel
import Testing

@Suite struct SeedPurposeTests {
  /// The first four draws of each stream. 64-bit numbers that have nothing to do with one another are equal
  /// somewhere among 36,352 with a probability below 4e-11; the seeds are fixed.
  @Test(arguments: [0, 1, 7, .max] as [UInt64])
  func `no two purposes share a stream, nor does one with the seed's own`(seed: UInt64) {
    var seen: Set<UInt64> = []
    var count = 0
    func take(_ generator: SeededGenerator) {
      var generator = generator
      for _ in 0..<4 {
        seen.insert(generator.next())
        count += 1
      }
    }
    // By the numbers of slots, which is how streams were told apart that had no purpose.
    for number in 0..<UInt64(1_024) {
      take(SeededGenerator(seed: seed &+ number))
    }
    for purpose in SeedPurpose.OfTrial.allCases {
      for number in 0..<UInt64(896) {
        take(SeededGenerator(trialSeed: seed, for: purpose, number))
      }
    }
    #expect(seen.count == count)
  }

  /// A run's record can be replayed only as long as these stay.
  @Test func `the numbers of the purposes do not change`() {
    #expect(SeedPurpose.OfPlan.allCases.map(\.rawValue) == [0, 1])
    #expect(SeedPurpose.OfTrial.allCases.map(\.rawValue) == Array(1...10))
    var generator = SeededGenerator(trialSeed: 40_443, for: .launcher, 3)
    #expect(generator.next() == 6_469_087_404_177_520_955)
  }
}
