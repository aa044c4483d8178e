import TestSupport
import Testing

extension ThiefTests {
  @Test func `residents are seen by a probe on their host alone`() throws {
    let measured = try measure(#"{"kind": "resident-hold", "options": {"ports": 7058}}"#)
    // As with bind-hold: 20 launches without a hit have probability (1/16)^20; a launch's own duplicate 6/7058 each.
    let elsewhere = try measured.cell("s", "wrong-host-probe")
    #expect(elsewhere.outcomes["lost-to-thief", default: 0] > 0, "\(elsewhere.outcomes)")
    let here = try measured.cell("s", "probe-then-bind")
    #expect(here.outcomes["lost-to-thief"] == nil)
    #expect(here.outcomes["ready", default: 0] >= 18)
    #expect(here.noPrediction == nil && here.agreesWithModel != nil)
  }
}
