import Faults
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

  private static func thief(_ name: String, _ options: [String: Int]) throws -> Choice {
    let known = try #require(vocabulary.thief(named: name))
    return Choice(name: name, label: name, options: values(known.options, options))
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
