import Faults
import Planning
import TestSupport
import Testing

/// Every thief with real processes. What theory predicts of it is compared with what was measured: a false
/// alarm of one comparison has probability 0.001, the level at which the matrix says so, and each rate below is
/// measured once.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ThiefTests {
  @Test func `names are unique and defaults lie in their ranges`() {
    let names = ThiefRegistry.descriptors.map(\.name)
    #expect(Set(names).count == names.count)
    for thief in ThiefRegistry.descriptors {
      for option in thief.options {
        #expect(option.defaultValue.map { option.range.contains($0) } ?? true)
      }
    }
  }

  private func measure(_ thieves: String, window: String = "{}", trials: Int = 20) throws
    -> MeasuredPlan
  {
    try MeasuredPlan(
      strategies: [#""probe-then-bind""#, #""wildcard-report-back""#, #""wrong-host-probe""#],
      scenarios: [#"{"name": "s", "window": \#(window), "thieves": [\#(thieves)]}"#],
      defaults: #"""
        "topology": {"api_servers": 2}, "trials": \#(trials), "sockets": "tcp", "workers": "pooled"
        """#)
  }

  @Test func `a holder of half the pool takes a launch's ports, and none that are held`() throws {
    let measured = try measure(
      #"{"kind": "bind-hold", "options": {"ports": 7058}}"#, window: #"{"foreign_draws": 7058}"#)
    // 4 addresses, each free with probability 1/2: 20 clean launches have probability (1/16)^20.
    let racing = try measured.cell("s", "probe-then-bind")
    #expect(racing.outcomes["lost-to-thief", default: 0] > 0, "\(racing.outcomes)")
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
  }

  @Test func `a churning thief does not wear out the pool`() throws {
    let measured = try measure(
      #"{"kind": "bind-churn", "options": {"rate_per_second": 20000, "hold_ms": 1}}"#,
      window: #"{"milliseconds": 3}"#)
    let cell = try measured.cell("s", "wildcard-report-back")
    #expect(cell.outcomes == ["ready": 20])
    #expect(cell.agreesWithModel == true)
  }

  @Test func `a rate that no host keeps up with does not stop the run`() throws {
    let measured = try measure(
      #"{"kind": "bind-churn", "options": {"rate_per_second": 1000000, "hold_ms": 0}}"#, trials: 5)
    let cell = try measured.cell("s", "wildcard-report-back")
    #expect(cell.outcomes.values.reduce(0, +) == 5)
  }

  @Test func `residents are seen by a probe on their host alone`() throws {
    let measured = try measure(#"{"kind": "resident-hold", "options": {"ports": 7058}}"#)
    // As above: 20 launches without a hit have probability (1/16)^20; a launch's own duplicate 6/7058 each.
    let elsewhere = try measured.cell("s", "wrong-host-probe")
    #expect(elsewhere.outcomes["lost-to-thief", default: 0] > 0, "\(elsewhere.outcomes)")
    let here = try measured.cell("s", "probe-then-bind")
    #expect(here.outcomes["lost-to-thief"] == nil)
    #expect(here.outcomes["ready", default: 0] >= 18)
  }

  @Test func `connections take no probed port`() throws {
    let measured = try measure(#"{"kind": "connect-hold", "options": {"connections": 2000}}"#)
    let cell = try measured.cell("s", "probe-then-bind")
    #expect(cell.outcomes["lost-to-thief"] == nil, "\(cell.outcomes) \(cell.evidence)")
    // 4 addresses collide with probability 0.0004: three of 20 launches do with 1e-7.
    #expect(cell.outcomes["ready", default: 0] >= 18)
  }

  @Test func `a squatter that finds nothing free was there all the same`() throws {
    let measured = try measure(#"{"kind": "port-squatter", "options": {"ports": 3}}"#)
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
    let racing = try measured.cell("s", "probe-then-bind")
    #expect(racing.outcomes["ready"] == nil, "\(racing.outcomes)")
  }

  @Test func `a thief that cannot take what is due makes the trial invalid`() throws {
    let measured = try MeasuredPlan(
      strategies: [#""wildcard-report-back""#],
      scenarios: [
        #"{"name": "s", "thieves": [{"kind": "bind-hold", "options": {"ports": 60}}]}"#
      ], defaults: #""topology": {"api_servers": 2}, "trials": 3, "pool": {"slots": 16}"#)
    let cell = try measured.cell("s", "wildcard-report-back")
    #expect(cell.outcomes == ["invalid": 3])
    #expect(cell.verdict == "INCONCLUSIVE")
  }
}
