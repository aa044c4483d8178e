import Foundation
import TestSupport
import Testing

/// Shapes of port races besides a probe and a re-bind, on real sockets.
@Suite struct ShapeTests {
  private func victim(_ words: String...) throws -> [String] {
    [try skipIfMissing { try Victim.python() }, Victim.script("shapes.py")] + words
  }

  /// A namespace whose ephemeral ports are given, with what every process of it sees.
  private func narrow(_ low: Int, _ high: Int) -> [String] {
    [
      "sh", "-c", "echo \(low) \(high) > /proc/sys/net/ipv4/ip_local_port_range && exec \"$@\"",
      "sh",
    ]
  }

  @Test(arguments: ["SO_REUSEADDR", "SO_REUSEPORT"])
  func `live sockets with one number are told, and forced`(_ option: String) throws {
    let forced = try check(["--force-duplicate"], victim("twins", option))
    #expect(forced.ended.status == 66 && forced.report.verdicts == ["LIVE-TWIN"])
    #expect(forced.ended.lines == ["1"], "four sockets, one number")
    #expect(forced.report.places.first?.count == 3 && forced.report.duplicatesForced == 3)
    #expect(forced.report.places.first?.transport == "udp")
    // The kernel's own choice: four sockets of two ports cannot have different ones.
    let own = try check([], victim("twins", option), prefix: narrow(40_000, 40_001))
    #expect(own.report.verdicts == ["LIVE-TWIN"] && own.report.duplicatesForced == 0)
  }

  @Test func `twins and connections to oneself are seen where the kernel executes the calls`()
    throws
  {
    let twins = try check(
      ["--mode", "fallback"], victim("twins", "SO_REUSEADDR"), prefix: narrow(40_000, 40_001))
    #expect(twins.report.mode == "fallback" && twins.report.verdicts == ["LIVE-TWIN"])
    let own = try check(
      ["--mode", "fallback", "--ports", "46580"], victim("self_connect", "46580"))
    #expect(own.report.verdicts == ["SELF-CONNECT"])
  }

  @Test(arguments: [["--steal-by", "answer"], ["--steal-by", "reuseport"]])
  func `what only full mode can do is refused elsewhere`(_ options: [String]) throws {
    let ended = try run(
      [Built.bindstorm, "check", "--mode", "fallback"] + options + ["--", "true"])
    #expect(ended.status == 69 && ended.errorOutput.contains("needs full mode"), "\(ended)")
  }

  @Test(arguments: [("0", ["LIVE-TWIN"]), ("1", [])])
  func `sockets of both families are twins if one is bound for both`(
    _ only: String, _ verdicts: [String]
  ) throws {
    let checked = try check([], victim("families", only), prefix: narrow(40_000, 40_000))
    #expect(checked.ended.lines == ["1"] && checked.report.verdicts == verdicts)
  }

  @Test(arguments: ["lonely", "multicast"])
  func `sockets without the options, and binds by number, have no twin`(_ name: String) throws {
    let checked = try check(["--force-duplicate"], victim(name))
    #expect(checked.report.races == 0 && checked.report.duplicatesForced == 0)
    #expect(checked.ended.status == 0, "\(checked.ended)")
  }

  @Test func `two owners of one number that share it are told`() throws {
    let checked = try check(["--force-duplicate"], victim("owners"))
    #expect(checked.report.verdicts == ["RACE", "DUPLICATE"])
    let second = try #require(checked.report.places.last)
    #expect(second.result == 0 && second.released == nil)
  }

  @Test func `a pool of processes is no race`() throws {
    let checked = try check(["--force-duplicate"], victim("pool"))
    #expect(checked.report.races == 0 && checked.ended.status == 0, "\(checked.ended)")
  }

  @Test func `a stranger that shares the port is told, with its name`() throws {
    let scratch = try ScratchFolder()
    let beside = ["env", "-C", scratch.path] + (try victim("stranger"))
    let checked = try check([], victim("sharer"), prefix: beside)
    #expect(checked.ended.lines == ["up"])
    #expect(checked.report.verdicts == ["SHARED"])
    #expect(checked.report.places.first?.owner?.isInTree == false)
  }

  @Test func `a thief joins a server that shares its port, and takes its clients`() throws {
    let alone = try check(["--steal-by", "reuseport"], victim("served"))
    #expect(alone.ended.lines == ["other"])
    #expect(alone.report.stolen == 1 && alone.report.connectionsAnswered == 1)
    let place = try #require(alone.report.places.first)
    #expect(place.verdict == "RACE" && place.stolen == 1 && place.result == 0)
    // One that does not share meets the error as ever.
    let held = try check(["--steal-by", "reuseport"], victim("deaf"))
    #expect(held.report.places.first?.result == 98)
  }

  @Test(arguments: ["by_connect", "by_send", "by_tcp_connect"])
  func `a number that no bind chose is one that was let go`(_ name: String) throws {
    let found = try check([], victim(name))
    #expect(found.report.verdicts == ["RACE"], "\(found.ended)")
    #expect(found.report.places.first?.probe.call == "chosen by connect() or an autobind")
    let forced = try check(["--steal", "lazy", "--exit-code", "0"], victim(name))
    #expect(forced.ended.status == 1 && forced.report.stolen == 1)
  }

  @Test func `a server that comes back on a fixed number chose it`() throws {
    let checked = try check([], victim("fixed_restart", "40001"))
    #expect(checked.ended.status == 0 && checked.report.places.isEmpty, "\(checked.ended)")
  }

  @Test func `a connection to itself is told`() throws {
    let checked = try check(["--ports", "46580"], victim("self_connect", "46580"))
    #expect(checked.ended.lines == ["True"])
    #expect(checked.report.verdicts == ["SELF-CONNECT"])
    #expect(checked.report.places.first?.rebinder.pid == 0, "the kernel's event names nobody")
    let watched = try check(
      ["--ports", "46580", "--watch-connects"], victim("self_connect", "46580"))
    #expect((watched.report.places.first?.rebinder.pid ?? 0) > 0)
    let deliberate = try check([], victim("self_on_purpose"))
    #expect(deliberate.ended.lines == ["True"] && deliberate.report.races == 0)
  }

  @Test func `a connection that holds a fixed number is named`() throws {
    let checked = try check(["--ports", "46580-46581"], victim("squat", "46580"))
    #expect(checked.ended.lines == ["Address already in use"])
    #expect(checked.report.races == 0 && checked.ended.status == 0)
    let owner = try #require(checked.report.places.first?.owner)
    #expect(owner.peer == "127.0.0.1:46581" && owner.ephemeralRange == "46580-46581")
    #expect(
      checked.ended.errorOutput.contains("no listener, but a connection of python3"),
      "\(checked.ended)")
  }

  @Test func `a connection that holds a handed-out number is named`() throws {
    let checked = try check(["--ports", "46580"], victim("squat_probed", "23418"))
    #expect(checked.ended.lines == ["Address already in use"])
    #expect(checked.report.verdicts == ["COLLISION"])
    let owner = try #require(checked.report.places.first?.owner)
    #expect(owner.peer == "127.0.0.1:23418" && owner.ephemeralRange == "46580-46580")
  }

  @Test(arguments: ["dead", "stopped_server"])
  func `a number that must be dead is told where connects are watched, and forced`(
    _ name: String
  ) throws {
    #expect(try check([], victim(name)).report.races == 0)
    let watched = try check(["--watch-connects"], victim(name))
    #expect(watched.ended.lines == ["dead"] && watched.report.verdicts == ["DEAD-PORT"])
    let place = try #require(watched.report.places.first)
    #expect(place.force?.contains("--steal lazy --steal-by answer --only \(place.place)") == true)
    let forced = try check(["--steal-by", "answer", "--only", place.place], victim(name))
    #expect(forced.ended.lines == ["answered"] && forced.report.verdicts == ["DEAD-PORT"])
    #expect(forced.report.stolen == 1)
  }

  @Test(arguments: ["again", "never"])
  func `a client that waits for its server relies on no dead number`(_ again: String) throws {
    let checked = try check(["--watch-connects"], victim("patient", again))
    #expect(checked.ended.lines == ["up"] && checked.report.verdicts == ["RACE"])
  }

  @Test func `success without a server is told, success elsewhere is not`() throws {
    let deaf = try check(["--steal", "lazy"], victim("deaf"))
    #expect(deaf.ended.lines == ["up"] && deaf.report.stolenWithoutListener.count == 1)
    let recovered = try check(["--steal", "lazy"], victim("recovers"))
    #expect(recovered.ended.lines == ["up"] && recovered.report.stolen == 1)
    #expect(recovered.report.stolenWithoutListener.isEmpty)
  }

  @Test(arguments: [
    (["--steal", "eager", "--steal-by", "answer"], "use --steal lazy"),
    (["--shrink", "--ports", "1-2"], "--shrink-ports"), (["--ports", "9-8"], "--ports"),
    (["--ports", "0"], "--ports"), (["--ports", "1-65536"], "--ports"),
  ]) func `options that do not go together are refused`(
    _ options: [String], _ text: String
  ) throws {
    let ended = try run([Built.bindstorm, "check"] + options + ["--", "true"])
    #expect(ended.status == 64 && ended.errorOutput.contains(text), "\(ended)")
  }
}
