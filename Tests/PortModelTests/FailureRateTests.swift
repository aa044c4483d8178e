import Glibc
import PortModel
import Testing

@Suite struct FailureRateTests {
  static let defaultRange = EphemeralRange(32768...60999)

  @Test(arguments: [(8, 0.0020), (16, 0.0085), (32, 0.0346)])
  func `the report's table of duplicates`(addresses: Int, rate: Double) {
    let predicted = FailureRate.duplicates(draws: addresses, slots: Self.defaultRange.slots())
    #expect(abs(predicted - rate) < 0.0001)
  }

  @Test func `80 percent on a small pool, and by foreign draws on the default one`() throws {
    #expect(abs(FailureRate.duplicates(draws: 32, slots: 308) - 0.81) < 0.005)
    let conditions = LaunchConditions(
      model: .probeThenBind, range: Self.defaultRange, addressesPerLaunch: 32, foreignDraws: 690)
    #expect(abs(try #require(FailureRate.predict(conditions)).perLaunch - 0.80) < 0.01)
  }

  @Test func `what is held from the start fails only when the pool is empty`() {
    let small = EphemeralRange(40000...40063)
    let at = { (foreign: Int) in
      FailureRate.predict(
        LaunchConditions(
          model: .heldFromTheStart, range: small, addressesPerLaunch: 32, foreignDraws: foreign)
      )?.perLaunch ?? .nan
    }
    #expect(at(32) == 0)
    #expect(at(33) == 1)
  }

  /// Which of several launches meets a squatter, its order decides.
  @Test func `a squatter is certain for one launch and has no rate for several`() {
    let at = { (launches: Int) in
      FailureRate.predict(
        LaunchConditions(
          model: .outsideThePool, range: Self.defaultRange, launches: launches,
          addressesPerLaunch: 4,
          squatters: [.init(reusesAddress: false, reusesPort: false)]))
    }
    #expect(at(1) == PredictedFailure(perLaunch: 1, perTrial: 1))
    #expect(at(2) == nil)
  }

  @Test func `a squatter gets past what shares its option, and no other`() {
    func rate(_ model: CollisionModel, address: Bool, port: Bool) -> Double? {
      FailureRate.predict(
        LaunchConditions(
          model: model, range: Self.defaultRange, addressesPerLaunch: 4,
          squatters: [.init(reusesAddress: address, reusesPort: port)]))?.perLaunch
    }
    #expect(rate(.heldWithReusePort, address: true, port: false) == 0)
    #expect(rate(.heldWithReusePort, address: false, port: true) == 1)
    #expect(rate(.heldWithReuseAddress, address: true, port: false) == 1)
    #expect(rate(.heldWithReuseAddress, address: false, port: true) == 0)
  }

  /// One of two ports is drawn: the other one is the launch's with probability 1/2.
  @Test func `draws that leave just enough ports may miss those of the launch`() {
    #expect(abs(FailureRate.stolen(addresses: 1, slots: 2, foreignDraws: 1) - 0.5) < 1e-12)
    #expect(FailureRate.stolen(addresses: 1, slots: 2, foreignDraws: 2) == 1)
  }

  /// `inet_csk_find_open_port`: with SO_REUSEADDR a range of four ports or more is tried in halves, of which the second
  /// begins at an even distance from the low end.
  @Test(
    arguments: [
      (6, false, [[1, 3, 5], [0, 2, 4]]), (6, true, [[1], [0], [3, 5], [2, 4]]),
      (4, true, [[1], [0], [3], [2]]), (2, true, [[1], [0]]), (2, false, [[1], [0]]),
    ] as [(Int, Bool, [Set<Int>])])
  func `ports are tried in the kernel's order`(
    _ count: Int, _ reuseAddress: Bool, _ groups: [Set<Int>]
  ) {
    let range = EphemeralRange(40_000...40_000 + count - 1)
    var allocator = SimulatedAllocator(range: range, seed: 1)
    for group in groups {
      // Within a group it begins anywhere.
      let drawn = group.compactMap { _ in allocator.drawPort(reuseAddress: reuseAddress) }
      #expect(Set(drawn.map { $0 - 40_000 }) == group)
    }
    #expect(allocator.drawPort(reuseAddress: reuseAddress) == nil)
    #expect(range.slots(reuseAddress: reuseAddress) == groups[0].count)
  }

  @Test func `reserved ports are never drawn`() {
    let range = EphemeralRange(40_000...40_009, reserved: [40_001, 40_004])
    var allocator = SimulatedAllocator(range: range, seed: 1)
    var drawn: Set<Int> = []
    while let port = allocator.drawPort(reuseAddress: false) { drawn.insert(port) }
    #expect(drawn == Set(40_000...40_009).subtracting([40_001, 40_004]))
    #expect(range.capacity == 8 && range.slots() == 4)
  }

  @Test func `reserved ports lessen a pool's capacity only inside it`() {
    #expect(EphemeralRange(40_000...40_063, reserved: [40_000, 40_063, 40_064, 80]).capacity == 62)
  }

  /// One trial on the simulated allocator: all launches probe in turn, strangers draw and hold, everybody binds
  /// in random order. Returns which launches lose a port.
  static func simulate(
    range: EphemeralRange, launches: Int, addresses: Int, foreign: Int, seed: UInt64
  ) -> [Bool] {
    var allocator = SimulatedAllocator(range: range, seed: seed)
    var order: [(launch: Int, port: Int)] = []
    for _ in 0..<addresses {
      for launch in 0..<launches {
        let port = allocator.drawPort(reuseAddress: false)!
        allocator.release(port)
        order.append((launch, port))
      }
    }
    var taken = Set((0..<foreign).map { _ in allocator.drawPort(reuseAddress: false)! })
    var generator = SeededGenerator(trialSeed: seed, for: .launcher)
    generator.shuffle(&order)
    var lost = [Bool](repeating: false, count: launches)
    for bind in order where !taken.insert(bind.port).inserted { lost[bind.launch] = true }
    return lost
  }

  @Test(arguments: [(1, 32, 0), (1, 32, 40), (5, 8, 0), (5, 8, 30), (3, 16, 10)])
  func `closed forms agree with the simulated allocator`(
    launches: Int, addresses: Int, foreign: Int
  ) throws {
    let range = EphemeralRange(32768...34767)
    let trials = 6_000
    let results = (0..<trials).map {
      Self.simulate(
        range: range, launches: launches, addresses: addresses, foreign: foreign,
        seed: UInt64($0) &* 7919)
    }
    let predicted = try #require(
      FailureRate.predict(
        LaunchConditions(
          model: .probeThenBind, range: range, launches: launches, addressesPerLaunch: addresses,
          foreignDraws: foreign)))
    // Five standard deviations: a false alarm has probability below 6e-7 in each comparison; the seeds are
    // fixed. The per-launch form is approximate, to about 1 % of the rate.
    let perTrial = Double(results.filter { $0.contains(true) }.count) / Double(trials)
    let sigma = (predicted.perTrial * (1 - predicted.perTrial) / Double(trials)).squareRoot()
    #expect(abs(perTrial - predicted.perTrial) < 5 * sigma)
    let perLaunch =
      Double(results.flatMap { $0 }.filter { $0 }.count) / Double(trials * launches)
    let launchSigma = (predicted.perLaunch * (1 - predicted.perLaunch) / Double(trials))
      .squareRoot()
    #expect(abs(perLaunch - predicted.perLaunch) < 5 * launchSigma + 0.01 * predicted.perLaunch)
  }

  /// Launches probe and let go, siblings probe and let go, then all bind. As above: five standard deviations.
  @Test(arguments: [(4, 32), (8, 100), (16, 10)])
  func `siblings' probes agree with the simulated allocator`(addresses: Int, probes: Int) throws {
    let range = EphemeralRange(32768...33767)
    let trials = 6_000
    var lost = 0
    for trial in 0..<trials {
      var allocator = SimulatedAllocator(range: range, seed: UInt64(trial) &* 104_729)
      func probe() -> Int {
        let port = allocator.drawPort(reuseAddress: false)!
        allocator.release(port)
        return port
      }
      let own = (0..<addresses).map { _ in probe() }
      let theirs = Set((0..<probes).map { _ in probe() })
      if Set(own).count < addresses || !theirs.isDisjoint(with: own) { lost += 1 }
    }
    let predicted = try #require(
      FailureRate.predict(
        LaunchConditions(
          model: .probeThenBind, range: range, addressesPerLaunch: addresses,
          foreignProbes: probes))
    ).perLaunch
    let sigma = (predicted * (1 - predicted) / Double(trials)).squareRoot()
    #expect(abs(Double(lost) / Double(trials) - predicted) < 5 * sigma)
  }

  /// Five standard deviations: a false alarm has probability below 6e-7 in each case; the seeds are fixed. The pool
  /// is small: there the mean number in place of the Poisson number is off by eight of them, or six where others
  /// hold some, and exp(-λn/N) by more.
  @Test(arguments: Churn.cases)
  func `a Poisson number of draws agrees with the simulated allocator`(_ churn: Churn) throws {
    let trials = 30_000
    let lost = (0..<trials).count { trial in
      var allocator = SimulatedAllocator(range: churn.range, seed: UInt64(trial) &* 49_979_687)
      return churn.loses(&allocator, seed: UInt64(trial) &* 49_979_687)
    }
    let rate = try #require(FailureRate.predict(churn.conditions)).perLaunch
    let sigma = (rate * (1 - rate) / Double(trials)).squareRoot()
    let measured = Double(lost) / Double(trials)
    #expect(abs(measured - rate) < 5 * sigma, "\(measured), predicted \(rate), \(sigma)")
  }

  @Test func `churn on the default pool is close to as many held ports as its mean`() throws {
    let stolen = { (held: Int, churned: Double) in
      FailureRate.stolen(addresses: 32, slots: 14_116, foreignDraws: held, churned: churned)
    }
    // By summing the mixture term by term with another program.
    #expect(abs(stolen(0, 690) - 0.798_831) < 0.000_001)
    #expect(stolen(0, 690) < stolen(690, 0))
    #expect(abs(stolen(690, 0) - stolen(690, 1e-12)) < 1e-12)
    #expect(stolen(0, 1e6) == 1)
  }

  /// `bind(0)` without SO_REUSEADDR draws from both halves, a probe with it from the lower one: what strangers
  /// hold hits it as often as any other number. Five standard deviations.
  @Test func `a probe with SO_REUSEADDR loses to strangers as often as one without`() throws {
    let range = EphemeralRange(32768...33767)
    let (trials, addresses, foreign) = (6_000, 4, 60)
    var lost = 0
    for trial in 0..<trials {
      var allocator = SimulatedAllocator(range: range, seed: UInt64(trial) &* 15_485_863)
      let own = (0..<addresses).map { _ in
        let port = allocator.drawPort(reuseAddress: true)!
        allocator.release(port)
        return port
      }
      let theirs = Set((0..<foreign).map { _ in allocator.drawPort(reuseAddress: false)! })
      if Set(own).count < addresses || !theirs.isDisjoint(with: own) { lost += 1 }
    }
    let predicted = try #require(
      FailureRate.predict(
        LaunchConditions(
          model: .probeThenBind, range: range, addressesPerLaunch: addresses,
          foreignDraws: foreign, probesReuseAddress: true))
    ).perLaunch
    let sigma = (predicted * (1 - predicted) / Double(trials)).squareRoot()
    #expect(abs(Double(lost) / Double(trials) - predicted) < 5 * sigma)
  }
}
