import TestSupport
import Testing

extension ThiefTests {
  @Test func `a holder of half the pool takes a launch's ports, and none that are held`() throws {
    let measured = try measure(
      #"{"kind": "bind-hold", "options": {"ports": 7058}}"#, window: #"{"foreign_draws": 7058}"#)
    // 4 addresses, each free with probability 1/2: 20 clean launches have probability (1/16)^20.
    let racing = try measured.cell("s", "probe-then-bind")
    #expect(racing.outcomes["lost-to-thief", default: 0] > 0, "\(racing.outcomes)")
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
  }

  @Test func `a thief that cannot take what is due makes the trial invalid`() throws {
    let measured = try MeasuredPlan(
      strategies: [#""wildcard-report-back""#],
      scenarios: [
        #"{"name": "s", "thieves": [{"kind": "bind-hold", "options": {"ports": 60}}]}"#
      ], defaults: #""topology": {"api_servers": 2}, "trials": 3, "pool": {"slots": 16}"#)
    let cell = try measured.cell("s", "wildcard-report-back")
    #expect(cell.outcomes == ["invalid": 3])
    #expect(cell.planAnswer == "undecided")
  }

  /// The solved intensity is right when the rate comes out: of 400 launches at 0.8 the failures lie within five
  /// standard deviations (8 each) of 320, but for a probability of 6e-7.
  @Test func `a target failure rate is met`() throws {
    let measured = try measure(
      #"{"kind": "bind-hold", "target_failure_rate": 0.8}"#, pool: #"{"slots": 1000}"#,
      trials: 400, strategies: [#""probe-then-bind""#, #""wildcard-report-back""#])
    let racing = try measured.cell("s", "probe-then-bind")
    let failures = 400 - racing.outcomes["ready", default: 0]
    #expect(abs(failures - 320) <= 40, "\(racing.outcomes)")
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 400])
  }
}
