import TestSupport
import Testing

/// Numbers that the program chooses by itself or uses where nothing reserved them, and thieves that leave no way out.
@Suite struct NumberTests {
  private func classify(_ name: String, _ options: [String] = []) throws -> Checked {
    let python = try skipIfMissing { try Victim.python() }
    return try check(options, [python, Victim.script("numbers.py"), name])
  }

  @Test(arguments: [
    ("scan_bind", ["RACE"]), ("scan_listen", ["RACE"]), ("scan_udp", ["RACE"]),
    ("scan_past_a_taken_one", ["RACE"]), ("scan_in_helper", ["RACE"]),
    ("verify_and_bind", ["RACE", "RACE"]),
    ("tcp_let_go_udp_bound", ["CROSS-PROTOCOL"]), ("udp_let_go_tcp_bound", ["CROSS-PROTOCOL"]),
    ("udp_held_tcp_bound", ["CROSS-PROTOCOL"]), ("v4_held_v6_bound", ["CROSS-ADDRESS"]),
    ("other_loopback_bound", ["CROSS-ADDRESS"]), ("next_number", ["DERIVED"]),
    ("next_but_one_over_udp", ["DERIVED"]), ("bus_in_child", ["DERIVED"]),
  ])
  func `a number that others could have had is found, and can be forced`(
    _ name: String, _ verdicts: [String]
  ) throws {
    let found = try classify(name)
    #expect(found.ended.status == 66, "\(found.ended.errorOutput)")
    #expect(found.report.verdicts == verdicts)
    #expect(found.report.places.allSatisfy { $0.force != nil && $0.result == 0 })
    #expect(found.report.stolen == 0)
    let forced = try classify(name, ["--steal", "lazy", "--exit-code", "0"])
    #expect(forced.ended.status == 1, "\(forced.ended.errorOutput)")
    #expect(forced.report.stolen == 1)
    let first = try #require(forced.report.places.first)
    #expect(first.verdict == verdicts[0] && first.owner?.isThief == true)
    #expect(first.thiefAddresses?.isEmpty == false)
  }

  @Test(arguments: ["connect_then_bind", "connect_then_start"], [[], ["--mode", "fallback"]])
  func `a number that a refused connection told to be free is found on demand`(
    _ name: String, _ mode: [String]
  ) throws {
    #expect(try classify(name, mode).report.places.isEmpty)
    let found = try classify(name, ["--watch-connects"] + mode)
    #expect(found.report.verdicts == ["LOOKED-UP"], "\(found.ended.errorOutput)")
    let force = try #require(found.report.places.first?.force)
    #expect(force.contains(" --watch-connects "))
    let forced = try classify(
      name, ["--watch-connects", "--steal", "lazy", "--exit-code", "0"] + mode)
    #expect(forced.ended.status == 1 && forced.report.stolen == 1)
  }

  @Test(arguments: ["wait_for_child", "wait_for_thread"])
  func `a client that waits for its server has not looked up a number`(_ name: String) throws {
    let checked = try classify(
      name, ["--watch-connects", "--steal", "lazy", "--steal-max", "0"])
    #expect(checked.ended.status == 0, "\(checked.ended.errorOutput)")
    #expect(checked.report.races == 0 && checked.report.stolen == 0)
    #expect(checked.report.places.map(\.verdict) == ["note: a connect was refused before"])
  }

  @Test(arguments: [
    "scan_and_keep", "restart_after_use", "restart_unused", "restart_killed", "shared_fixed_port",
    "fixed_in_both_families", "fixed_in_both_protocols", "fixed_far_from_chosen",
  ])
  func `a server on its own number is nothing, and nothing of it is stolen`(
    _ name: String
  ) throws {
    for options in [[], ["--steal", "lazy", "--steal-max", "0"], ["--steal", "eager"]] {
      let checked = try classify(name, options)
      #expect(checked.ended.status == 0, "\(options) \(checked.ended.errorOutput)")
      #expect(checked.report.places.isEmpty && checked.report.stolen == 0)
      #expect(checked.report.portsBoundByNumber > 0)
    }
  }

  /// With one theft allowed: the victim meets the same thief wherever it looks for the number.
  @Test(
    arguments: [
      "dual_fallback", "localhost_twice", "tries_again", "goes_to_another_loopback", "udp_fallback",
    ], [["lazy"], ["eager"], ["lazy", "--mode", "fallback"]])
  func `a stolen number is stolen at every address`(
    _ name: String, _ steal: [String]
  ) throws {
    let free = try classify(name, ["--exit-code", "0"])
    #expect(free.ended.status == 0)
    let forced = try classify(name, ["--exit-code", "0", "--steal"] + steal)
    #expect(forced.ended.status == 3, "\(forced.ended.errorOutput)")
    #expect(forced.report.stolen == 1)
    let places = forced.report.places.filter { $0.stolen > 0 }
    #expect(places.count == 1)
    let held = try #require(places.first?.thiefAddresses)
    #expect(held.contains { $0.hasPrefix("127.0.0.1:") })
    #expect(held.contains { $0.hasPrefix("[::1]:") })
    #expect(
      held.contains { $0.hasPrefix("127.0.0.4:") } == (name == "goes_to_another_loopback"))
  }
}
