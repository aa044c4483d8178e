import TestSupport
import Testing

extension ThiefTests {
  /// Nothing is left to chance but a launch's own duplicates (0.0004 each): three of 20 have them with 1e-7.
  @Test(arguments: [0, 1])
  func `a socket on [::] holds its number for IPv4, too, unless it is IPv6 only`(only: Int) throws {
    let measured = try measure(
      #"{"kind": "dual-stack-hold", "options": {"ports": 4, "targeted": 1, "v6only": \#(only)}}"#)
    let probed = try measured.cell("s", "probe-then-bind")
    let expected = only == 1 ? "ready" : "lost-to-thief"
    #expect(probed.outcomes[expected, default: 0] >= 18, "\(probed.outcomes) \(probed.evidence)")
    #expect(probed.agreesWithModel == true)
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
  }

  @Test func `drawn on [::], half the pool is as good as on 0.0.0.0`() throws {
    let measured = try measure(#"{"kind": "dual-stack-hold", "options": {"ports": 7058}}"#)
    // 4 addresses, each free with probability 1/2: 20 clean launches have probability (1/16)^20.
    let racing = try measured.cell("s", "probe-then-bind")
    #expect(racing.outcomes["lost-to-thief", default: 0] > 0, "\(racing.outcomes)")
    #expect(racing.agreesWithModel == true)
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
  }
}
