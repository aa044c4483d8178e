import Foundation
import TestSupport
import Testing

/// What counts as a race, and what does not.
@Suite struct ClassificationTests {
  static let negatives = [
    "kept_server", "client_connects", "bound_clients", "client_port_coincidence",
    "reuseport_workers", "reuseport_reservation", "reuseaddr_reservation", "inherited_listener",
    "descriptor_passing", "udp_server", "dual_stack", "listen_without_bind", "asyncio_server",
    "manager", "fixed_port", "probe_held_bind_fails",
  ]
  static let positives = [
    "probe_by_listen": ["RACE"], "v6_then_v4": ["RACE"], "v4_then_v6": ["RACE"],
    "restart": ["RESTART"], "duplicate": ["RACE", "DUPLICATE"],
    "udp_and_tcp": ["CROSS-PROTOCOL"], "v4_kept_v6_added": ["CROSS-ADDRESS"],
  ]

  private func classify(_ name: String, _ options: [String] = []) throws -> Checked {
    let python = try skipIfMissing { try Victim.python() }
    return try check(
      options, [python, Victim.script("classify.py"), name],
      environment: ["FIXED_PORT": "23417"])
  }

  @Test func `the lists here are the program's`() throws {
    let python = try skipIfMissing { try Victim.python() }
    let lines = try run([python, Victim.script("classify.py"), "list"]).lines
    #expect(
      Set(lines)
        == Set(
          Self.negatives.map { "negative \($0)" } + Self.positives.keys.map { "positive \($0)" }))
  }

  @Test(arguments: negatives) func `no race where no port is let go`(_ name: String) throws {
    let checked = try classify(name)
    #expect(checked.ended.status == 0, "\(checked.ended.errorOutput)")
    #expect(checked.report.races == 0)
    if name != "fixed_port" { #expect(checked.report.portsChosenByKernel > 0) }
  }

  @Test(arguments: negatives) func `nothing is stolen where no port is let go`(
    _ name: String
  ) throws {
    let checked = try classify(name, ["--steal", "lazy", "--steal-max", "0"])
    // A number of the program's own choice is no port that could be judged.
    let isBlind = checked.ended.errorOutput.contains("not decided: no port was chosen")
    #expect(isBlind ? name == "fixed_port" : true)
    #expect(checked.ended.status == (isBlind ? 2 : 0), "\(checked.ended.errorOutput)")
    #expect(checked.report.stolen == 0)
  }

  @Test(arguments: positives.keys.sorted()) func `a race where a port is let go`(
    _ name: String
  ) throws {
    let checked = try classify(name, name == "duplicate" ? ["--force-duplicate"] : [])
    #expect(checked.ended.status == 66)
    #expect(checked.report.verdicts == Self.positives[name])
  }

  static let racing = [
    "close", "close_range", "closefrom", "fclose", "dup2", "dup3", "dup-both", "thread", "exit",
    "kill", "exec-cloexec", "child-exits", "spawn-cloexec", "scm", "iouring", "udp",
  ]
  static let held = ["dup-keeps", "vfork-close"]
  /// The program closed its own descriptor; another process keeps the socket.
  static let inherited = ["child-holds", "exec-keep"]

  @Test(arguments: racing) func `every way to let go is seen`(_ way: String) throws {
    let checked = try check([], [try Victim.c("release"), way])
    #expect(checked.ended.lines == ["ok"])
    #expect(checked.report.verdicts == ["RACE"])
    let released = try #require(checked.report.places.first?.released)
    // A program that was executed over the prober may have ended before the event is read.
    if way != "exec-cloexec" {
      #expect(released == (["exit", "kill"].contains(way) ? "its process ended" : "closed"))
    }
  }

  @Test(arguments: racing) func `every way to let go can be forced`(_ way: String) throws {
    let checked = try check(
      ["--steal", "lazy", "--exit-code", "0"], [try Victim.c("release"), way])
    #expect(checked.ended.status == 3)
    #expect(checked.report.stolen == 1)
  }

  @Test(arguments: held) func `a port that is still held is no race`(_ way: String) throws {
    let checked = try check(
      ["--steal", "lazy", "--steal-max", "0"], [try Victim.c("release"), way])
    #expect(checked.ended.status == 3)
    #expect(checked.report.races == 0)
    #expect(checked.report.stolen == 0)
    #expect(checked.report.places.map(\.verdict) == ["note: the probe still holds the port"])
  }

  @Test(arguments: inherited) func `who inherited a port and holds it is named`(
    _ way: String
  ) throws {
    let checked = try check(
      ["--steal", "lazy", "--steal-max", "0"], [try Victim.c("release"), way])
    #expect(checked.ended.status == 66)
    #expect(checked.report.stolen == 0)
    let place = try #require(checked.report.places.first)
    #expect(checked.report.verdicts == ["COLLISION"])
    #expect(place.owner?.isInTree == true && place.owner?.pid != place.rebinder.pid)
    #expect(place.released == "by its process only; another process keeps the socket open")
  }

  @Test func `a client that reaches another deployment is reported`() throws {
    let python = try skipIfMissing { try Victim.python() }
    let command = [python, Victim.script("groups.py")]
    let crossed = try check(["--groups"], command)
    #expect(crossed.report.verdicts == ["CROSS-WIRED"])
    let place = try #require(crossed.report.places.first)
    let from = try #require(place.connectedFrom)
    #expect(from.hasPrefix("127.0.0.1:") && from != place.rebinder.address, "not the server's")
    #expect(place.rebinder.address == place.probe.address)
    #expect(place.rebinder.group == "second" && place.probe.group == "first")
    let same = try check(["--groups"], command, environment: ["CLIENT_GROUP": "first"])
    #expect(same.report.races == 0)
    #expect(same.ended.status == 0)
    // Elsewhere than where the tool itself lives.
    let elsewhere = try check(["--groups"], [try Victim.c("isolate")] + command)
    #expect(elsewhere.report.verdicts == ["CROSS-WIRED"])
    #expect(elsewhere.report.unobservedCalls == 0)
  }

  @Test(arguments: ["lazy", "eager"], [false, true])
  func `a client that dials a stolen number reaches the thief, wherever it is`(
    _ steal: String, _ isElsewhere: Bool
  ) throws {
    let python = try skipIfMissing { try Victim.python() }
    let command =
      (isElsewhere ? [try Victim.c("isolate")] : []) + [python, Victim.script("impostor.py")]
    let forced = try check(["--groups", "--steal", steal], command)
    #expect(forced.ended.lines == ["connected"])
    #expect(forced.report.verdicts == ["RACE", "CROSS-WIRED"])
    let crossed = try #require(forced.report.places.last)
    #expect(crossed.owner?.isThief == true)
    let alone = try check(["--groups"], command)
    #expect(alone.ended.lines == ["connected"] && alone.report.verdicts == ["RACE"])
    let silent = try check(["--steal", steal], command)
    #expect(silent.ended.lines == ["refused"], "a thief listens only where groups are told apart")
  }
}
