import PortModel
import Statistics
import Testing

/// Where the kernel's order of search matters: a probe is given the next free port after what is held.
@Suite struct ResidentTests {
  /// False alarm: 1e-6 in each case, the level of the exact test; the seeds are fixed. At 40,000 trials a rate that is
  /// off by two percentage points is found with all but certainty.
  @Test(arguments: LaunchTrial.cases)
  func `the exact forms agree with the simulated allocator`(_ trial: LaunchTrial) throws {
    var allocator = SimulatedAllocator(range: trial.range, seed: 15_485_863)
    let trials = 10_000
    let lost = (0..<trials).count { _ in trial.loses(&allocator) }
    let rate = try #require(FailureRate.predict(trial.conditions)).perLaunch
    let p = BinomialTest.pValue(lost, outOf: trials, rate: rate)
    #expect(p > 1e-6, "\(lost) of \(trials), predicted \(rate)")
  }

  /// The same value by another program, from the same formula with the sums as they stand; 0.111 were the draws uniform
  /// over the 240 slots that are left.
  @Test func `60 of 300 residents make a launch of 8 addresses fail at 13.6 percent`() throws {
    let conditions = LaunchConditions(
      model: .probeThenBind, range: EphemeralRange(32_768...33_367), addressesPerLaunch: 8,
      residents: 60)
    #expect(abs(try #require(FailureRate.predict(conditions)).perLaunch - 0.135_950_389) < 1e-8)
  }

  @Test(arguments: [1, 2, 8, 32]) func `without residents both forms are one`(addresses: Int) throws
  {
    // A resident too few to matter differs by its share alone.
    let at = { (residents: Int, draws: Int) in
      try #require(
        FailureRate.predict(
          LaunchConditions(
            model: .probeThenBind, range: EphemeralRange(32_768...60_999),
            addressesPerLaunch: addresses, foreignDraws: draws, residents: residents))
      ).perLaunch
    }
    #expect(abs(try at(0, 50) - at(1, 50)) < 1e-4)
    #expect(try at(1, 50) > at(0, 50) || addresses == 1)
  }

  @Test func `large pools and many addresses stay in range`() throws {
    let at = { (addresses: Int, residents: Int) in
      try #require(
        FailureRate.predict(
          LaunchConditions(
            model: .probeThenBind, range: EphemeralRange(32_768...60_999),
            addressesPerLaunch: addresses, residents: residents))
      ).perLaunch
    }
    #expect(try at(2_048, 7_000) == 1)
    #expect(try (0.0...1).contains(at(300, 14_000)))
    #expect(try at(4, 28_232) == 1)
    // The last free port of the first parity is drawn by everybody.
    #expect(try at(2, 14_115) == 1)
    #expect(try at(1, 14_115) < 1e-9)
    // Where the first parity is full, the other one is uniform again.
    #expect(abs(try at(2, 14_116) - 1 / 14_116) < 1e-9)
  }

  /// Two launches of three addresses among 40 residents of 200. False alarm: 1e-6 for the rate per trial; five standard
  /// deviations and 2 % for the rate per launch, which is approximate; the seeds are fixed.
  @Test func `several launches beside residents`() throws {
    let trials = 20_000
    var (any, each) = (0, 0)
    var allocator = SimulatedAllocator(range: LaunchTrial.pool, seed: 32_452_843)
    for trial in 0..<trials {
      var generator = SeededGenerator(trialSeed: UInt64(trial), for: .launcher)
      let held = (0..<40).map { _ in allocator.drawPort(reuseAddress: false)! }
      var order = (0..<6).map { index in
        let port = allocator.drawPort(reuseAddress: false)!
        allocator.release(port)
        return (launch: index % 2, port: port)
      }
      for port in held { allocator.release(port) }
      generator.shuffle(&order)
      var taken: Set<Int> = []
      var lost = [false, false]
      for bind in order where !taken.insert(bind.port).inserted { lost[bind.launch] = true }
      each += lost.count(where: \.self)
      any += lost.contains(true) ? 1 : 0
    }
    let rates = try #require(
      FailureRate.predict(
        LaunchConditions(
          model: .probeThenBind, range: LaunchTrial.pool, launches: 2, addressesPerLaunch: 3,
          residents: 40)))
    #expect(BinomialTest.pValue(any, outOf: trials, rate: rates.perTrial) > 1e-6, "\(any)")
    let measured = Double(each) / Double(2 * trials)
    let sigma = (rates.perLaunch / Double(2 * trials)).squareRoot()
    #expect(
      abs(measured - rates.perLaunch) < 5 * sigma + 0.02 * rates.perLaunch,
      "\(measured) \(rates.perLaunch)")
  }

  @Test func `what depends on more than the pool has no rate`() {
    let at = { (change: (inout LaunchConditions) -> Void) in
      var conditions = LaunchConditions(
        model: .probeThenBind, range: LaunchTrial.pool, addressesPerLaunch: 4, residents: 40)
      change(&conditions)
      return FailureRate.predict(conditions)
    }
    #expect(at { _ in } != nil)
    #expect(at { $0.model = .distinctProbes } == nil)
    #expect(at { $0.probesReuseAddress = true } == nil)
    #expect(at { $0.foreignProbes = 1 } == nil)
    #expect(at { ($0.churnRatePerSecond, $0.churnHoldSeconds) = (1, 1) } == nil)
    // Nothing is bound: what others do afterwards does not matter.
    #expect(at { ($0.foreignProbes, $0.bindsForReal) = (1, false) } == at { _ in })
    #expect(at { $0.range = EphemeralRange(40_000...40_399, reserved: [40_001]) } == nil)
    #expect(at { ($0.model, $0.numbersInPool, $0.foreignProbes) = (.outsideThePool, 4, 1) } == nil)
    #expect(at { ($0.model, $0.numbersInPool, $0.launches) = (.outsideThePool, 4, 2) } == nil)
  }
}
