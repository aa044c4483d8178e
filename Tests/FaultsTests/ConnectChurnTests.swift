import TestSupport
import Testing

extension ThiefTests {
  /// That it fired is the trial's own demand: 10,000 a second for 5 ms are 50 mean draws. Where a bind(0) thief of
  /// this rate would take ports (500 slots, 50 held: 0.34 of the launches), connections take none at all: each is
  /// held for 5 ms and draws of more than 5 ms ago are left out, so that however slow the machine is the even ports,
  /// 500 too, never run out, after which connections are given odd ones (a Poisson variable of mean 100 reaches
  /// 500 with probability 1e-177). 4 addresses of 500 collide with probability 0.012: nine of 40 launches do with
  /// 2e-9.
  @Test func `connections that come and go take no probed port`() throws {
    let churn = #"{"kind": "connect-churn", "options": {"rate_per_second": 10000, "hold_ms": 5}}"#
    let measured = try measure(
      churn, window: #"{"milliseconds": 5}"#, pool: #"{"slots": 500}"#,
      trials: 40)
    let cell = try measured.cell("s", "probe-then-bind")
    #expect(cell.outcomes["lost-to-thief"] == nil, "\(cell.outcomes) \(cell.evidence)")
    #expect(cell.outcomes["ready", default: 0] >= 32, "\(cell.outcomes)")
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 40])
  }
}
