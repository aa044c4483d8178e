import TestSupport
import Testing

extension ThiefTests {
  /// Even numbers inside the pool: dialled 2,000 times each, with 150 even ones to choose from; measured, each is
  /// hit in all of 100 launches. Odd ones cannot be hit while an even port is free, so there nothing is left to
  /// chance but a launch's own duplicates: with probability 0.02 each, nine of 20 launches have them with 7e-11.
  @Test func `a client takes the even number that it dials, and no number of bind(0)'s`() throws {
    let measured = try measure(
      #"{"kind": "self-connect", "options": {"ports": 4, "tries": 2000}}"#,
      pool: #"{"slots": 300}"#,
      strategies: [
        #""probe-then-bind""#, #""wildcard-report-back""#, #""inherited-listener""#,
        #"{"name": "fixed-ranges", "options": {"base": 33000}}"#,
      ])
    #expect(try measured.cell("s", "fixed-ranges").outcomes == ["lost-to-thief": 20])
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
    #expect(try measured.cell("s", "inherited-listener").outcomes == ["ready": 20])
    let probed = try measured.cell("s", "probe-then-bind")
    #expect(probed.outcomes["lost-to-thief"] == nil, "\(probed.outcomes)")
    #expect(probed.outcomes["ready", default: 0] >= 12)
  }

  /// Without a namespace our sockets are confined to the pool one by one; a confined `connect()` would be given odd
  /// ports, too, and did take a probed number in five of five launches. Nothing is left to chance: no odd port is
  /// given while the host has an even one.
  @Test(arguments: [
    #"{"kind": "self-connect", "options": {"ports": 4}}"#,
    #"{"kind": "connect-hold", "options": {"connections": 300}}"#,
  ])
  func `without a namespace, too, connections take no probed number`(thief: String) throws {
    let measured = try MeasuredPlan(
      strategies: [#""probe-then-bind""#],
      scenarios: [#"{"name": "s", "thieves": [\#(thief)]}"#],
      defaults: #"""
        "topology": {"api_servers": 2}, "trials": 5, "sockets": "tcp", "pool": {"slots": 500}
        """#, flags: ["--no-isolation"])
    let cell = try measured.cell("s", "probe-then-bind")
    #expect(cell.outcomes["lost-to-thief"] == nil, "\(cell.outcomes)")
    #expect(cell.outcomes["invalid"] == nil)
  }
}
