import PortModel
import Statistics
import Testing

/// Nights of a cell: failures out of so many observations.
private func series(_ rates: [Double], each counted: Int, seed: UInt64) -> [ChangePoint.Count] {
  var generator = SeededGenerator(seed: seed)
  return rates.map { rate in
    ChangePoint.Count(
      failed: (0..<counted).filter { _ in generator.uniform() < rate }.count, counted: counted)
  }
}

@Suite struct ChangePointTests {
  /// The marginal likelihoods summed with mpmath 1.3.0.
  @Test func `posterior and place are the closed form's`() throws {
    let clear = try #require(
      ChangePoint([.init(failed: 0, counted: 10), .init(failed: 10, counted: 10)]))
    #expect(abs(clear.probability - 0.999_994_587_485_183_2) < 1e-12)
    let counts = [1, 0, 2, 9, 7].map { ChangePoint.Count(failed: $0, counted: 50) }
    let likely = try #require(ChangePoint(counts))
    #expect(abs(likely.probability - 0.993_337_718_869_765_2) < 1e-12)
    #expect(likely.place == 3)
    // 0.878 and 0.120 are the two that together exceed 0.95.
    #expect(likely.places == 2...3)
    let none = try #require(
      ChangePoint(Array(repeating: .init(failed: 0, counted: 20), count: 4)))
    #expect(abs(none.probability - 0.121_509_090_040_902_85) < 1e-12)
  }

  @Test func `nights without observations neither count nor are a place`() throws {
    let empty = ChangePoint.Count(failed: 0, counted: 0)
    #expect(ChangePoint([]) == nil)
    #expect(ChangePoint([empty, .init(failed: 1, counted: 5), empty]) == nil)
    let change = try #require(
      ChangePoint([.init(failed: 0, counted: 50), empty, .init(failed: 50, counted: 50)]))
    #expect(change.place == 2)
  }

  @Test func `many observations do not overflow`() throws {
    let million = 1_000_000
    let change = try #require(
      ChangePoint([
        .init(failed: 0, counted: million), .init(failed: million, counted: million),
      ]))
    #expect(change.probability == 1)
    #expect(change.place == 1)
  }

  /// By Ville's inequality the expected share is at most 1/19, averaged over the prior; the seeds are fixed, so that this
  /// test gives no false alarm.
  @Test(arguments: [0.0, 0.02, 0.2, 0.8]) func `steady series seldom show a change`(rate: Double) {
    let shown = (0..<1_000).filter { seed in
      let counts = series(Array(repeating: rate, count: 30), each: 300, seed: UInt64(seed))
      return !ChangePoint.all(counts, atLeast: 0.95).isEmpty
    }
    #expect(shown.count <= 1_000 / 19, "\(shown.count)")
  }

  /// Fixed seeds: no false alarm.
  @Test func `a rise from 2 % to 8 % is found where it is`() {
    let rates = Array(repeating: 0.02, count: 20) + Array(repeating: 0.08, count: 10)
    let found = (0..<500).map { seed in
      ChangePoint.all(series(rates, each: 300, seed: UInt64(seed)), atLeast: 0.95)
    }
    #expect(found.filter(\.isEmpty).isEmpty)
    let near = found.filter { $0.contains { $0.places.contains(20) } }
    #expect(near.count >= 475, "\(near.count)")
  }

  @Test func `two changes are found in order`() {
    let counts = [0, 1, 0, 60, 55, 62, 5, 4, 6].map { ChangePoint.Count(failed: $0, counted: 100) }
    #expect(ChangePoint.all(counts, atLeast: 0.95).map(\.place) == [3, 6])
  }
}
