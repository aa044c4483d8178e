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
      name: "rank-windows", servers: 396, reason: "the numbers of rank-windows lie in the pool"),
    Counting(name: "rank-windows", options: ["width": 1_000], servers: 12),
    Counting(
      name: "rank-windows", options: ["width": 1_000], servers: 13,
      reason: "the numbers of rank-windows lie in the pool"),
    Counting(name: "sequential-counter", options: ["base": 24_768]),
    Counting(
      name: "sequential-counter", options: ["base": 24_769],
      reason: "the numbers of sequential-counter lie in the pool"),
    Counting(name: "sequential-counter", options: ["base": 32_000, "span": 768]),
    Counting(name: "lock-file-cursor", options: ["base": 24_768]),
    Counting(
      name: "lock-file-cursor", options: ["base": 24_769],
      reason: "the numbers of lock-file-cursor lie in the pool"),
    Counting(name: "fixed-ranges", options: ["base": 32_760]),
    Counting(
      name: "fixed-ranges", options: ["base": 32_761],
      reason: "the numbers of fixed-ranges lie in the pool"),
    Counting(
      name: "fixed-ranges", options: ["base": 50_000], pool: PortPool(low: 40_000, high: 50_000),
      reason: "the numbers of fixed-ranges lie in the pool"),
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

  /// The scan passes over what is taken, so the number after the last one counts, too.
  @Test(arguments: [(32_667, true), (32_668, false), (60_999, false), (61_000, true)])
  func `a scan that comes to the pool leaves no rate`(base: Int, isPredicted: Bool) throws {
    let known = try #require(Self.vocabulary.thief(named: "base-port-scanner"))
    let thief = Choice(
      name: known.name, label: known.name,
      options: Self.values(known.options, ["base": base, "ports": 100]))
    let reason = Self.reason(try Self.arm("probe-then-bind", thieves: [thief]))
    #expect(reason == (isPredicted ? nil : "base-port-scanner: it scans inside the pool"))
  }
}
