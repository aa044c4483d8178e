import Faults
import Glibc
import PortModel
import Strategies
import Testing

@testable import PlanModel
@testable import Theory

/// Where theory has a rate and where it has none, by the strategies and thieves that there are.
@Suite struct PredictionTests {
  private static let vocabulary = Vocabulary(
    strategies: StrategyRegistry.descriptors, thieves: ThiefRegistry.descriptors)

  /// An arm with every option at its default, but for those given.
  private static func arm(
    _ name: String, _ options: [String: Int] = [:], servers: Int = 4,
    pool: PortPool = PortPool(), depth: Depth = .bind, startup: Startup? = nil,
    thieves: [Choice] = []
  ) throws -> Arm {
    let known = try #require(vocabulary.strategy(named: name))
    return Arm(
      index: 0, scenario: "s",
      strategy: Choice(name: name, label: name, options: values(known.options, options)),
      depth: depth, topology: Topology(apiServers: servers), pool: pool, startup: startup,
      thieves: thieves, trials: 1_000_000)
  }

  private static func values(
    _ known: [OptionDescriptor], _ given: [String: Int]
  ) -> [OptionValue] {
    known.map { OptionValue(name: $0.name, value: given[$0.name] ?? $0.defaultValue ?? 0) }
  }

  /// Why there is none; nil if there is a rate.
  private static func reason(_ arm: Arm) -> String? {
    do throws(NoPrediction) {
      _ = try Prediction.rates(arm, vocabulary: vocabulary)
      return nil
    } catch {
      return error.reason
    }
  }

  private static let inPool = " lie in the pool, and which it takes depends on the trial"

  /// Of a pool of 300 slots, 15 are held at the address of the bind: a twentieth for each of 16 probes that do not see
  /// them, and none for a probe at that address.
  @Test func `what is held over IPv6 alone is in the way of a start that probes over IPv4`() throws
  {
    let pool = PortPool(low: 40_000, high: 40_600)
    let slots = EphemeralRange(pool.low...pool.high).slots()
    func resident(_ own: Int) throws -> Choice {
      let known = try #require(Self.vocabulary.thief(named: "resident-hold"))
      return Choice(
        name: known.name, label: known.name,
        options: Self.values(known.options, ["ports": slots / 20, "own_address": own]))
    }
    func arm(_ options: [String: Int], _ thieves: [Choice], ipv6: Bool = true) throws -> Arm {
      try Self.arm(
        "probe-then-bind", options, servers: 8, pool: pool, depth: .startup,
        startup: Startup(engines: 8, nodes: 2, hasCoordinator: false, usesIPv6: ipv6),
        thieves: thieves)
    }
    func rate(_ arm: Arm) throws -> Double {
      try Prediction.rates(arm, vocabulary: Self.vocabulary).perLaunch
    }
    let alone = try rate(try arm([:], []))
    let unseen = 1 - (1 - alone) * pow(0.95, 16)
    #expect(abs(try rate(try arm([:], [try resident(1)])) - unseen) < 0.02)
    #expect(try rate(try arm(["own_address": 1], [try resident(1)])) < 1.2 * alone)
    #expect(try rate(try arm([:], [try resident(1)], ipv6: false)) < 1.2 * alone)
    #expect(Self.reason(try arm([:], [try resident(0)]))?.contains("over IPv6") == true)
  }

  /// What counts, and the least base or number of API servers at which it leaves the free numbers.
  struct Counting: Sendable, CustomTestStringConvertible {
    var name: String
    var options: [String: Int] = [:]
    var servers = 4
    var pool = PortPool()
    var reason: String?
    var testDescription: String { "\(name) \(options) \(servers) \(pool)" }
  }

  @Test(arguments: [
    // 20,000 + 100 + 395 windows of 32 end at 32,740; one more ends at 32,772, in the pool.
    Counting(name: "rank-windows", servers: 395),
    Counting(
      name: "rank-windows", servers: 396, reason: "the numbers of rank-windows" + inPool),
    Counting(name: "rank-windows", options: ["width": 1_000], servers: 12),
    Counting(
      name: "rank-windows", options: ["width": 1_000], servers: 13,
      reason: "the numbers of rank-windows" + inPool),
    Counting(name: "sequential-counter", options: ["base": 24_768]),
    Counting(
      name: "sequential-counter", options: ["base": 24_769],
      reason: "the numbers of sequential-counter" + inPool),
    Counting(name: "sequential-counter", options: ["base": 32_000, "span": 768]),
    Counting(name: "lock-file-cursor", options: ["base": 24_768]),
    Counting(
      name: "lock-file-cursor", options: ["base": 24_769],
      reason: "the numbers of lock-file-cursor" + inPool),
    Counting(name: "fixed-ranges", options: ["base": 32_760]),
    // A launch uses all of its numbers.
    Counting(name: "fixed-ranges", options: ["base": 32_761]),
    Counting(
      name: "fixed-ranges", options: ["base": 50_000], pool: PortPool(low: 40_000, high: 50_000)),
    Counting(
      name: "fixed-ranges", options: ["base": 50_001], pool: PortPool(low: 40_000, high: 50_000)),
    Counting(
      name: "fixed-ranges", options: ["base": 60_000], servers: 2_768,
      pool: PortPool(low: 40_000, high: 50_000)),
    Counting(
      name: "fixed-ranges", options: ["base": 60_000], servers: 2_769,
      pool: PortPool(low: 40_000, high: 50_000),
      reason: "fixed-ranges counts beyond port 65535"),
    Counting(name: "reserved-ports", options: ["base": 45_000], servers: 4_096),
    Counting(
      name: "reserved-ports", options: ["base": 60_000], servers: 2_769,
      reason: "reserved-ports counts beyond port 65535"),
  ])
  func `numbers that are counted have a rate as long as no draw can hit them`(
    _ row: Counting
  ) throws {
    let arm = try Self.arm(row.name, row.options, servers: row.servers, pool: row.pool)
    #expect(Self.reason(arm) == row.reason)
  }

  @Test func `a report limit that the import alone reaches leaves no rate`() throws {
    let startup = Startup(engines: 2, importMilliseconds: 50)
    let at = { (limit: Int) in
      Self.reason(
        try Self.arm(
          "wildcard-report-back", ["report_timeout_ms": limit], depth: .startup, startup: startup))
    }
    #expect(
      try at(50)
        == "the plan makes the start-up fail, for example by a limit shorter than the work it bounds"
    )
    #expect(try at(51) == nil)
  }

  private static func thief(_ name: String, _ options: [String: Int]) throws -> Choice {
    let known = try #require(vocabulary.thief(named: name))
    return Choice(name: name, label: name, options: values(known.options, options))
  }

  private static func rate(_ arm: Arm) throws -> Double {
    try Prediction.rates(arm, vocabulary: vocabulary).perLaunch
  }

  /// 16 addresses of 14,116; a scan of 100 numbers from the base takes so many at an odd distance from 32,768.
  @Test(arguments: [
    (32_667, 0), (32_668, 0), (32_669, 0), (32_670, 1), (40_000, 50), (60_998, 1), (61_000, 0),
  ])
  func `a scan in the pool takes as many ports as are at an odd distance`(
    base: Int, taken: Int
  ) throws {
    let scanner = try Self.thief("base-port-scanner", ["base": base, "ports": 100])
    let drawer = try Self.thief("bind-hold", ["ports": taken])
    let scanned = try Self.rate(Self.arm("probe-then-bind", servers: 8, thieves: [scanner]))
    let drawn = try Self.rate(Self.arm("probe-then-bind", servers: 8, thieves: [drawer]))
    #expect(scanned == drawn)
  }

  /// Two numbers of N meet in 1 of N launches. Nothing else is between probe and bind: neither the thieves of the
  /// window nor the coordinator's two ports.
  @Test func `a launcher that binds what it has just probed loses a number to itself alone`() throws
  {
    let thieves = [
      try Self.thief("bind-hold", ["ports": 55]), try Self.thief("port-squatter", ["ports": 2]),
    ]
    let arm = try Self.arm(
      "single-api-server", servers: 1, pool: PortPool(low: 32_768, high: 33_367), depth: .startup,
      startup: Startup(engines: 2, nodes: 2), thieves: thieves)
    let rates = try Prediction.rates(arm, vocabulary: Self.vocabulary)
    #expect(abs(rates.perLaunch - 1.0 / 300) < 1e-12, "\(rates)")
    var parallel = arm
    parallel.topology.launches = 2
    #expect(
      Self.reason(parallel) == "whether the launches probe within each other's window is not known")
  }

  /// 10,000 draws a second are 4 in 400 microseconds, whatever the plan's window is; each of them is one of the two
  /// numbers with probability 2/14,116.
  @Test func `what churns counts within the launcher's own window`() throws {
    let churn = try Self.thief("bind-churn", ["rate_per_second": 10_000, "hold_ms": 1_000])
    let rate = { (window: Int) in
      try Prediction.rates(
        try Self.arm("single-api-server", ["window_us": window], servers: 1, thieves: [churn]),
        vocabulary: Self.vocabulary
      ).perLaunch
    }
    let none = try rate(0)
    #expect(abs(none - 1.0 / 14_116) < 1e-12, "\(none)")
    #expect(try abs(rate(400) - none - 8.0 / 14_116) < 1e-6)
    #expect(try abs(rate(4_000) - none - 80.0 / 14_116) < 2e-5)
  }

  @Test(arguments: [(32_667, true), (32_668, false), (60_999, false), (61_000, true)])
  func `a scan that comes to the pool beside another thief leaves no rate`(
    base: Int, isPredicted: Bool
  ) throws {
    let thieves = [
      try Self.thief("base-port-scanner", ["base": base, "ports": 100]),
      try Self.thief("bind-hold", ["ports": 1]),
    ]
    let reason = Self.reason(try Self.arm("probe-then-bind", thieves: thieves))
    #expect(
      reason
        == (isPredicted
          ? nil
          : "base-port-scanner: it scans inside the pool, and what it passes over depends on the others")
    )
  }

  /// Eight numbers from the low end of 300 slots: four at an odd distance, which 55 draws miss with probability
  /// (300-4-55+1)·297^54/300^55 (parking functions).
  @Test func `fixed numbers in the pool meet the draws of others`() throws {
    let pool = PortPool(low: 32_768, high: 33_367)
    let at = { (base: Int, thief: (String, [String: Int])) in
      try Self.arm(
        "fixed-ranges", ["base": base], pool: pool, thieves: [Self.thief(thief.0, thief.1)])
    }
    let draws = ("bind-hold", ["ports": 55])
    #expect(abs(try Self.rate(at(33_000, draws)) - 0.531_192) < 1e-5)
    #expect(try Self.rate(at(33_500, draws)) == 0)
    // What is there before is in the way, too.
    #expect(
      try Self.rate(at(33_000, ("resident-hold", ["ports": 55]))) == Self.rate(at(33_000, draws)))
    #expect(
      Self.reason(try at(33_000, ("connect-hold", ["connections": 5])))
        == "connect-hold: connect() takes the other half of the numbers in the pool")
    #expect(Self.reason(try at(33_500, ("connect-hold", ["connections": 5]))) == nil)
    #expect(try Self.rate(at(33_000, ("exhaust-pool", [:]))) == 1)
  }

  /// The plan's own case: 60 of 300 held before, 8 addresses. See `ResidentTests`.
  @Test func `residents that a probe sees have the exact rate`() throws {
    let residents = try Self.thief("resident-hold", ["ports": 60])
    let pool = PortPool(low: 32_768, high: 33_367)
    let rate = try Self.rate(Self.arm("probe-then-bind", pool: pool, thieves: [residents]))
    #expect(abs(rate - 0.135_950) < 1e-6)
    #expect(
      Self.reason(try Self.arm("batch-dedupe", pool: pool, thieves: [residents]))?
        .contains("beside residents") == true)
    // A probe on all addresses sees what is held on one; other thieves do not.
    let other = try Self.thief("specific-address-hold", ["ports": 60, "early": 1])
    #expect(try Self.rate(Self.arm("probe-then-bind", pool: pool, thieves: [other])) == rate)
    #expect(Self.reason(try Self.arm("probe-then-bind", thieves: [other, residents])) != nil)
  }
}
