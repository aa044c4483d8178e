import Foundation
import Glibc
import TestSupport
import Testing

@testable import Strategies

/// Programs whose port calls are forced, as rows of a matrix: real processes and a real thief in the window.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(if: TestAdapter.hasPython, "needs python3 3.9 or newer"))
struct ForcedProgramTests {
  /// What a launch of that kind comes to, each time.
  struct Row: Sendable, CustomTestStringConvertible {
    var what: String
    /// Statements of Python; `probe()` gives a number that was let go, `bind(n)` a bound socket.
    var program: String
    var outcome: String
    var evidence: String
    var check = "{}"
    var options = "{}"
    var testDescription: String { what }
  }

  static let rows = [
    Row(
      what: "it dies of its stolen window", program: "bind(probe())", outcome: "lost-to-thief",
      evidence: "the window thief took the port of RACE tcp"),
    Row(
      what: "it dies of its stolen window by a signal",
      program: "try: bind(probe())\nexcept OSError: os.kill(os.getpid(), 9)",
      outcome: "lost-to-thief", evidence: "was ended by signal 9"),
    Row(
      what: "it dies of the thief that came at the release", program: "bind(probe())",
      outcome: "lost-to-thief", evidence: "RACE tcp", check: #"{"steal": "eager"}"#),
    Row(
      what: "it survives the loss of a number",
      program: "try: bind(probe())\nexcept OSError: bind(probe())", outcome: "recovered",
      evidence: "ready only after 1 lost re-bind"),
    Row(
      what: "it survives one loss, and two are stolen",
      program: "try: bind(probe())\nexcept OSError: bind(probe())", outcome: "lost-to-thief",
      evidence: "exited with code 1", check: #"{"max": 2}"#),
    Row(
      what: "no number is let go", program: "bind(0)", outcome: "ready", evidence: ""),
    Row(
      what: "the second re-bind of a port was to be stolen, and there is but one",
      program: "bind(probe())", outcome: "invalid", evidence: "1 window opened (first: ",
      check: #"{"rebind": 2}"#),
    Row(
      what: "the place is another", program: "bind(probe())", outcome: "invalid",
      evidence: "none was stolen although the plan asks for it", check: #"{"only": "elsewhere"}"#),
    Row(
      what: "the place is this one", program: "bind(probe())", outcome: "lost-to-thief",
      evidence: "RACE tcp", check: #"{"only": "python3"}"#),
    Row(
      what: "the window is too short", program: "bind(probe())", outcome: "invalid",
      evidence: "none was stolen although the plan asks for it",
      check: #"{"min_window_ms": 3600000}"#),
    Row(
      what: "no port call at all", program: "pass", outcome: "invalid",
      evidence: "no port call was seen"),
    Row(
      what: "its only socket has no port",
      program: "socket.socket(socket.AF_UNIX).bind(f'\\0bindstorm-{os.getpid()}')",
      outcome: "invalid", evidence: "there was nothing to steal"),
    Row(
      what: "it never ends", program: "bind(0)\nwhile True: signal.pause()", outcome: "timeout",
      evidence: "had not ended in time", options: #"{"run_timeout_ms": 400}"#),
    Row(
      what: "it dies of something else", program: "bind(0)\nsys.exit('no such model')",
      outcome: "child-died", evidence: "its last words: no such model"),
    Row(
      what: "it is refused a number that it holds itself",
      program:
        "a = bind(0)\nb = bind(probe())\nb.close()\nc = bind(b_port := b_number)\nbind(b_port)",
      outcome: "lost-to-self", evidence: "refused a port it holds itself",
      check: #"{"steal": "off", "inject": [{"call": "listen", "delay_ms": 1}]}"#),
    Row(
      what: "a bind is made to fail", program: "bind(0)", outcome: "child-died",
      evidence: "after 1 injection",
      check: #"{"steal": "off", "inject": [{"call": "bind", "errno": "EACCES", "nth": 1}]}"#),
    Row(
      what: "a listen is made to wait", program: "bind(0)", outcome: "ready", evidence: "",
      check: #"{"steal": "off", "inject": [{"call": "listen", "delay_ms": 5}]}"#),
    Row(
      what: "the injection was due and did not strike", program: "bind(0)", outcome: "invalid",
      evidence: "the plan asks for an injection, and no call was injected",
      check: #"{"steal": "off", "inject": [{"call": "connect", "errno": "ECONNREFUSED"}]}"#),
  ]

  private static let head = """
    import os, signal, socket, sys
    def probe():
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            return s.getsockname()[1]
    kept = []
    b_number = 0
    def bind(port):
        global b_number
        s = socket.socket()
        s.bind(('127.0.0.1', port))
        s.listen()
        kept.append(s)
        b_number = s.getsockname()[1]
        return s

    """

  private static func element(_ row: Row, _ script: String, name: String = "check") -> String {
    #"{"name": "\#(name)", "label": "\#(row.what)", "command": ["python3", "\#(script)"], "#
      + #""check": \#(row.check), "options": \#(row.options)}"#
  }

  @Test func `what becomes of a forced launch is told from what happened`() throws {
    let scratch = try ScratchFolder()
    let elements = try Self.rows.enumerated().map { number, row in
      Self.element(row, try scratch.write(Self.head + row.program + "\n", to: "launch\(number).py"))
    }
    let measured = try MeasuredPlan(
      strategies: elements, scenarios: [#"{"name": "a"}"#],
      defaults: #""topology": {"api_servers": 3}, "trials": 3, "timeout_ms": 20000"#)
    for row in Self.rows {
      let cell = try measured.cell("a", row.what)
      #expect(
        cell.outcomes == [row.outcome: 3], "\(row.what): \(cell.outcomes) \(cell.evidence)")
      #expect(
        row.evidence.isEmpty || cell.evidence.contains(row.evidence),
        "\(row.what): \(cell.evidence) \(cell.reason)")
    }
  }

  @Test func `parallel forced launches do not disturb each other`() throws {
    let scratch = try ScratchFolder()
    let racy = try scratch.write(Self.head + "bind(probe())\n", to: "racy.py")
    let fixed = try scratch.write(Self.head + "bind(0)\n", to: "fixed.py")
    let measured = try MeasuredPlan(
      strategies: [("racy", racy), ("fixed", fixed)].map {
        #"{"name": "check", "label": "\#($0)", "command": ["python3", "\#($1)"]}"#
      }, scenarios: [#"{"name": "a"}"#],
      defaults: #""topology": {"api_servers": 1, "launches": 4}, "trials": 4, "timeout_ms": 30000"#)
    #expect(try measured.cell("a", "racy").outcomes == ["lost-to-thief": 16])
    #expect(try measured.cell("a", "fixed").outcomes == ["ready": 16])
  }

  @Test func `a program that is not there skips its row`() throws {
    let measured = try MeasuredPlan(
      strategies: [
        #"{"name": "check", "label": "none", "command": ["./no-such-launcher"]}"#,
        #"{"name": "check", "label": "true", "command": ["true"]}"#,
      ], scenarios: [#"{"name": "a"}"#],
      defaults: #""topology": {"api_servers": 1}, "trials": 2"#)
    let cell = try measured.cell("a", "none")
    #expect(
      cell.planAnswer == "skipped" && cell.reason.contains("no such program")
        && cell.reason.contains("/no-such-launcher: nothing is there; prepare or install it"),
      "\(cell.reason)")
    #expect(try measured.cell("a", "true").outcomes == ["invalid": 2])
  }

  @Test(arguments: ["lazy", "eager"], ["zmq", "tcp"])
  func `an adapter loses its window to the thief, one without a window is ready`(
    steal: String, sockets: String
  ) throws {
    let adapter = Built.repository + "/Adapters/socket_adapter.py"
    let measured = try MeasuredPlan(
      strategies: ["probe", "wildcard"].map {
        #"{"name": "exec", "label": "\#($0)", "command": ["python3", "\#(adapter)", "\#($0)"], "#
          + #""check": {"steal": "\#(steal)"}}"#
      }, scenarios: [#"{"name": "a"}"#],
      defaults: #"""
        "topology": {"api_servers": 2, "launches": 2}, "trials": 4, "timeout_ms": 20000,
        "sockets": "\#(sockets)", "ownership_check": "kernel"
        """#)
    let racy = try measured.cell("a", "probe")
    #expect(racy.outcomes == ["lost-to-thief": 8], "\(racy.outcomes) \(racy.evidence)")
    #expect(racy.evidence.contains("held by the window thief"), "\(racy.evidence)")
    let fixed = try measured.cell("a", "wildcard")
    #expect(fixed.outcomes == ["ready": 8], "\(fixed.outcomes) \(fixed.evidence) \(fixed.reason)")
  }

  @Test func `only the thief that comes at the release sees a window that others close`() throws {
    let adapter = Built.repository + "/Adapters/socket_adapter.py"
    let measured = try MeasuredPlan(
      strategies: ["lazy", "eager"].map {
        #"{"name": "exec", "label": "\#($0)", "command": ["python3", "\#(adapter)", "numbers"], "#
          + #""check": {"steal": "\#($0)"}}"#
      }, scenarios: [#"{"name": "a"}"#],
      defaults: #"""
        "topology": {"api_servers": 2}, "trials": 3, "timeout_ms": 20000, "sockets": "tcp",
        "window": {"milliseconds": 1000}
        """#)
    // The API servers, which bind, are no part of the adapter's tree. The thief hears of the release from the
    // kernel, which on a busy host can take it far longer than the usual fraction of a millisecond.
    let lazy = try measured.cell("a", "lazy")
    #expect(lazy.outcomes == ["invalid": 3], "\(lazy.outcomes) \(lazy.evidence)")
    let eager = try measured.cell("a", "eager")
    #expect(eager.outcomes == ["lost-to-thief": 3], "\(eager.outcomes) \(eager.evidence)")
  }

  /// A launch of four processes that never end, with its plan.
  private static func endless(in scratch: ScratchFolder) throws -> Program {
    let launch = try scratch.write(
      head + "bind(0)\nos.fork()\nos.fork()\nwhile True: signal.pause()\n", to: "launch.py")
    let plan = try scratch.write(
      #"""
      {"version": 1, "name": "stuck", "scenarios": [{"name": "a"}],
       "defaults": {"topology": {"api_servers": 1}, "trials": 9, "timeout_ms": 3600000},
       "strategies": [{"name": "check", "command": ["python3", "\#(launch)"],
                       "options": {"run_timeout_ms": 3500000}}]}
      """#, to: "plan.json")
    return try Program(
      [Built.bindstorm, "run", plan, "--quiet", "--results", scratch.path + "/results"])
  }

  /// The processes below the run once the launch has all four of its own.
  private static func tree(of program: Program) throws -> [ProcessRecord] {
    var tree: [ProcessRecord] = []
    try waitUntil("four processes of the launch") {
      if program.hasEnded() { throw TestFailure("it has ended: \(program.errorOutput)") }
      tree = Kernel.descendants(of: program.pid)
      return tree.filter { $0.name.hasPrefix("python") }.count == 4
    }
    return tree
  }

  @Test(arguments: [SIGKILL, SIGINT, SIGTERM])
  func `a run that is ended in mid-trial leaves nothing of a forced launch`(signal: Int32) throws {
    let scratch = try ScratchFolder()
    let program = try Self.endless(in: scratch)
    let tree = try Self.tree(of: program)
    #expect(tree.contains { $0.name.hasPrefix("bs-forcer") })
    program.signal(signal)
    let finished = try program.wait()
    #expect(
      finished.ending == (signal == SIGKILL ? .signal(SIGKILL) : .exit(128 + signal)),
      "\(finished)")
    try waitUntil("end of all processes") {
      tree.allSatisfy { !Kernel.isRunning($0.pid) }
    }
  }

  @Test func `a forced launch whose launcher died goes before its keeper could end it`() throws {
    let scratch = try ScratchFolder()
    let program = try Self.endless(in: scratch)
    let first = try Self.tree(of: program)
    func pid(_ name: String) throws -> Int32 {
      try #require(first.first { $0.name.hasPrefix(name) }?.pid)
    }
    // The kernel tells the keeper of the launcher's death, and the worker host, which starts new workers, comes
    // to look first.
    kill(try pid("bs-keeper"), SIGSTOP)
    kill(try pid("bs-launcher"), SIGKILL)
    try waitUntil("end of the first launch") {
      first.filter { !["bs-host", "bs-auditor"].contains($0.name) }.allSatisfy {
        !Kernel.isRunning($0.pid)
      }
    }
    let second = try Self.tree(of: program)
    program.signal(SIGTERM)
    #expect(try program.wait().ending == .exit(143))
    try waitUntil("end of all processes") {
      second.allSatisfy { !Kernel.isRunning($0.pid) }
    }
  }
}
