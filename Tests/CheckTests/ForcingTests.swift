import Foundation
import Glibc
import TestSupport
import Testing

/// Thieves, duplicates, injections and reports.
@Suite struct ForcingTests {
  private func launcher() throws -> [String] {
    [try skipIfMissing { try Victim.python() }, Victim.script("launcher.py"), "plain"]
  }

  @Test func `the command in a report forces that place`() throws {
    let command = try launcher()
    let found = try check([], command, stacks: 16)
    let place = try #require(found.report.places.first)
    let force = try #require(place.force)
    #expect(force.hasPrefix("bindstorm check --steal lazy --only \(place.place) --occurrence 1 "))
    // Pasted as it stands.
    let forced = try paste(force)
    #expect(forced.status == 66 && forced.errorOutput.contains("fails: died: exited with 3"))
    let elsewhere = try check(["--steal", "lazy", "--only", "00000000"], command, stacks: 16)
    #expect(elsewhere.report.stolen == 0 && elsewhere.ended.status == 2)
    #expect(elsewhere.ended.lines == ["ok"])
    #expect(elsewhere.ended.errorOutput.contains("--only 00000000 matched no window; seen: RACE"))
    #expect(elsewhere.ended.errorOutput.contains("[\(place.place)]"))
  }

  @Test func `long windows only`() throws {
    let checked = try check(
      ["--steal", "lazy", "--min-window", "600s"], [try Victim.c("raw"), "child"])
    #expect(checked.report.stolen == 0)
    #expect(checked.ended.lines == ["ok"])
  }

  @Test func `no more thieves than allowed`() throws {
    let checked = try check(
      ["--steal", "lazy", "--steal-max", "3", "-q"], [try Victim.c("storm"), "1", "10", "0", "1"],
      environment: ["REBIND": "1"])
    #expect(checked.report.stolen == 3)
    #expect(checked.ended.output == "done=10 einval=0 eintr=0 in_use=3 other=0\n")
  }

  @Test(arguments: [(1, true), (2, false), (3, true), (4, true)])
  func `portpicker survives losing its verification, not losing what it returned`(
    _ rebind: Int, _ survives: Bool
  ) throws {
    let python = try skipIfMissing { try Victim.pythonWithPackages() }
    let checked = try check(
      ["--steal", "lazy", "--steal-rebind", "\(rebind)", "--exit-code", "0"],
      [python, Victim.script("picker.py")])
    #expect((checked.ended.status == 0) == survives)
    #expect(checked.report.stolen == (rebind <= 2 ? 1 : 0))
  }

  @Test func `all windows are walked, each red or green`() throws {
    let python = try skipIfMissing { try Victim.pythonWithPackages() }
    let scratch = try ScratchFolder()
    let file = scratch.path + "/report.json"
    let ended = try run([
      try Victim.c("isolate"), Built.bindstorm, "check", "--enumerate", "--no-py-spy", "--json",
      file, "--", python, Victim.script("picker.py"),
    ])
    #expect(ended.status == 66)
    struct Document: Decodable {
      struct Window: Decodable {
        var rebind: Int
        var outcome: String
        var isRed: Bool
      }
      var windows: [Window]
      var runs: Int
    }
    let document = try JSONDecoder().decode(
      Document.self, from: Data(contentsOf: URL(filePath: file)))
    // portpicker tries the number over UDP as well, twice, where the first TCP probe reserved nothing.
    #expect(document.windows.map(\.rebind) == [1, 1, 1, 2])
    #expect(document.windows.map(\.isRed) == [false, false, false, true])
    #expect(document.windows.prefix(3).allSatisfy { $0.outcome == "survived" })
    #expect(document.windows.last?.outcome == "died: exited with 1")
    #expect(document.runs == 5)
  }

  @Test func `a window that does not come again is neither red nor green`() throws {
    let python = try skipIfMissing { try Victim.python() }
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The first run takes the window and leaves a file, the others find it.
    let code = """
      import os, socket, sys
      if not os.path.exists(sys.argv[1]):
        open(sys.argv[1], "w").close()
        s = socket.socket(); s.bind(("127.0.0.1", 0)); p = s.getsockname()[1]; s.close()
        t = socket.socket(); t.bind(("127.0.0.1", p))
      """
    let ended = try run([
      try Victim.c("isolate"), Built.bindstorm, "check", "--enumerate", "--no-py-spy", "--",
      python, "-c", code, folder.appending(path: "seen").path,
    ])
    #expect(ended.status == 2, "\(ended)")
    #expect(ended.errorOutput.contains("?     not decided: not reached again"), "\(ended)")
    #expect(ended.errorOutput.contains("what to do: make the command do the same"), "\(ended)")
    #expect(ended.errorOutput.contains("0 of 1 window red"), "\(ended)")
  }

  @Test func `only so many windows are tried as allowed`() throws {
    let python = try skipIfMissing { try Victim.python() }
    // Two re-binds of one port are two windows.
    let code = """
      import socket
      s = socket.socket(); s.bind(("127.0.0.1", 0)); p = s.getsockname()[1]; s.close()
      for _ in range(2):
        t = socket.socket(); t.bind(("127.0.0.1", p)); t.close()
      """
    let ended = try run([
      try Victim.c("isolate"), Built.bindstorm, "check", "--enumerate", "--enumerate-max", "1",
      "--no-py-spy", "--", python, "-c", code,
    ])
    #expect(ended.status == 66, "\(ended)")
    #expect(ended.errorOutput.contains("2 windows in 2 runs"), "\(ended)")
    #expect(ended.errorOutput.contains("1 window not tried (--enumerate-max)"), "\(ended)")
  }

  @Test func `a program that never gives up counts as hung, and is ended`() throws {
    let python = try skipIfMissing { try Victim.python() }
    let code = """
      import socket
      s = socket.socket(); s.bind(("127.0.0.1", 0)); p = s.getsockname()[1]; s.close()
      while True:
        try:
          t = socket.socket(); t.bind(("127.0.0.1", p)); break
        except OSError: pass
      """
    let ended = try run([
      try Victim.c("isolate"), Built.bindstorm, "check", "--enumerate", "--hang-after", "700ms",
      "--no-py-spy", "--", python, "-c", code,
    ])
    #expect(ended.status == 66)
    #expect(ended.errorOutput.contains("RED   fails: hung"))
  }

  /// The command cannot be waited for then, and must not go on without anybody.
  @Test func `a command that cannot be watched is ended`() throws {
    let seconds = "\(600_000 + getpid()).5"
    let ended = try run(
      [Built.bindstorm, "check", "--shrink", "--shrink-runs", "1", "--", "sleep", seconds],
      environment: ["BINDSTORM_FAIL": "pidfd_open:EMFILE"])
    #expect(ended.status != 0 && ended.errorOutput.contains("pidfd_open"), "\(ended)")
    let running = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter {
      let line = try? Data(contentsOf: URL(filePath: "/proc/\($0)/cmdline"))
      return line.map { String(decoding: $0, as: UTF8.self) } == "sleep\0\(seconds)\0"
    }
    #expect(running.isEmpty, "\(running)")
    for pid in running.compactMap({ Int32($0) }) { kill(pid, SIGKILL) }
  }

  @Test func `few ports without any catching make it fail`() throws {
    let python = try skipIfMissing { try Victim.python() }
    let code = """
      import socket
      def bound(p):
        s = socket.socket(); s.bind(("127.0.0.1", p)); return s
      ports = []
      for _ in range(8):
        s = bound(0); ports.append(s.getsockname()[1]); s.close()
      kept = [bound(p) for p in ports]
      """
    // Eight of two ports cannot be different.
    let ended = try run([
      Built.bindstorm, "check", "--shrink", "--shrink-ports", "4", "--shrink-runs", "3", "--",
      python, "-c", code,
    ])
    if ended.status == 69 { try skip("no network namespaces here") }
    #expect(ended.status == 66)
    #expect(ended.errorOutput.contains("3 of 3 runs failed"))
  }

  @Test(arguments: [
    ("bind:errno=EADDRINUSE,nth=2", "bind", ["ok", "EADDRINUSE"]),
    ("bind:errno=EACCES,nth=1", "bind", ["EACCES", "ok"]),
    ("listen:errno=EADDRINUSE", "listen", ["EADDRINUSE", "EADDRINUSE"]),
    ("socket:errno=EMFILE,nth=2", "socket", ["ok", "EMFILE"]),
    ("connect:errno=ECONNREFUSED,nth=2", "connect", ["ok", "ECONNREFUSED"]),
    ("bind:errno=EADDRINUSE,port=1-1023", "bind", ["ok", "ok"]),
    ("bind:errno=EADDRINUSE,process=somebody-else", "bind", ["ok", "ok"]),
    ("bind:errno=EADDRINUSE,process=calls.py", "bind", ["EADDRINUSE", "EADDRINUSE"]),
  ]) func `an injected error arrives at the call it is meant for`(
    _ rule: String, _ call: String, _ answers: [String]
  ) throws {
    let python = try skipIfMissing { try Victim.python() }
    let checked = try check(["--inject", rule], [python, Victim.script("calls.py")])
    let seen = checked.ended.lines.map { $0.split(separator: " ").map(String.init) }
    #expect(seen.filter { $0[0] == call }.map { $0[1] } == answers)
  }

  @Test(arguments: ["bind", "listen", "socket", "connect", "accept"])
  func `an injected delay is waited, by that call alone`(_ call: String) throws {
    let python = try skipIfMissing { try Victim.python() }
    let checked = try check(
      ["--inject", "\(call):delay=300ms,nth=2"], [python, Victim.script("calls.py")])
    let seen = checked.ended.lines.map { $0.split(separator: " ").map(String.init) }
    let mine = seen.filter { $0[0] == call }
    #expect(mine.map { $0[1] } == ["ok", "ok"])
    // The kernel's clock cannot come early; how late it comes is left open.
    #expect(try #require(Int(mine[1][2])) >= 299)
    #expect(checked.report.injections == ["\(call): 1 call injected"])
  }

  @Test func `a wrong rule says what is wrong`() throws {
    for rule in ["bind", "bond:errno=EIO", "bind:errno=EWHAT", "listen:errno=EIO,port=80"] {
      let ended = try run([Built.bindstorm, "check", "--inject", rule, "--", "/bin/true"])
      #expect(ended.status == 64)
      #expect(ended.errorOutput.contains("--inject '\(rule)'"))
    }
  }

  @Test func `known places are not reported`() throws {
    let command = [try Victim.c("raw"), "child"]
    let scratch = try ScratchFolder()
    let file = try scratch.write("# known\nRACE:raw child\n", to: "known.txt")
    let quiet = try check(["--suppressions", file], command)
    #expect(quiet.ended.status == 0)
    #expect(quiet.report.races == 0)
    _ = try scratch.write("RESTART:raw child\n", to: "known.txt")
    #expect(try check(["--suppressions", file], command).ended.status == 66)
    _ = try scratch.write("nonsense\n", to: "known.txt")
    let wrong = try run([
      Built.bindstorm, "check", "--suppressions", file, "--", "/bin/true",
    ])
    #expect(wrong.status == 64)
    #expect(wrong.errorOutput.contains(":1: the form is"))
  }

  @Test func `stacks lead through the interpreter and its libraries`() throws {
    let doctor = try run([Built.bindstorm, "doctor"])
    #expect(doctor.status == 0)
    guard doctor.lines.contains(where: { $0.hasSuffix("works    libunwind") }) else {
      try skip("no libunwind; make test-check-runtimes installs it")
    }
    let checked = try check([], try launcher(), stacks: 16)
    let functions = try #require(checked.report.places.first).probe.nativeStack.map(\.function)
    #expect(functions.count > 5)
    #expect(functions.first == "bind")
  }

  @Test(arguments: [
    (RuntimeTests.Runtime.go, "main.main"), (.node, "uv__tcp_bind"), (.java, "JavaMain"),
    (.swift, "main"), (.rust, "main"), (.rustStatic, "main"),
  ])
  func `stacks lead through code that keeps frame pointers instead of tables`(
    _ runtime: RuntimeTests.Runtime, _ outer: String
  ) throws {
    let doctor = try run([Built.bindstorm, "doctor"])
    guard doctor.lines.contains(where: { $0.hasSuffix("works    libunwind") }) else {
      try skip("no libunwind; make test-check-runtimes installs it")
    }
    let command = try skipIfMissing { try runtime.command() }
    let place = try #require(try check([], command, stacks: 16).report.places.first)
    for party in [place.probe, place.rebinder] {
      let functions = party.nativeStack.map(\.function)
      #expect(functions.count > 2 && functions.contains(outer), "\(functions)")
    }
    // The same walk in each run, or the place would have another name.
    let again = try #require(try check([], command, stacks: 16).report.places.first)
    #expect(again.place == place.place)
  }

  @Test func `Python frames are source lines`() throws {
    let python = try skipIfMissing { try Victim.pythonWithPackages() }
    let path = Place.environment.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    let checked = try check(
      [], [python, Victim.script("launcher.py"), "plain"], environment: ["PATH": path], stacks: 16)
    let place = try #require(checked.report.places.first)
    #expect(place.probe.sourceStack.map(\.function).contains("find_port"))
    #expect(place.rebinder.sourceStack.first?.function == "bind")
    #expect(place.summary.contains("find_port launcher.py"))
  }

  @Test func `every report file is well-formed`() throws {
    let scratch = try ScratchFolder()
    func file(_ name: String) -> String { scratch.path + "/" + name }
    _ = try check(
      ["--junit", file("x.xml"), "--sarif", file("x.sarif"), "--html", file("x.html")],
      [try Victim.c("raw"), "child"])
    struct SARIF: Decodable {
      struct Run: Decodable {
        struct Result: Decodable { var ruleId: String }
        var results: [Result]
      }
      var version: String
      var runs: [Run]
    }
    let sarif = try JSONDecoder().decode(
      SARIF.self, from: Data(contentsOf: URL(filePath: file("x.sarif"))))
    #expect(sarif.version == "2.1.0")
    #expect(sarif.runs.first?.results.map(\.ruleId) == ["RACE"])
    let html = try String(contentsOfFile: file("x.html"), encoding: .utf8)
    #expect(html.hasSuffix("</html>\n") && html.contains("Races at 1 place."))
    let python = try skipIfMissing { try Victim.python() }
    let parse =
      "import sys, xml.dom.minidom as m; d = m.parse(sys.argv[1]); print(d.documentElement.getElementsByTagName('failure').length)"
    #expect(try run([python, "-c", parse, file("x.xml")]).output == "1\n")
  }

  @Test func `a report that cannot be written is told before anything runs`() throws {
    let ended = try run([
      Built.bindstorm, "check", "--json", "/no/such/folder/x.json", "--", "/bin/echo", "ran",
    ])
    #expect(ended.status == 73)
    #expect(ended.output.isEmpty)
  }
}
