import Foundation
import Glibc
import TestSupport
import Testing

@testable import Strategies

/// Programs driven through the adapter protocol, with real processes.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(if: TestAdapter.hasPython, "needs python3 3.9 or newer"))
struct AdapterTests {
  @Test(arguments: ["fresh", "pooled"], ["zmq", "tcp"])
  func `an adapter of each capability brings up parallel launches`(
    workers: String, sockets: String
  ) throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let good = ["allocate", "listeners", "bind"]
    let measured = try MeasuredPlan(
      strategies: good.map { TestAdapter.element(script, $0) },
      scenarios: [
        #"{"name": "alone"}"#,
        #"{"name": "siblings", "topology": {"api_servers": 3, "launches": 3}}"#,
      ],
      defaults: #"""
        "topology": {"api_servers": 3}, "trials": 4, "timeout_ms": 20000,
        "workers": "\#(workers)", "sockets": "\#(sockets)"
        """#)
    for name in good {
      let alone = try measured.cell("alone", name)
      #expect(alone.outcomes == ["ready": 4], "\(name): \(alone.outcomes) \(alone.evidence)")
      let siblings = try measured.cell("siblings", name)
      #expect(
        siblings.outcomes == ["ready": 12], "\(name): \(siblings.outcomes) \(siblings.evidence)")
    }
  }

  @Test func `at depth allocate listeners are held to the end of the trial, and no longer`() throws
  {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let good = ["allocate", "listeners"]
    let measured = try MeasuredPlan(
      strategies: good.map { TestAdapter.element(script, $0) },
      scenarios: [
        #"{"name": "siblings", "topology": {"api_servers": 3, "launches": 2}}"#
      ], defaults: #""trials": 5, "timeout_ms": 20000, "depth": "allocate""#)
    for name in good {
      let cell = try measured.cell("siblings", name)
      #expect(cell.outcomes == ["ready": 10], "\(name): \(cell.outcomes) \(cell.evidence)")
    }
  }

  struct Row: Sendable {
    var how: String
    var outcome: String
    var evidence: String
    var options: String

    init(_ how: String, _ outcome: String, _ evidence: String, _ options: String = "{}") {
      self.how = how
      self.outcome = outcome
      self.evidence = evidence
      self.options = options
    }
  }

  private static let short = #"{"allocate_timeout_ms": 200}"#

  /// Every misbehaviour, the outcome of each of its trials, and what the evidence must say.
  static let rows: [Row] = [
    Row("allocate/malformed", "adapter-error", "malformed: the answer to allocate is no JSON"),
    Row("allocate/no-object", "adapter-error", "malformed: the answer to allocate is no object"),
    Row("allocate/no-id", "adapter-error", "malformed: the answer to allocate has no id"),
    Row("allocate/no-ports", "adapter-error", #"malformed: the answer has no list "ports""#),
    Row("allocate/wrong-id", "adapter-error", "wrong-id: the answer to allocate, request 2"),
    Row("allocate/too-few", "adapter-error", "wrong-count: 3 ports for 4 addresses"),
    Row("allocate/too-many", "adapter-error", "wrong-count: 5 ports for 4 addresses"),
    Row("allocate/wrong-port", "adapter-error", "wrong-port: 70000 is no port"),
    Row("allocate/placeholder", "adapter-error", "wrong-port: 0 is no port"),
    Row("allocate/silent", "adapter-error", "late: no answer to allocate within 200 ms", short),
    Row("allocate/late", "adapter-error", "late: no answer to allocate within 200 ms", short),
    Row("allocate/half", "adapter-error", #"an unfinished line came: {"id""#, short),
    Row("allocate/oversized", "adapter-error", "oversized: the answer to allocate is longer"),
    Row("allocate/endless", "adapter-error", "oversized: the answer to allocate is longer"),
    Row("allocate/exits", "adapter-error", "early-exit: it exited with code 3"),
    Row("allocate/killed", "adapter-error", "early-exit: it was ended by signal 9"),
    Row("allocate/kills-group", "adapter-error", "early-exit: it was ended by signal 9"),
    Row("allocate/closes", "adapter-error", "early-exit: it closed its standard input or", short),
    Row("allocate/unknown-error", "adapter-error", "malformed: error is none of unavailable"),
    Row("allocate/late-unavailable", "adapter-error", "unavailable is for hello only"),
    Row("allocate/hello-version", "adapter-error", "wrong-hello: it speaks protocol 2"),
    Row("allocate/hello-excludes", "adapter-error", "wrong-hello: listeners and bind exclude"),
    Row("allocate/hello-capability", "adapter-error", #"there is no capability "fly""#),
    Row("allocate/hello-without-allocate", "adapter-error", "capability allocate is missing"),
    Row("listeners/one-less", "adapter-error", "wrong-sockets: 3 sockets were passed for 4"),
    Row("listeners/one-more", "adapter-error", "wrong-sockets: 5 sockets were passed at least"),
    Row("listeners/crowded", "adapter-error", "wrong-sockets: one message holds more than 64"),
    Row("listeners/not-listening", "adapter-error", "not-listening: the descriptor of address 0"),
    Row("listeners/other-port", "adapter-error", "listens on port 20003, not on 20000"),
    Row("listeners/no-socket", "adapter-error", "the descriptor of address 0 is no socket"),
    Row("bind/bind-exits", "adapter-error", "early-exit: it exited with code 5"),
    Row(
      "bind/bind-silent", "adapter-error", "late: no answer to bind within 200 ms",
      #"{"bind_timeout_ms": 200}"#),
    Row("bind/report-too-few", "adapter-error", "wrong-count: 3 ports for 4 addresses"),
    Row("bind/report-placeholder", "adapter-error", "wrong-port: 0 is no port"),
    // What keeps to the protocol is judged as any strategy is.
    Row("allocate/exhausted", "exhausted", "the launcher's probe found no free port"),
    Row("allocate/failed", "other-error", "failed: out of luck"),
    Row("bind/binds-nothing", "timeout", "nobody answered in time at port 20000"),
    Row("bind/binds-without-listening", "timeout", "nobody answered in time at port 20000"),
    Row("bind/bind-in-use", "lost-to-unknown", "port 20000"),
  ]

  @Test func `each misbehaviour has its outcome, and the adapter's last words are kept`() throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let measured = try MeasuredPlan(
      strategies: Self.rows.map { TestAdapter.element(script, $0.how, options: $0.options) },
      scenarios: [#"{"name": "alone"}"#],
      defaults: #""topology": {"api_servers": 2}, "trials": 2, "timeout_ms": 10000"#)
    for row in Self.rows {
      let cell = try measured.cell("alone", row.how)
      #expect(
        cell.outcomes == [row.outcome: 2], "\(row.how): \(cell.outcomes) \(cell.evidence)")
      #expect(cell.evidence.contains(row.evidence), "\(row.how): \(cell.evidence)")
      if row.outcome == "adapter-error" {
        #expect(cell.planAnswer == "undecided", "\(row.how): \(cell.reason)")
        if !row.how.contains("hello") {
          #expect(
            cell.evidence.contains("its standard error: last words of \(row.how)"),
            "\(row.how): \(cell.evidence)")
        }
      }
    }
  }

  /// The adapter is stopped at the end of its arm, as a part of the last trial.
  @Test(arguments: [
    ("allocate/stop-code", "early-exit: after stop it exited with code 3, not with code 0"),
    ("bind/stop-code", "early-exit: after stop it exited with code 3, not with code 0"),
    ("allocate/stop-late", "late: it did not exit within 200 ms after stop"),
  ])
  func `how an adapter stops is a part of the record`(_ how: String, _ evidence: String) throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let measured = try MeasuredPlan(
      strategies: [TestAdapter.element(script, how, options: #"{"stop_timeout_ms": 200}"#)],
      scenarios: [#"{"name": "alone"}"#],
      defaults: #""topology": {"api_servers": 2}, "trials": 3, "timeout_ms": 10000"#)
    let cell = try measured.cell("alone", how)
    #expect(cell.outcomes == ["adapter-error": 1, "ready": 2], "\(cell.outcomes) \(cell.evidence)")
    #expect(cell.evidence.contains(evidence), "\(cell.evidence)")
    #expect(cell.planAnswer == "undecided", "\(cell.reason)")
  }

  /// In a session of its own, because without the check's care this process would be ended, too.
  @Test func `an adapter that kills its group reaches nobody but itself`() throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let finished = try Program.run([
      "setsid", "-w", "sh", "-c",
      "\"$0\" adapter-check -- python3 \(script) allocate/kills-group; echo $?",
      Built.bindstorm,
    ])
    #expect(finished.output.contains("VIOLATED  allocate: early-exit: it was ended by signal 9"))
    #expect(finished.output.hasSuffix(" violated\n1\n"), "\(finished)")
  }

  @Test func `an adapter that keeps its listeners is found out`() throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let measured = try MeasuredPlan(
      strategies: [TestAdapter.element(script, "bind/keeps")], scenarios: [#"{"name": "alone"}"#],
      defaults: #""topology": {"api_servers": 2}, "trials": 1, "timeout_ms": 10000"#)
    let cell = try measured.cell("alone", "bind/keeps")
    #expect(cell.outcomes == ["leaked": 1], "\(cell.outcomes) \(cell.evidence)")
  }

  @Test func `after a fault another adapter is started for the next trial`() throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let how = "allocate/exits-in-second"
    let measured = try MeasuredPlan(
      strategies: [TestAdapter.element(script, how), TestAdapter.element(script, "allocate")],
      scenarios: [#"{"name": "alone"}"#],
      defaults: #""topology": {"api_servers": 2}, "trials": 6, "timeout_ms": 10000"#)
    let cell = try measured.cell("alone", how)
    // Blocks of other arms lie between trials, and with each block the adapter begins anew.
    let broken = cell.outcomes["adapter-error", default: 0]
    #expect(broken <= 3 && cell.outcomes["ready", default: 0] == 6 - broken, "\(cell.outcomes)")
    #expect(try measured.cell("alone", "allocate").outcomes == ["ready": 6])
  }

  @Test func `an adapter that cannot run here is skipped with its reason`() throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let absent = #"{"name": "exec", "label": "absent", "command": ["/nonexistent/adapter"]}"#
    let measured = try MeasuredPlan(
      strategies: [
        absent, TestAdapter.element(script, "allocate/unavailable"),
        TestAdapter.element(script, "allocate"),
      ],
      scenarios: [#"{"name": "alone"}"#],
      defaults: #""topology": {"api_servers": 2}, "trials": 2, "timeout_ms": 10000"#)
    let unavailable = try measured.cell("alone", "allocate/unavailable")
    #expect(unavailable.planAnswer == "skipped")
    #expect(unavailable.reason.contains("no luck on this host"), "\(unavailable.reason)")
    let missing = try measured.cell("alone", "absent")
    #expect(missing.reason.contains("cannot start /nonexistent/adapter"), "\(missing.reason)")
    #expect(try measured.cell("alone", "allocate").outcomes == ["ready": 2])
  }

  /// The adapter ignores SIGTERM, and so does a process it has put into a session of its own.
  @Test func `a harness that is killed leaves no adapter and nothing that one started`() throws {
    let scratch = try ScratchFolder()
    let script = try scratch.write(
      #"""
      import json, os, signal, sys
      signal.signal(signal.SIGTERM, signal.SIG_IGN)
      if os.fork() == 0:
          os.setsid()
          if os.fork() == 0:
              open("/proc/self/comm", "w").write("test-daemon")
              while True:
                  signal.pause()
          os._exit(0)
      os.wait()
      for line in sys.stdin:
          request = json.loads(line)
          reply = {"id": request["id"]}
          if request["request"] == "hello":
              reply.update(protocol=1, name="stubborn", capabilities=["allocate"])
              ports = list(range(20000, 20000 + request["addresses"]))
          if request["request"] == "allocate":
              reply["ports"] = ports
          print(json.dumps(reply), flush=True)
      while True:
          signal.pause()
      """#, to: "stubborn.py")
    let plan = try scratch.write(
      #"""
      {"version": 1, "name": "killed",
       "defaults": {"topology": {"api_servers": 2}, "trials": 2, "timeout_ms": 10000,
                    "window": {"milliseconds": 3600000}},
       "strategies": [{"name": "exec", "command": ["python3", "\#(script)"]}],
       "scenarios": [{"name": "alone"}]}
      """#, to: "plan.json")
    let program = try Program(
      [Built.bindstorm, "run", plan, "--quiet", "--results", scratch.path + "/results"])
    var below: [ProcessRecord] = []
    try waitUntil("trial in its window") {
      if program.hasEnded() { throw TestFailure("it has ended: \(program.errorOutput)") }
      below = Kernel.descendants(of: program.pid)
      return below.contains { $0.name == "test-daemon" }
        && below.count { $0.name.hasPrefix("bs-api-0-") } == 2
    }
    #expect(below.contains { $0.name == "bs-keeper-0" }, "\(below.map(\.name))")
    program.signal(SIGKILL)
    try program.wait()
    try waitUntil("end of the adapter and its daemon") {
      below.allSatisfy { !Kernel.isRunning($0.pid) }
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends a run whose adapter does not say who it is`(signal: Int32) throws {
    let scratch = try ScratchFolder()
    let plan = try scratch.write(
      #"""
      {"version": 1, "name": "mute",
       "defaults": {"topology": {"api_servers": 2}, "trials": 2, "timeout_ms": 3600000},
       "strategies": [{"name": "exec", "command": ["sleep", "3600"],
                       "options": {"hello_timeout_ms": 600000}}],
       "scenarios": [{"name": "alone"}]}
      """#, to: "plan.json")
    let program = try Program(
      [Built.bindstorm, "run", plan, "--quiet", "--results", scratch.path + "/results"])
    var below: [ProcessRecord] = []
    try waitUntil("start of the adapter") {
      if program.hasEnded() { throw TestFailure("it has ended: \(program.errorOutput)") }
      below = Kernel.descendants(of: program.pid)
      return below.contains { $0.name == "sleep" }
    }
    program.signal(signal)
    let finished = try program.wait()
    #expect(finished.ending == .exit(128 + signal), "\(finished)")
    #expect(finished.output.contains("PARTIAL (interrupted)"), "\(finished)")
    try waitUntil("end of the adapter") {
      below.allSatisfy { !Kernel.isRunning($0.pid) }
    }
  }

  @Test(arguments: ["allocate", "listeners", "bind"])
  func `the conformance check passes a good adapter`(_ how: String) throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let finished = try Program.run(
      [Built.bindstorm, "adapter-check", "--", "python3", script, how])
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.output.contains(" 0 violated"), "\(finished.output)")
  }

  @Test(
    arguments: [
      ("allocate/malformed", "allocate: malformed"), ("allocate/exits", "allocate: early-exit"),
      ("allocate/silent", "allocate: late"), ("listeners/one-more", "listeners: wrong-sockets"),
      ("listeners/not-listening", "listeners: not-listening"),
      ("bind/report-too-few", "report: wrong-count"), ("bind/keeps", "release: still-bound"),
      ("bind/binds-nothing", "report: not-listening"),
      ("allocate/hello-version", "hello: wrong-hello"),
      ("allocate/exits-in-second", "next-trial: early-exit"),
    ])
  func `the conformance check names the rule that is broken`(how: String, rule: String) throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let finished = try Program.run(
      [Built.bindstorm, "adapter-check", "--timeout-ms", "1500", "--", "python3", script, how])
    #expect(finished.ending == .exit(1), "\(finished)")
    #expect(finished.output.contains("VIOLATED  \(rule)"), "\(finished.output)")
    // An error is named once, not by every rule whose steps come after it.
    if how == "allocate/exits" {
      #expect(finished.output.contains("not tried release: it builds on allocate\n"))
      #expect(finished.output.hasSuffix(", 1 violated\n"), "\(finished.output)")
    }
  }

  @Test func `the conformance check says that a program cannot run here`() throws {
    let scratch = try ScratchFolder()
    let script = try TestAdapter.write(to: scratch)
    let unavailable = try Program.run(
      [Built.bindstorm, "adapter-check", "--", "python3", script, "allocate/unavailable"])
    #expect(unavailable.ending == .exit(69))
    #expect(unavailable.output.contains("no luck on this host"), "\(unavailable.output)")
    let absent = try Program.run([Built.bindstorm, "adapter-check", "--", "/nonexistent/adapter"])
    #expect(absent.ending == .exit(69))
    #expect(absent.output.contains("cannot start /nonexistent/adapter"), "\(absent.output)")
    #expect(try Program.run([Built.bindstorm, "adapter-check"]).ending == .exit(64))
  }
}
