import TestSupport
import Testing

extension ThiefTests {
  @Test func `connections take no probed port`() throws {
    let measured = try measure(#"{"kind": "connect-hold", "options": {"connections": 2000}}"#)
    let cell = try measured.cell("s", "probe-then-bind")
    #expect(cell.outcomes["lost-to-thief"] == nil, "\(cell.outcomes) \(cell.evidence)")
    // 4 addresses collide with probability 0.0004: three of 20 launches do with 1e-7.
    #expect(cell.outcomes["ready", default: 0] >= 18)
  }
}
