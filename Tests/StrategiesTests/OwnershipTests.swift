import Foundation
import History
import PlanModel
import TestSupport
import Testing

@testable import Strategies

/// Ownership is judged by the address that was promised: real listeners of adapters, of API servers, and of strangers.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(if: TestAdapter.hasPython, "needs python3 3.9 or newer"))
struct OwnershipTests {
  struct Row: Sendable {
    var how: String
    var outcome: String
    var evidence: String
    /// Socket kind of the API servers; both where it is empty.
    var sockets = ""
    /// The check; both where it is empty.
    var check = ""

    init(
      _ how: String, _ outcome: String, _ evidence: String = "", sockets: String = "",
      check: String = ""
    ) {
      (self.how, self.outcome, self.evidence) = (how, outcome, evidence)
      (self.sockets, self.check) = (sockets, check)
    }
  }

  static let rows = [
    // The adapter listens.
    Row("bind/loopback", "ready"), Row("bind/wildcard", "ready"), Row("bind/dual", "ready"),
    Row("bind/mapped", "ready"), Row("bind/both", "ready"), Row("bind/ranks", "ready"),
    Row("bind/accepts", "ready"), Row("bind/one-stopped", "ready"),
    Row("bind/loopback6", "timeout", "nobody answered in time"),
    Row("bind/only6", "timeout", "nobody answered in time"),
    Row("bind/second", "timeout", "nobody answered in time"),
    Row("bind/pair", "split-brain", "more than one socket listens"),
    Row("bind/stopped", "timeout", "all processes that have the listener open are stopped"),
    Row("bind/full", "timeout", "the listener's backlog is full"),
    // API servers listen, beside a stranger that no connection to 127.0.0.1 reaches.
    Row("allocate/loopback6", "ready"), Row("allocate/only6", "ready"),
    Row("allocate/second", "ready"), Row("allocate/udp", "ready"),
    // API servers adopt what the adapter passes.
    Row("listeners/loopback", "ready"), Row("listeners/wildcard", "ready"),
    Row("listeners/dual", "ready"), Row("listeners/mapped", "ready"),
    Row("listeners/loopback6", "timeout", "nobody answered in time"),
    Row("listeners/second", "timeout", "nobody answered in time"),
    // Connections reach a stranger, which is bound to the address itself.
    Row("listeners/banner", "cross-talk", "a stranger answers at port", sockets: "tcp"),
    Row("listeners/echo", "cross-talk", "a stranger answers at port", sockets: "tcp"),
    Row("listeners/other-nonce", "cross-talk", "a stranger answers at port", sockets: "tcp"),
    Row("listeners/other-server", "cross-talk", "a stranger answers at port", sockets: "tcp"),
    Row("listeners/other-message", "cross-talk", "a stranger answers", sockets: "zmq"),
    Row("listeners/other-size", "cross-talk", "a stranger answers", sockets: "zmq"),
    Row("listeners/closes", "timeout", "nobody answered in time", sockets: "tcp", check: "full"),
  ]

  @Test(arguments: SocketKind.allCases, [OwnershipCheck.full, .kernel])
  func `a listener counts where connections to the promised address reach it`(
    sockets: SocketKind, check: OwnershipCheck
  ) throws {
    let scratch = try ScratchFolder()
    let script = try OwnershipAdapter.write(to: scratch)
    let rows = Self.rows.filter {
      ["", sockets.rawValue].contains($0.sockets) && ["", check.rawValue].contains($0.check)
    }
    let measured = try MeasuredPlan(
      strategies: rows.map { TestAdapter.element(script, $0.how) },
      scenarios: [#"{"name": "alone"}"#],
      defaults: #"""
        "topology": {"api_servers": 2}, "trials": 2, "timeout_ms": 9500, "workers": "pooled",
        "sockets": "\#(sockets.rawValue)", "ownership_check": "\#(check.rawValue)"
        """#)
    for row in rows {
      let cell = try measured.cell("alone", row.how)
      #expect(
        cell.outcomes == [row.outcome: 2], "\(row.how): \(cell.outcomes) \(cell.evidence)")
      if row.outcome != "ready" {
        #expect(cell.evidence.contains(row.evidence), "\(row.how): \(cell.evidence)")
      }
    }
  }

  /// The probability that a check that looks once sees no listener between two processes is below 0.7 in a trial, and
  /// below 1e-6 in all.
  @Test func `a listener that changes hands below the adapter is no stranger's`() throws {
    let scratch = try ScratchFolder()
    let script = try OwnershipAdapter.write(to: scratch)
    let measured = try MeasuredPlan(
      strategies: [TestAdapter.element(script, "bind/handover")],
      scenarios: [#"{"name": "alone"}"#],
      defaults: #"""
        "topology": {"api_servers": 16}, "trials": 40, "timeout_ms": 20000, "workers": "pooled",
        "sockets": "tcp", "ownership_check": "kernel"
        """#)
    let cell = try measured.cell("alone", "bind/handover")
    #expect(cell.outcomes == ["ready": 40], "\(cell.outcomes) \(cell.evidence)")
  }

  @Test func `the record says whether an adapter accepts`() throws {
    let scratch = try ScratchFolder()
    let script = try OwnershipAdapter.write(to: scratch)
    let measured = try MeasuredPlan(
      strategies: ["bind/accepts", "bind/loopback"].map { TestAdapter.element(script, $0) },
      scenarios: [#"{"name": "alone"}"#],
      defaults: #""topology": {"api_servers": 2}, "trials": 1, "timeout_ms": 9500"#)
    for (how, ownership) in [("bind/accepts", Ownership.owner), ("bind/loopback", .unaccepted)] {
      let events = try #require(try measured.cell("alone", how).trials.first)
      let found = events.flatMap { event in
        if case .server(let server) = event {
          return [server.input.ownership, server.output.ownership]
        }
        return []
      }
      #expect(found == [Ownership](repeating: ownership, count: 4), "\(how)")
    }
  }

  @Test(arguments: [
    ("bind/loopback6", "report: not-listening", "no listener is reached"),
    ("bind/only6", "report: not-listening", "no listener is reached"),
    ("bind/second", "report: not-listening", "no listener is reached"),
    ("bind/pair", "report: not-listening", "where 2 sockets listen"),
    ("bind/stopped", "report: not-listening", "are stopped"),
    ("bind/full", "report: not-listening", "the backlog is full"),
    ("listeners/loopback6", "listeners: not-listening", "do not reach the descriptor of address 0"),
    ("listeners/banner", "listeners: not-listening", "but another socket"),
  ])
  func `the conformance check asks who is reached, too`(how: String, rule: String, text: String)
    throws
  {
    let scratch = try ScratchFolder()
    let script = try OwnershipAdapter.write(to: scratch)
    let finished = try Program.run([Built.bindstorm, "adapter-check", "--", "python3", script, how])
    #expect(finished.ending == .exit(1), "\(finished)")
    #expect(finished.output.contains("VIOLATED  \(rule)"), "\(finished.output)")
    #expect(finished.output.contains(text), "\(finished.output)")
  }

  @Test(arguments: ["bind/both", "bind/dual", "bind/accepts", "bind/handover", "listeners/dual"])
  func `the conformance check passes what is reached`(how: String) throws {
    let scratch = try ScratchFolder()
    let script = try OwnershipAdapter.write(to: scratch)
    let finished = try Program.run([Built.bindstorm, "adapter-check", "--", "python3", script, how])
    #expect(finished.ending == .exit(0), "\(finished)")
  }
}
