import Glibc
import PlanModel
import PortModel
import Testing

@testable import Theory

/// The search, held to allocators and curves whose rate is known. Everything is seeded: no chance.
@Suite struct RateSearchTests {
  private static let pool = EphemeralRange(40_000...40_999)

  private static func rate(_ draws: Int) -> Double {
    FailureRate.predict(
      LaunchConditions(
        model: .probeThenBind, range: pool, addressesPerLaunch: 8, foreignDraws: draws))!
      .perLaunch
  }

  /// Measures until a rate is near; returns the value and how often it measured.
  private static func search(
    _ target: Double, start: Int = 1, range: ClosedRange<Int> = 0...400,
    theory: @escaping (Int) -> Double?, measured: (Int) -> Double
  ) -> (value: Int, rounds: Int)? {
    var search = RateSearch(
      target: target, tolerance: 0.02, range: range, start: start, theory: theory)
    for round in 1...20 {
      guard case .measure(let value) = search.next() else { return nil }
      let rate = measured(value)
      if abs(rate - target) <= 0.02 { return (value, round) }
      search.reject(.init(value: value, failed: rate * 2_000, counted: 2_000))
    }
    return nil
  }

  @Test(arguments: [0.2, 0.5, 0.8, 0.95]) func `theory that is right is measured once`(
    target: Double
  ) throws {
    let found = try #require(
      Self.search(target, theory: Self.rate, measured: Self.rate))
    #expect(found.rounds == 1 && abs(Self.rate(found.value) - target) < 0.02)
  }

  /// A process that theory does not know takes 40 ports more, or a third of the draws comes too late.
  @Test(arguments: [0.3, 0.5, 0.8, 0.95]) func `theory that is off is corrected`(target: Double)
    throws
  {
    for measured in [{ Self.rate($0 + 15) }, { Self.rate($0 * 2 / 3) }] {
      let found = try #require(Self.search(target, theory: Self.rate, measured: measured))
      #expect(found.rounds <= 5, "\(found)")
    }
  }

  /// The simulated allocator in place of the kernel, and no theory at all.
  @Test(arguments: [(0.2, 1), (0.8, 1), (0.8, 400), (0.95, 100)])
  func `without theory the rate is found by measurement`(target: Double, start: Int) throws {
    let found = try #require(
      Self.search(target, start: start, theory: { _ in nil }) { draws in
        let counts = LaunchSimulation(method: .probes, addresses: 8, foreignDraws: draws)
          .simulate(range: Self.pool, trials: 2_000, seed: UInt64(draws) + 1)
        return Double(counts.failedTrials) / Double(counts.trials)
      })
    #expect(found.rounds <= 15 && abs(Self.rate(found.value) - target) < 0.06, "\(found)")
  }

  @Test func `a rate out of reach has its reason`() {
    func reason(_ target: Double, _ theory: @escaping (Int) -> Double?) -> String {
      let search = RateSearch(
        target: target, tolerance: 0.02, range: 0...10, start: 5, theory: theory)
      guard case .outOfReach(let reason) = search.next() else { return "" }
      return reason
    }
    #expect(reason(0.05, { 0.5 + Double($0) / 100 }) == "50 % by theory with 0 already")
    #expect(reason(0.95, { 0.5 + Double($0) / 100 }) == "60 % by theory at most, with 10")
    #expect(reason(0.5, { _ in 0 }) == "0 % by theory, whatever it is")
    #expect(
      reason(0.5, { $0 < 3 ? 0.1 : 0.9 })
        == "10 % by theory with 2, 90 % with 3, and nothing between")
  }

  @Test func `measurements that leave nothing between end the search`() {
    var search = RateSearch(
      target: 0.5, tolerance: 0.02, range: 0...10, start: 4, theory: { _ in nil })
    search.reject(.init(value: 4, failed: 10, counted: 100))
    search.reject(.init(value: 5, failed: 90, counted: 100))
    #expect(
      search.next()
        == .outOfReach("10 % measured at 4 and 90 % measured at 5, and nothing between"))
    var low = RateSearch(target: 0.5, tolerance: 0.02, range: 0...10, start: 4) { _ in nil }
    low.reject(.init(value: 10, failed: 1, counted: 100))
    #expect(low.next() == .outOfReach("1 % measured at the largest value, 10"))
  }
}
