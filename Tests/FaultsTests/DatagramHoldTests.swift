import TestSupport
import Testing

extension ThiefTests {
  /// Zero effect. That the thief held every number is the trial's own demand. Nothing is left to chance but a
  /// launch's own duplicates (0.0004 each): three of 40 launches have them with 7e-7.
  @Test func `UDP sockets on every number do not matter to anybody`() throws {
    let measured = try measure(
      #"{"kind": "udp-hold", "options": {"ports": 4}}"#, trials: 40,
      strategies: [
        #""probe-then-bind""#, #""wildcard-report-back""#, #""inherited-listener""#,
      ])
    let probed = try measured.cell("s", "probe-then-bind")
    #expect(probed.outcomes["ready", default: 0] >= 38, "\(probed.outcomes) \(probed.evidence)")
    #expect(Set(probed.outcomes.keys).isSubset(of: ["ready", "lost-to-self"]))
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 40])
    #expect(try measured.cell("s", "inherited-listener").outcomes == ["ready": 40])
  }
}
