import PortModel
import Statistics
import Testing

/// Settings in which the simulated launches are held to the formulas and to the kernel.
enum SimulatedCases {
  static let pool = EphemeralRange(40_000...40_399)

  static let all: [LaunchSimulation] = [
    LaunchSimulation(method: .probes, addresses: 8),
    LaunchSimulation(method: .probes, addresses: 16, foreignDraws: 10),
    LaunchSimulation(method: .probes, addresses: 4, residents: 60),
    LaunchSimulation(method: .probes, addresses: 4, residents: 150, foreignDraws: 5),
    LaunchSimulation(method: .probes, launches: 3, addresses: 4),
    LaunchSimulation(method: .probes, launches: 5, addresses: 2, foreignDraws: 8),
    LaunchSimulation(method: .probes, launches: 2, addresses: 4, residents: 40, foreignDraws: 4),
    LaunchSimulation(method: .distinctProbes, addresses: 8, foreignDraws: 10),
    LaunchSimulation(method: .distinctProbes, addresses: 12, residents: 80),
    LaunchSimulation(method: .distinctProbes, launches: 4, addresses: 4),
    LaunchSimulation(method: .distinctProbes, launches: 2, addresses: 6, foreignDraws: 6),
    LaunchSimulation(method: .heldTogether, addresses: 10, foreignDraws: 10),
    LaunchSimulation(method: .heldTogether, launches: 3, addresses: 5),
    LaunchSimulation(method: .heldTogether, launches: 2, addresses: 4, residents: 100),
    LaunchSimulation(method: .kept, launches: 3, addresses: 8, residents: 50, foreignDraws: 20),
  ]
}

@Suite struct LaunchSimulationTests {
  /// False alarm: 1e-6 in each case, the level of the exact test.
  @Test(arguments: SimulatedCases.all)
  func `simulated launches fail as often as the formulas say`(_ simulation: LaunchSimulation) {
    let model: CollisionModel =
      switch simulation.method {
      case .probes: .probeThenBind
      case .distinctProbes, .heldTogether: .distinctProbes
      case .kept: .heldFromTheStart
      }
    let conditions = LaunchConditions(
      model: model, range: SimulatedCases.pool, launches: simulation.launches,
      addressesPerLaunch: simulation.addresses, foreignDraws: simulation.foreignDraws,
      residents: simulation.residents)
    // What has no formula is held to the kernel alone.
    guard let rates = FailureRate.predict(conditions) else { return }
    let counts = simulation.simulate(range: SimulatedCases.pool, trials: 10_000, seed: 77)
    #expect(counts.trials == 10_000 && counts.launches == 10_000 * simulation.launches)
    let p = BinomialTest.pValue(counts.failedTrials, outOf: counts.trials, rate: rates.perTrial)
    #expect(p > 1e-6, "\(counts), predicted \(rates)")
  }

  @Test func `equal seeds give equal counts, and every port is free after a trial`() {
    let simulation = LaunchSimulation(
      method: .probes, launches: 2, addresses: 4, residents: 10, foreignDraws: 5)
    let first = simulation.simulate(range: SimulatedCases.pool, trials: 100, seed: 5)
    #expect(first == simulation.simulate(range: SimulatedCases.pool, trials: 100, seed: 5))
    #expect(first != simulation.simulate(range: SimulatedCases.pool, trials: 100, seed: 6))
    var allocator = SimulatedAllocator(range: SimulatedCases.pool, seed: 1)
    _ = simulation.run(on: &allocator, trials: 50, seed: 2)
    let drawn = (0..<401).map { _ in allocator.drawPort(reuseAddress: false) }
    #expect(Set(drawn.compactMap { $0 }).count == 400 && drawn.last! == nil)
  }

  @Test func `a launch that finds no port left has failed`() {
    let full = EphemeralRange(40_000...40_009)
    for method in LaunchSimulation.Method.allCases {
      let simulation = LaunchSimulation(method: method, addresses: 2, residents: 10)
      let counts = simulation.simulate(range: full, trials: 3, seed: 1)
      #expect(counts.failedLaunches == 3 && counts.failedTrials == 3, "\(method)")
    }
    // More different numbers than there are: it gives up.
    let greedy = LaunchSimulation(method: .distinctProbes, addresses: 11)
    #expect(greedy.simulate(range: full, trials: 1, seed: 1).failedLaunches == 1)
  }
}
