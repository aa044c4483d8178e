import TestSupport
import Testing

extension ThiefTests {
  static let siblings = [#""probe-then-bind""#, #""wildcard-report-back""#]

  /// 4 addresses, 8 deployments of 4 numbers, 100 slots: a launch stays clean with 0.96^32 = 0.27; 40 clean ones
  /// have a probability of 1e-23. That all 32 numbers were bound, or found bound, is the trial's own demand.
  @Test func `siblings bind first what they probed as well, and nothing that is held`() throws {
    let thief = #"{"kind": "sibling-deployments", "options": {"deployments": 8, "addresses": 4}}"#
    let measured = try measure(
      thief, pool: #"{"slots": 100}"#, trials: 40, strategies: Self.siblings)
    let racing = try measured.cell("s", "probe-then-bind")
    #expect(racing.outcomes["lost-to-thief", default: 0] > 0, "\(racing.outcomes)")
    #expect(racing.agreesWithModel == true)
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 40])
  }

  /// As above, after a window of their own, for whose end the launches' window waits.
  @Test func `siblings hold nothing in their own window, and bind at its end`() throws {
    let thief =
      #"{"kind": "sibling-deployments", "options": {"deployments": 8, "addresses": 4, "window_ms": 5}}"#
    let waiting = try measure(
      thief, window: #"{"foreign_draws": 32}"#, pool: #"{"slots": 100}"#, trials: 40,
      strategies: Self.siblings)
    let racing = try waiting.cell("s", "probe-then-bind")
    #expect(racing.outcomes["lost-to-thief", default: 0] > 0, "\(racing.outcomes)")
    #expect(racing.agreesWithModel == true)
  }

  /// They would bind after an hour, and the trial ends before: they are due, and did not fire.
  @Test func `siblings that come too late make the trial invalid`() throws {
    let measured = try measure(
      #"{"kind": "sibling-deployments", "options": {"deployments": 1, "addresses": 4, "window_ms": 60000}}"#,
      trials: 3, strategies: Self.siblings)
    let cell = try measured.cell("s", "probe-then-bind")
    #expect(cell.outcomes == ["invalid": 3])
    #expect(cell.noPrediction?.contains("foreign_draws") == true)
  }
}
