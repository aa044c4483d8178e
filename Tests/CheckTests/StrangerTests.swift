import Foundation
import TestSupport
import Testing

/// `--steal-by stranger`: a command that reports success although its clients reached the thief fails, and one that
/// notices does not.
@Suite struct StrangerTests {
  private func victim(_ words: String...) throws -> [String] {
    [try skipIfMissing { try Victim.python() }, Victim.script("ready.py")] + words
  }

  private static let stranger = ["--steal-by", "stranger"]
  private static let said = "check: fails: reported success against a stranger"

  @Test(arguments: [("tcp", 0), ("web", 1), ("drifts", 1)])
  func `a readiness check that accepts anybody fails`(_ name: String, _ answers: Int) throws {
    let command = try victim(name)
    let plain = try check([], command)
    #expect(plain.ended.lines == ["ready"] && plain.report.verdicts == ["RACE"])
    let checked = try check(Self.stranger, command)
    #expect(checked.ended.status == 66 && checked.ended.lines == ["ready"], "\(checked.ended)")
    #expect(checked.report.verdict == "fails" && checked.report.stolen == 1)
    #expect(checked.ended.errorOutput.contains(Self.said), "\(checked.ended)")
    let client = try #require(checked.report.reachedThief.first)
    #expect(checked.report.reachedThief.count == 1 && client.connections == 1)
    #expect(client.answers == answers && client.command.contains("ready.py"))
    #expect(client.connectedFrom.hasPrefix("127.0.0.1:") && client.address.hasPrefix("127.0.0.1:"))
    #expect(
      checked.ended.errorOutput.contains("(pid \(client.pid)) reached the thief at"),
      "\(checked.ended)")
    // Without an answer the same thief shows nothing: the client waits for a server until it gives up.
    #expect(checked.report.places.first?.force?.contains("--steal-by stranger") == true)
  }

  @Test func `a client that checks whom it reached keeps its verdict`() throws {
    let checked = try check(Self.stranger, victim("token"))
    #expect(checked.ended.status == 66 && checked.ended.lines == ["somebody else answers"])
    #expect(checked.ended.errorOutput.contains("check: fails: died: exited with 1"))
    #expect(checked.report.reachedThief.map(\.answers) == [1])
  }

  @Test func `a command that nobody asks keeps its verdict`() throws {
    let checked = try check(Self.stranger, victim("deaf"))
    #expect(checked.ended.status == 0 && checked.report.verdict == "survived", "\(checked.ended)")
    #expect(checked.report.reachedThief.isEmpty && checked.report.stolenWithoutListener.count == 1)
  }

  @Test(arguments: [
    ("web", 66, "fails", "reported success against a stranger"),
    ("two", 66, "fails", "reported success against a stranger"),
    ("drifts", 66, "fails", "reported success against a stranger"),
    ("token", 66, "fails", "died: exited with 1"), ("moves", 0, "survived", "survived"),
  ])
  func `a series compares with the run without a thief`(
    _ name: String, _ status: Int32, _ verdict: String, _ outcome: String
  ) throws {
    let (ended, series) = try enumerate(victim(name), Self.stranger)
    #expect(ended.status == status && series.verdicts == [verdict], "\(ended)")
    #expect(series.windows.map(\.outcome) == [outcome], "\(ended)")
    #expect((series.windows.first?.reachedThief ?? []).count == 1)
    #expect(ended.errorOutput.contains("reached the thief at 127.0.0.1:"), "\(ended)")
  }

  @Test(arguments: ["two", "moves"])
  func `a single run cannot tell two servers from a second attempt`(_ name: String) throws {
    let checked = try check(Self.stranger + ["--occurrence", "1"], victim(name))
    #expect(checked.ended.status == 2 && checked.ended.lines == ["ready"], "\(checked.ended)")
    #expect(checked.ended.errorOutput.contains("--enumerate compares with a run without a thief"))
  }

  @Test(arguments: [(true, 0, "fails"), (false, 22, "fails")])
  func `a shell script with curl is told by the page that it wants`(
    _ acceptsAny: Bool, _ code: Int32, _ verdict: String
  ) throws {
    guard let curl = Place.executable("curl") else { try skip("no curl") }
    let python = try skipIfMissing { try Victim.python() }
    // The script's own server serves one file; a stranger's has another content.
    let script = """
      port=$("$1" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
      echo mine > page
      "$1" -m http.server --bind 127.0.0.1 $port > /dev/null 2>&1 &
      server=$!
      answer=$("$2" -s --retry 200 --retry-delay 0 --retry-max-time 20 --retry-connrefused "http://127.0.0.1:$port/page")
      code=$?
      kill $server 2> /dev/null
      if [ "$3" = any ]; then exit $code; fi
      [ "$answer" = mine ] || exit 22
      """
    let scratch = try ScratchFolder()
    let command = ["sh", "-c", script, "sh", python, curl, acceptsAny ? "any" : "own"]
    let place = ["env", "-C", scratch.path]
    #expect(try check([], command, prefix: place).ended.status == 66)
    let checked = try check(Self.stranger + ["--exit-code", "0"], command, prefix: place)
    #expect(checked.ended.status == code && checked.report.verdict == verdict, "\(checked.ended)")
    #expect(checked.ended.errorOutput.contains(Self.said) == acceptsAny, "\(checked.ended)")
    #expect(checked.report.reachedThief.first?.command.contains("curl") == true)
  }

  @Test func `a thief that only holds the port shows none of it`() throws {
    let checked = try check(["--steal", "lazy"], victim("deaf"))
    #expect(checked.report.reachedThief.isEmpty && checked.report.verdict == "survived")
  }

  @Test(arguments: [
    ["--steal", "eager"], ["--mode", "fallback"], ["--enumerate", "--only", "x"],
  ])
  func `what does not go together is refused`(_ options: [String]) throws {
    let ended = try run([Built.bindstorm, "check"] + Self.stranger + options + ["--", "true"])
    #expect([64, 69].contains(ended.status), "\(ended)")
  }
}
