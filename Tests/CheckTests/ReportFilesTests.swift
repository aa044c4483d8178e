import Foundation
import Glibc
import TestSupport
import Testing

/// The report files of every mode: whole, or none at all.
@Suite struct ReportFilesTests {
  private static let names = ["report.txt", "x.json", "x.xml", "x.sarif", "x.html"]

  private static func options(in folder: String) -> [String] {
    zip(["--report", "--json", "--junit", "--sarif", "--html"], names).flatMap {
      [$0, "\(folder)/\($1)"]
    }
  }

  private static func texts(in folder: String) throws -> [String] {
    try names.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
  }

  /// Two windows, of which the second is fatal; with a word, the third run waits for a signal.
  private static let program = """
    import os, signal, socket, sys
    def bind(p):
      s = socket.socket(); s.bind(("127.0.0.1", p)); return s
    def probe():
      s = bind(0); p = s.getsockname()[1]; s.close(); return p
    if len(sys.argv) > 1:
      with open(sys.argv[1], "a+") as f:
        f.write("x"); f.flush()
        if f.tell() == 3:
          open(sys.argv[1] + ".waiting", "w").close()
          while True: signal.pause()
    try: bind(probe())
    except OSError: pass
    bind(probe())
    """

  @Test func `a series writes every report file`() throws {
    let python = try skipIfMissing { try Victim.python() }
    let scratch = try ScratchFolder()
    let ended = try run(
      [try Victim.c("isolate"), Built.bindstorm, "check", "--enumerate", "--no-py-spy"]
        + Self.options(in: scratch.path) + ["--", python, "-c", Self.program])
    #expect(ended.status == 66, "\(ended)")
    let texts = try Self.texts(in: scratch.path)
    for text in texts {
      #expect(text.contains("survived") && text.contains("fails"), "\(text)")
      #expect(text.contains("Address already in use"), "\(text)")
    }
    #expect(texts[2].contains(#"tests="2" failures="1" errors="0" skipped="0""#))
    #expect(texts[3].contains(#""level" : "note""#) && texts[3].contains(#""level" : "error""#))
    #expect(texts[4].hasSuffix("</html>\n"))
  }

  @Test(arguments: [SIGTERM, SIGKILL])
  func `a series that is ended writes what it has measured`(_ signal: Int32) throws {
    let python = try skipIfMissing { try Victim.python() }
    let scratch = try ScratchFolder()
    let counter = scratch.path + "/counter"
    let program = try Program(
      [Built.bindstorm, "check", "--enumerate", "--no-py-spy"]
        + Self.options(in: scratch.path) + ["--", python, "-c", Self.program, counter])
    try waitUntil("third run") {
      if program.hasEnded() { throw TestFailure("it has ended: \(program.errorOutput)") }
      return FileManager.default.fileExists(atPath: counter + ".waiting")
    }
    let victims = Kernel.descendants(of: program.pid)
    program.signal(signal)
    let finished = try program.wait()
    // The guard lets the command of a killed tool go on.
    for victim in victims { kill(victim.pid, SIGKILL) }
    #expect(
      finished.ending == (signal == SIGKILL ? .signal(SIGKILL) : .exit(128 + signal)),
      "\(finished)")
    for text in try Self.texts(in: scratch.path) {
      #expect(text.contains("survived") && text.contains("interrupted"), "\(text)")
    }
  }

  @Test func `a command that cannot be run leaves no empty file`() throws {
    let scratch = try ScratchFolder()
    for mode in [[], ["--enumerate"]] {
      let ended = try run(
        [Built.bindstorm, "check"] + mode + Self.options(in: scratch.path) + ["--", "/no/such"])
      #expect(ended.status == 127)
      #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }
  }

  @Test func `reports that a mode cannot write are refused before anything runs`() throws {
    let scratch = try ScratchFolder()
    for option in ["--json", "--junit", "--sarif", "--html", "--trace"] {
      let ended = try run([
        Built.bindstorm, "check", "--shrink", option, scratch.path + "/x", "--", "/bin/echo", "ran",
      ])
      #expect(ended.status == 64 && ended.output.isEmpty, "\(ended)")
      #expect(ended.errorOutput.contains("--report works"), "\(ended)")
    }
    for option in [["--only", "x"], ["--occurrence", "2"], ["--steal-rebind", "1"]] {
      let ended = try run(
        [Built.bindstorm, "check", "--enumerate"] + option + ["--", "/bin/echo", "ran"])
      #expect(ended.status == 64 && ended.output.isEmpty, "\(ended)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
  }

  @Test func `a command that fails with all ports available is told in the report, too`() throws {
    let scratch = try ScratchFolder()
    let file = scratch.path + "/x.txt"
    let ended = try run([
      Built.bindstorm, "check", "--shrink", "--report", file, "--", "sh", "-c", "echo no; exit 3",
    ])
    #expect(ended.status == 2, "\(ended)")
    #expect(
      try String(contentsOfFile: file, encoding: .utf8)
        == "bindstorm check: not decided: even with all ports available the command exited with 3: no\n"
    )
  }
}
