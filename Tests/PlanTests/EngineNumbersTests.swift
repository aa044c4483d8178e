import Faults
import PortModel
import Strategies
import TestSupport
import Testing

@testable import PlanModel
@testable import Theory

/// What theory says of the ports that engine cores bind.
@Suite struct EngineNumbersTests {
  private static let vocabulary = Vocabulary(
    strategies: StrategyRegistry.descriptors, thieves: ThiefRegistry.descriptors)
  /// 300 ports that `bind(0)` gives.
  private static let pool = PortPool(low: 40_000, high: 40_600)

  private func arm(
    _ startup: Startup, _ strategy: String = "ipc-path", launches: Int = 1, draws: Int = 0,
    thief: String = "bind-hold", _ options: [String: Int] = [:]
  ) throws -> Arm {
    let known = try #require(Self.vocabulary.strategy(named: strategy))
    let holder = try #require(Self.vocabulary.thief(named: thief))
    var given = options
    if draws > 0 { given["ports"] = draws }
    return Arm(
      index: 0, scenario: "s",
      strategy: Choice(
        name: strategy, label: strategy,
        options: known.options.map { OptionValue(name: $0.name, value: $0.defaultValue ?? 0) }),
      depth: .startup, topology: Topology(launches: launches, apiServers: 4), pool: Self.pool,
      startup: startup,
      thieves: given.isEmpty && thief == "bind-hold"
        ? []
        : [
          Choice(
            name: thief, label: thief,
            options: holder.options.map {
              OptionValue(name: $0.name, value: given[$0.name] ?? $0.defaultValue ?? 0)
            })
        ], trials: 100)
  }

  private func rate(_ arm: Arm) -> Double? {
    Prediction.predict(arm, vocabulary: Self.vocabulary)?.perLaunch
  }

  private static let slots = Double(EphemeralRange(pool.low...pool.high).slots())
  private static let list = Startup(variant: .v019, engines: 4, group: .list)
  private static let store = Startup(engines: 4, group: .coordStore)
  private static let workers = Startup(engines: 8, workerRendezvous: .port)

  @Test func `a list loses either of two numbers to what others draw`() throws {
    #expect(rate(try arm(Self.list)) == 0)
    let kept = (Self.slots - 55) * (Self.slots - 56) / (Self.slots * (Self.slots - 1))
    let expected = 1 - kept
    #expect(abs(try #require(rate(try arm(Self.list, draws: 55))) - expected) < 1e-9)
    // Addresses that are drawn after the list and held: eight of them.
    let own = 1 - (Self.slots - 8) * (Self.slots - 9) / (Self.slots * (Self.slots - 1))
    #expect(abs(try #require(rate(try arm(Self.list, "inherited-listener"))) - own) < 1e-9)
    #expect(rate(try arm(Self.list, "probe-then-bind")) == nil)
    #expect(rate(try arm(Self.list, launches: 2)) == nil)
    var short = Self.list
    short.groupPorts = 1
    #expect(rate(try arm(short)) == nil)
    short.groupPorts = 2
    #expect(rate(try arm(short)) == 0)
  }

  @Test func `a store loses none`() throws {
    #expect(rate(try arm(Self.store, draws: 55)) == 0)
    #expect(rate(try arm(Self.store, "inherited-listener")) == 0)
    var alone = Self.store
    alone.localEngines = 0
    #expect(try #require(rate(try arm(alone, draws: 55))) > 0.3)
    alone.nodes = 2
    #expect(rate(try arm(alone, "inherited-listener")) == nil)
    var anew = Self.store
    anew.isReinitialised = true
    #expect(rate(try arm(anew)) == nil)
  }

  @Test func `the workers' numbers of one launch are a birthday problem`() throws {
    let expected = FailureRate.duplicates(draws: 8, slots: Int(Self.slots))
    #expect(abs(try #require(rate(try arm(Self.workers))) - expected) < 1e-12)
    #expect(rate(try arm(Self.workers, draws: 5)) == nil)
    #expect(rate(try arm(Self.workers, "inherited-listener")) == nil)
    #expect(rate(try arm(Startup(engines: 8, workerRendezvous: .file))) == 0)
  }

  @Test func `who takes the list's numbers decides, and the others' are a matter of time`() throws {
    func squatted(_ startup: Startup, _ options: [String: Int] = [:]) throws -> Double? {
      rate(try arm(startup, thief: "engine-squatter", options))
    }
    #expect(try squatted(Self.list) == 1)
    #expect(try squatted(Self.list, ["skip": 1]) == 1)
    #expect(try squatted(Self.list, ["skip": 2]) == 0)
    #expect(try squatted(Self.store) == 0)
    #expect(try squatted(Self.workers, ["rendezvous": 1]) == nil)
    let reason = Prediction.reasonForNone(
      try arm(Self.workers, thief: "engine-squatter", ["rendezvous": 1]),
      vocabulary: Self.vocabulary)
    #expect(reason?.contains("whether it comes before the bind") == true)
  }
}
