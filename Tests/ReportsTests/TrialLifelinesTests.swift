import History
import Lifelines
import PlanModel
import TestSupport
import Testing

@testable import Reports

/// A trial's events as lifelines of processes, ports and faults.
@Suite struct TrialLifelinesTests {
  private static let thief = Holder(
    kind: .thief, index: 0, pid: 700, command: "bs-thief-0", since: at(2),
    sources: .eventsAndKernel)

  /// Nanoseconds that many milliseconds after the trial began.
  private static func at(_ milliseconds: Double) -> UInt64 {
    TrialHistory.start + UInt64(milliseconds * 1e6)
  }

  private func all(
    _ arm: Arm = .sample { $0.thieves = [Arm.holder(ports: 10)] },
    _ change: (inout TrialHistory) -> Void = { _ in }
  ) -> [Lifeline] {
    TrialLifelines(TrialHistory(arm, change).events).all(arm, .sample)
  }

  /// `name from-to` in milliseconds of each span.
  private func spans(_ lifelines: [Lifeline], _ name: String) -> [String] {
    lifelines.first { $0.name == name }?.spans.map {
      "\($0.name) \(Double($0.from - TrialHistory.start) / 1e6)-\(Double($0.to - TrialHistory.start) / 1e6)"
    } ?? ["no \(name)"]
  }

  /// `from: deed -> to: deed` of each arrow, by the names of lifelines.
  private func arrows(_ lifelines: [Lifeline]) -> [String] {
    var ends: [UInt64: (from: String, to: String)] = [:]
    for lifeline in lifelines {
      let events =
        lifeline.spans.map { ($0.name, $0.arrows) } + lifeline.instants.map { ($0.name, $0.arrows) }
      for (name, arrows) in events {
        for arrow in arrows {
          let words = "\(lifeline.name): \(name)"
          if arrow.arrives {
            ends[arrow.id, default: ("?", "?")].to = words
          } else {
            ends[arrow.id, default: ("?", "?")].from = words
          }
        }
      }
    }
    return ends.sorted { $0.key < $1.key }.map { "\($0.value.from) -> \($0.value.to)" }
  }

  @Test func `each process, port and the trial has a lifeline with its name and pid`() {
    let lifelines = all()
    #expect(
      lifelines.map(\.name) == [
        "trial quiet/probe-then-bind/0", "launcher 0", "API server 0.0", "API server 0.1",
        "thief 0",
        "port 40001", "port 40002", "port 40003", "port 40004",
      ])
    #expect(
      lifelines.map(\.subject).prefix(5) == [
        .record, .process(pid: 800), .process(pid: 900), .process(pid: 901), .process(pid: 700),
      ])
    #expect(spans(lifelines, "trial quiet/probe-then-bind/0") == ["trial 0 0.0-9.0"])
    #expect(
      lifelines[0].instants.map(\.name) == [
        "begins", "the barrier opens: API servers are released", "is over: complete",
      ])
  }

  @Test func `a port that is kept is held, free, and held by its API server`() {
    let lifelines = all()
    #expect(
      spans(lifelines, "port 40003") == [
        "held by launcher 0 0.1-1.0", "free 1.0-4.0", "held by API server 0.0 (output) 4.0-9.0",
      ])
    #expect(
      spans(lifelines, "API server 0.0") == [
        "binds its ports 3.0-4.0", "binds its input to port 40001 3.5-4.0",
        "binds its output to port 40003 3.5-4.0",
      ])
    #expect(
      arrows(lifelines) == [
        "launcher 0: allocates -> API server 0.0: binds its input to port 40001",
        "launcher 0: allocates -> API server 0.0: binds its output to port 40003",
        "launcher 0: allocates -> API server 0.1: binds its input to port 40002",
        "launcher 0: allocates -> API server 0.1: binds its output to port 40004",
      ])
  }

  @Test func `a port that is lost is stolen, with an arrow from the thief's bind`() {
    let lifelines = all { $0.lose(0, to: Self.thief) }
    #expect(
      spans(lifelines, "port 40001") == [
        "held by launcher 0 0.1-1.0", "free 1.0-2.0",
        "stolen by thief 0, pid 700 (bs-thief-0) 2.0-4.0",
      ])
    #expect(
      arrows(lifelines).last
        == "thief 0: takes port 40001 -> API server 0.0: fails to bind its input to port 40001: errno 98 (EADDRINUSE)"
    )
    // The other endpoint was not tried.
    #expect(spans(lifelines, "port 40003") == ["held by launcher 0 0.1-1.0"])
  }

  @Test func `a port that another API server took has an arrow from its bind`() {
    let sibling = Holder(kind: .apiServer, launch: 0, index: 1, pid: 901, sources: .events)
    let lifelines = all {
      $0.lose(0, to: sibling)
      $0.servers[0].input.requested = 40_002
      $0.servers[0].input.attempted = Self.at(4.5)
      $0.servers[0].input.finished = Self.at(5)
    }
    #expect(
      spans(lifelines, "port 40002") == [
        "held by launcher 0 0.1-1.0", "free 1.0-4.0",
        "taken by API server 0.1 of the same launch, pid 901 4.0-5.0",
        "held by API server 0.1 (input) 5.0-9.0",
      ])
    #expect(
      arrows(lifelines).contains(
        "API server 0.1: listens with its input on port 40002 -> API server 0.0: fails to bind its input to port 40002: errno 98 (EADDRINUSE)"
      ))
  }

  @Test func `whoever began before the trial begins with it, and says so`() throws {
    var early = Self.thief
    early.since = TrialHistory.start - 5
    let lifelines = all { $0.lose(0, to: early) }
    let took = try #require(lifelines.first { $0.name == "thief 0" }?.instants.first)
    #expect(took.at == TrialHistory.start && took.details == [.init("began", "before the trial")])
    #expect(lifelines.flatMap(\.times).allSatisfy { Self.at(0)...Self.at(9) ~= $0 })
  }

  @Test func `of a number that is chosen when it is bound nobody is said to hold it before`() {
    let lifelines = all(.sample(strategy: "wildcard-report-back")) {
      for server in $0.servers.indices { $0.servers[server].input.requested = 0 }
    }
    #expect(spans(lifelines, "port 40001") == ["held by API server 0.0 (input) 4.0-9.0"])
    #expect(arrows(lifelines).allSatisfy { !$0.contains("input") })
  }

  @Test func `a number that was bound after a retry may be a new one`() {
    let lifelines = all { $0.servers[0].input.retries = 1 }
    #expect(spans(lifelines, "port 40001").last == "held by API server 0.0 (input) 4.0-9.0")
    #expect(arrows(lifelines).allSatisfy { !$0.contains("40001") })
  }

  @Test func `a fault is an instant of its victim, and has a lifeline and a helper of its own`() {
    let arm = Arm.sample {
      $0.faults = [
        PlannedFault(
          kind: Choice(name: "steal", label: "steal"), point: .beforeInputBind, launch: 0, index: 1)
      ]
    }
    let lifelines = all(arm) {
      $0.faults[0].index = 1; $0.faults[0].helper = 77
    }
    #expect(spans(lifelines, "fault 0") == ["steal 3.5-3.7"])
    #expect(
      lifelines.first { $0.name == "API server 0.1" }?.instants.filter { $0.meaning == .fault }
        .map(\.name) == ["fault 0 (steal) at before-input-bind"])
    let helper = lifelines.first { $0.name == "helper of fault 0" }
    #expect(helper?.subject == .process(pid: 77))
  }

  @Test func `an engine core's start is cut into its steps`() {
    let arm = Arm.sample(depth: .startup) { $0.startup = Startup(engines: 1) }
    let lifelines = all(arm)
    #expect(
      spans(lifelines, "engine core 0.0") == [
        "starts 2.0-6.5", "waits for the addresses 2.0-3.0", "loads 3.0-5.0", "connects 5.0-6.0",
        "waits to be READY 6.0-6.5",
      ])
    #expect(spans(lifelines, "coordinator 0") == ["binds its ports 1.1-1.5"])
    #expect(spans(lifelines, "port 29550") == ["held by launcher 0 2.0-9.0"])
  }

  @Test func `a window of a program is free until the thief comes, and then the thief's`() {
    let arm = Arm.sample(strategy: "check", depth: .allocate)
    var window = ForcedWindow(
      launch: 0, verdict: "RACE", place: "a/b", protocolName: "udp", port: 5_000, prober: "serve",
      proberAt: "serve", proberPid: 50, probedAddress: "127.0.0.1:5000", probed: Self.at(2),
      release: "closed", released: Self.at(3), rebinder: "serve", rebinderAt: "serve",
      rebinderPid: 50, address: "127.0.0.1:5000", rebound: Self.at(5))
    (window.result, window.isStolen, window.holderPid) = (98, true, 60)
    let history = TrialHistory(arm)
    let events =
      Array(history.events.dropLast()) + [.forcedWindow(window), .trialEnded(history.ended)]
    let lifelines = TrialLifelines(events).all(arm, .sample)
    #expect(
      spans(lifelines, "udp port 5000") == [
        "held by process 50 2.0-3.0", "free 3.0-5.0",
        "stolen by the thief that bindstorm put into the window, pid 60 5.0-9.0",
      ])
    #expect(
      arrows(lifelines) == [
        "serve: gets 127.0.0.1:5000 -> serve: binds udp port 5000 again: failed: errno 98 (EADDRINUSE)",
        "thief of bindstorm check: takes udp port 5000 -> serve: binds udp port 5000 again: failed: errno 98 (EADDRINUSE)",
      ])
  }
}
