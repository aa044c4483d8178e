import Foundation
import Glibc
import TestSupport
import Testing

/// What a running `bindstorm` has that must go with it.
private struct Belongings {
  let processes: [ProcessRecord]
  let namespace: String

  /// Takes stock of a run that is in the middle of a trial: its 4 API servers hold all 8 listeners.
  init(of program: Program) throws {
    var host: ProcessRecord?
    try waitUntil("trial with all its listeners") {
      if program.hasEnded() { throw TestFailure("it has ended: \(program.errorOutput)") }
      host = Kernel.descendants(of: program.pid).first { $0.name == "bs-host" }
      guard let host else { return false }
      let sockets = (try? Kernel.sockets(of: host.pid, in: 42_000...42_999)) ?? []
      return sockets.count == 8
        && Kernel.descendants(of: host.pid).filter { $0.name.hasPrefix("bs-api-0-") }.count == 4
    }
    processes = Kernel.descendants(of: program.pid)
    guard let name = Kernel.networkNamespace(of: host!.pid) else {
      throw TestFailure("the worker host is gone")
    }
    namespace = name
  }

  /// Waits until nothing of it is left.
  func expectGone() throws {
    do {
      try waitUntil("end of all processes") {
        processes.allSatisfy { !Kernel.isRunning($0.pid) }
      }
      // Sockets live in a namespace and end with it at the latest.
      try waitUntil("end of the namespace") { Kernel.holders(ofNamespace: namespace).isEmpty }
    } catch {
      throw TestFailure(
        "\(error): \(processes.filter { Kernel.isRunning($0.pid) }), \(Kernel.holders(ofNamespace: namespace))"
      )
    }
  }
}

/// A barrier held shut for an hour: the run stays in the middle of its trial.
private let stopped = #""window": { "milliseconds": 3600000 }"#

@Suite(.serialized, .timeLimit(.minutes(20))) struct LeftoverTests {
  @Test(arguments: ["fresh", "pooled"], ["tcp", "zmq"])
  func `a harness that is killed in mid-trial leaves nothing behind`(
    workers: String, sockets: String
  ) throws {
    let workplace = try Workplace(
      endlessPlan(settings: stopped + #", "workers": "\#(workers)""#).replacing(
        #""sockets": "tcp""#, with: #""sockets": "\#(sockets)""#))
    let temporary = workplace.scratch.path + "/tmp"
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    let program = try workplace.start(environment: ["TMPDIR": temporary])
    // Pooled API servers get their listeners when they are released; until then these are under way in the
    // channels, where the kernel counts them all the same.
    let belongings = try Belongings(of: program)
    // Anything but the results that is open as a file could be left behind as one. What the tests' own caller
    // left open is inherited.
    let inherited = Set(Kernel.descriptors(of: getpid()))
    for process in belongings.processes + [try #require(Kernel.process(program.pid))] {
      // "/" is the run's private folder: a tmpfs that is mounted nowhere.
      for file in Kernel.descriptors(of: process.pid)
      where file.hasPrefix("/") && file != "/" && !inherited.contains(file) {
        #expect(
          file.hasPrefix("/dev/") || file.hasPrefix("/proc/") || file.contains("(deleted)")
            || file.hasPrefix(workplace.results) || file.hasPrefix("/tmp/bindstorm-test-"),
          "\(process.name) has \(file) open")
      }
    }
    program.signal(SIGKILL)
    #expect(try program.wait().ending == .signal(SIGKILL))
    try belongings.expectGone()
    #expect(workplace.scratch.names(in: "tmp").isEmpty)
    #expect(workplace.scratch.names() == ["plan.json", "results", "tmp"])
    // The plan was written before anything ran, and no verdict ever.
    #expect(
      workplace.scratch.names(in: "results/endless/latest")
        == ["environment.json", "events.jsonl", "plan.json", "resolved.json", "workers.log"])
    let judged = try workplace.bindstorm(["analyze", workplace.latest(of: "endless")])
    #expect(judged.ending == .exit(2) && judged.output.contains("PARTIAL"), "\(judged)")
  }

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
  func `a signal ends the run with what was measured, marked as partial`(
    signal: Int32, code: Int32
  ) throws {
    let workplace = try Workplace(endlessPlan())
    let program = try workplace.start()
    try waitUntil("trials in the history") {
      let history = (try? workplace.text(workplace.latest("events.jsonl", of: "endless"))) ?? ""
      return history.contains(#""event":"trial-ended","arm":0,"trial":20,"#)
    }
    let processes = Kernel.descendants(of: program.pid)
    program.signal(signal)
    let finished = try program.wait()
    #expect(finished.ending == .exit(code), "\(finished)")
    #expect(finished.output.contains("PARTIAL (interrupted)"))
    try waitUntil("end of all workers") { processes.allSatisfy { !Kernel.isRunning($0.pid) } }
    let history = try workplace.text(workplace.latest("events.jsonl", of: "endless"))
    #expect(history.hasSuffix("}\n"))
    #expect(history.contains(#"{"event":"run-ended","interrupted":true"#))
    #expect(
      try workplace.json(workplace.latest("matrix.json", of: "endless"))["isPartial"] as? Bool
        == true)
    #expect(
      try workplace.text(workplace.latest("matrix.md", of: "endless")).contains("PARTIAL"))
    let judged = try workplace.bindstorm(["analyze", workplace.latest(of: "endless")])
    #expect(judged.ending == .exit(2))
    #expect(finished.output.hasPrefix(judged.output), "analyze sees another matrix")
  }

  @Test func `a signal in mid-trial ends a long window at once and leaves nothing`() throws {
    let workplace = try Workplace(endlessPlan(settings: stopped))
    let program = try workplace.start()
    let belongings = try Belongings(of: program)
    program.signal(SIGINT)
    let finished = try program.wait()
    #expect(finished.ending == .exit(130), "\(finished)")
    #expect(finished.output.contains("PARTIAL (interrupted)"))
    try belongings.expectGone()
  }

  /// As the kernel's OOM killer does it. Nobody's port was lost.
  @Test func `an API server that is killed from outside is a harness error, and the run goes on`()
    throws
  {
    let workplace = try Workplace(
      plan(["inherited-listener"], trials: 3, settings: #""window": { "milliseconds": 500 }"#))
    let program = try workplace.start()
    var victim: ProcessRecord?
    try waitUntil("API server") {
      victim = Kernel.descendants(of: program.pid).first { $0.name == "bs-api-0-1" }
      return victim != nil
    }
    kill(try #require(victim).pid, SIGKILL)
    let finished = try program.wait()
    #expect(finished.ending == .exit(2), "\(finished)")
    #expect(try workplace.outcomes() == ["harness-error": 1, "ready": 2])
    #expect(finished.output.contains("harness-error x1, first in trial 0"), "\(finished.output)")
    #expect(finished.output.contains("API server 1 (pid "), "\(finished.output)")
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `a shrunk check that is ended takes the run of its command along`(signal: Int32) throws {
    let program = try Program([
      Built.bindstorm, "check", "--shrink", "--", "sh", "-c", "sleep 3600 & sleep 3600",
    ])
    var tree: [ProcessRecord] = []
    try waitUntil("two processes of the command") {
      if program.hasEnded() { throw TestFailure("it has ended: \(program.errorOutput)") }
      tree = Kernel.descendants(of: program.pid)
      return tree.count { $0.name == "sleep" } == 2
    }
    program.signal(signal)
    #expect(try program.wait().ending == .signal(signal))
    try waitUntil("end of the command") { tree.allSatisfy { !Kernel.isRunning($0.pid) } }
  }
}
