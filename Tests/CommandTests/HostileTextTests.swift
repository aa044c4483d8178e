import Foundation
import TestSupport
import Testing

/// A plan, an adapter and a command with words against who reads: nothing that the programs print or write as text has
/// anything to obey.
@Suite(.serialized, .timeLimit(.minutes(20))) struct HostileTextCommandTests {
  private static let words = "\u{1B}[31m\n::error::x\r\u{202E}::warning::y\u{0}##[error]z"

  private static func quoted(_ text: String) throws -> String {
    String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
  }

  /// Its error for `hello` is `error`; it says hostile words on standard error as well.
  private static func adapter(_ error: String, in scratch: ScratchFolder) throws -> String {
    try scratch.write(
      #"""
      import json, sys
      words = "\x1b[31m\n::error::x\r\u202e::warning::y\0##[error]z"
      for line in sys.stdin:
          request = json.loads(line)
          sys.stderr.write(words + "\n::error::stderr\n")
          sys.stderr.flush()
          print(json.dumps({"id": request["id"], "error": "\#(error)", "message": words}), flush=True)
      """#, to: "\(error).py")
  }

  private static func workplace() throws -> Workplace {
    let workplace = try Workplace("")
    let words = try quoted(words)
    let failing = try adapter("failed", in: workplace.scratch)
    let absent = try adapter("unavailable", in: workplace.scratch)
    _ = try workplace.scratch.write(
      """
      {"version": 1, "name": "small", "title": \(words),
       "strategies": [
         {"name": "probe-then-bind", "label": \(words)},
         {"name": "exec", "label": "::failing", "command": ["python3", "\(failing)"]},
         {"name": "exec", "label": "##[absent]", "command": ["python3", "\(absent)"]}],
       "defaults": {"topology": {"api_servers": 2}, "trials": 2, "sockets": "tcp"},
       "scenarios": [
         {"name": \(words), "why": \(words), "pool": {"slots": 2},
          "published": [
            {"strategy": \(words), "failures": 1, "out_of": 2, "source": \(words)}]},
         {"name": "::second", "skip": {\(words): \(words)}}]}
      """, to: "plan.json")
    return workplace
  }

  private static func expectHarmless(_ finished: Finished, _ what: String) {
    #expect(HostileText.faults(in: finished.output) == [], "\(what): \(finished.output)")
    #expect(HostileText.faults(in: finished.errorOutput) == [], "\(what): \(finished.errorOutput)")
  }

  @Test func `a run, and what is asked about it, prints nothing to obey`() throws {
    let workplace = try Self.workplace()
    let summary = try workplace.scratch.write("", to: "summary.md")
    let run = try workplace.run(environment: ["GITHUB_STEP_SUMMARY": summary])
    #expect([.exit(0), .exit(1), .exit(2)].contains(run.ending), "\(run)")
    Self.expectHarmless(run, "run")
    let folder = workplace.latest()
    for file in ["matrix.md", "matrix.csv", "junit.xml"] {
      let text = try workplace.text(folder + file).replacing("\r\n", with: "\n")
      #expect(HostileText.faults(in: text) == [], "\(file): \(text)")
    }
    #expect(HostileText.faults(in: try workplace.text(summary)) == [])
    for arguments in [
      ["validate", "plan.json"], ["plan", "plan.json"], ["analyze", folder], ["explain", folder],
      ["explain", folder + "0/0"], ["explain", folder + "1/0"], ["replay", folder + "0/0"],
      ["explain", "\n::error::nowhere"], ["validate", "\n::error::nowhere"],
    ] {
      Self.expectHarmless(try workplace.bindstorm(arguments), arguments.joined(separator: " "))
    }
  }

  @Test func `a mistake in a plan is quoted without anything to obey`() throws {
    let workplace = try Workplace(
      "{\"version\": 1,\n::error::x\u{1B}[31m\u{202E}##[error]\n\"name\": 1}")
    let finished = try workplace.bindstorm(["validate", "plan.json"])
    #expect(finished.ending == .exit(64))
    Self.expectHarmless(finished, "validate")
  }

  @Test(arguments: ["failed", "unavailable"])
  func `the conformance check repeats nothing to obey`(_ error: String) throws {
    let scratch = try ScratchFolder()
    let script = try Self.adapter(error, in: scratch)
    let finished = try Program.run([
      Built.bindstorm, "adapter-check", "--timeout-ms", "5000", "--", "python3", script,
    ])
    Self.expectHarmless(finished, error)
  }

  @Test func `a checked command's words are told without anything to obey`() throws {
    let scratch = try ScratchFolder()
    for options in [["-v"], ["--enumerate"], ["--shrink", "--shrink-runs", "1"]] {
      let finished = try Program.run(
        [Built.bindstorm, "check"] + options + [
          "--", "python3", "-c",
          """
          import socket, sys
          a = socket.socket(); a.bind(('127.0.0.1', 0)); p = a.getsockname()[1]; a.close()
          b = socket.socket(); b.bind(('127.0.0.1', p))
          """, "\n::error::argv\u{1B}[31m", "##[error]x",
        ], folder: scratch.path)
      Self.expectHarmless(finished, options[0])
    }
  }
}
