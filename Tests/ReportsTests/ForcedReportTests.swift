import History
import PlanModel
import Reports
import TestSupport
import Testing

/// Findings in programs whose port calls were forced, and launches lost where nothing binds.
@Suite struct ForcedReportTests {
  private static let arm = Arm.sample(strategy: "check", label: "our launcher") {
    $0.strategy.command = AdapterCommand(
      words: ["python3", "launch.py", "a b"], folder: "/srv/plans", forcing: Forcing())
  }

  private static func at(_ milliseconds: Double) -> UInt64 {
    TrialHistory.start + UInt64(milliseconds * 1e6)
  }

  private static func window(_ change: (inout ForcedWindow) -> Void = { _ in }) -> ForcedWindow {
    var window = ForcedWindow(
      launch: 0, verdict: "RACE", place: "b918bc99", protocolName: "tcp", port: 40_321,
      occurrence: 1,
      prober: "python3 launch.py a b", proberAt: "python3 launch.py (free_port launch.py:3)",
      proberPid: 12, probedAddress: "127.0.0.1:40321", probed: at(2), release: "closed",
      released: at(3), rebinder: "server", rebinderAt: "server", rebinderPid: 13,
      address: "0.0.0.0:40321", rebound: at(5.5), result: 98, isStolen: true, holderPid: 11)
    change(&window)
    return window
  }

  private static func events(
    _ windows: [ForcedWindow], isLaunch: Bool = true, status: Int32 = 1
  ) -> [Event] {
    let history = TrialHistory(arm, trial: 4) {
      $0.launches[0].forced = ForcedRun(
        isLaunch: isLaunch, status: status, calls: 9, probes: 3, windows: windows.count,
        stolen: windows.count(where: \.isStolen), window: "a -> b")
    }
    var events = history.events
    events.insert(contentsOf: windows.map(Event.forcedWindow), at: 2)
    return events
  }

  @Test func `a finding is told with both parties, the thief, and how to force it`() throws {
    let reports = ForcedReport.all(Self.events([Self.window()]), arm: Self.arm, run: "run")
    #expect(
      try #require(reports.first).text == """
        ==================
        RACE: tcp port 40321, our launcher in quiet, trial 4
          Probe: 127.0.0.1:40321 by python3 launch.py (free_port launch.py:3) (pid 12)
            at +2.000 ms
          Released: closed at +3.000 ms
          Re-bind: 0.0.0.0:40321 by server (pid 13)
            at +5.500 ms, failed: errno 98 (EADDRINUSE)
          Taken by: the thief that bindstorm put into the window, pid 11
          Window: 2.5 ms
          Force it: cd /srv/plans && bindstorm check --steal lazy --only b918bc99 --occurrence 1 -- python3 launch.py 'a b'
          Replay: bindstorm replay 'run/quiet/our launcher/4' --force
        SUMMARY: RACE python3 launch.py (free_port launch.py:3) -> server [b918bc99] stolen in quiet
        ==================

        """)
    #expect(reports.count == 1)
  }

  @Test func `what is not known or was not stolen is not told`() throws {
    func text(_ change: (inout ForcedWindow) -> Void, isLaunch: Bool = true) throws -> String {
      let events = Self.events([Self.window(change)], isLaunch: isLaunch)
      return try #require(ForcedReport.all(events, arm: Self.arm, run: "run").first).text
    }
    let plain = try text {
      ($0.isStolen, $0.holderPid, $0.result, $0.released, $0.release) = (false, 0, 0, 0, "")
    }
    #expect(plain.contains("  Released: not released\n") && plain.contains(" ms, succeeded\n"))
    #expect(!plain.contains("Taken by") && !plain.contains("Window:"))
    let held = try text {
      ($0.isStolen, $0.holder, $0.verdict, $0.occurrence) = (false, "other x", "COLLISION", 0)
    }
    #expect(held.contains("  Taken by: other x, pid 11\n") && !held.contains("Force it"))
    let second = try text { ($0.rebind, $0.occurrence) = (2, 3) }
    #expect(second.contains("--only b918bc99 --steal-rebind 2 --occurrence 3 -- "))
    #expect(try text { $0.verdict = "DERIVED" }.contains("Force it"))
    #expect(
      try !text({ _ in }, isLaunch: false).contains("Force it"),
      "an adapter does nothing by itself")
  }

  @Test func `a program has neither addresses nor API servers, and its thief has a time`() {
    #expect(
      Timeline.text(Self.events([Self.window()])) == """
        +0.000 ms  the trial begins
        +0.000 ms  launch 0 is one program, which bindstorm supervises
        +2.000 ms  python3 launch.py (free_port launch.py:3) (pid 12) gets 127.0.0.1:40321
        +3.000 ms  tcp port 40321 is free: closed
        +5.500 ms  the thief that bindstorm put into the window, pid 11, takes tcp port 40321
        +5.500 ms  server (pid 13) binds tcp port 40321 again: failed: errno 98 (EADDRINUSE)
        +9.000 ms  the trial is over: complete

        """)
  }

  @Test func `a run counts what its programs lost, and what was lost without a bind`() {
    let allocating = Arm.sample(depth: .allocate)
    var plan = ResolvedPlan.sample([Self.arm, allocating])
    plan.arms[1].strategy.label = "probes"
    var summary = RunSummary(plan, folder: "run")
    for trial in 0..<2 {
      let started = TrialStarted(arm: 0, trial: trial, at: TrialHistory.start)
      summary.add(started, Self.events([Self.window(), Self.window { $0.isStolen = false }]))
    }
    #expect(
      summary.text.hasSuffix(
        """
        our launcher in quiet: lost-to-thief x2; 6 ports followed, 4 windows, 2 stolen

        2 trials, 0 ports lost, 4 findings in forced programs (2 stolen), 2 different findings

        """), "\(summary.text)")
    var lost = RunSummary(plan, folder: "run")
    let twice = TrialHistory(plan.arms[1]) { $0.launches[0].advertised[1] = 40_001 }
    lost.add(twice.started, twice.events)
    #expect(lost.text.contains("LOST AT ALLOCATION: probes in quiet, trial 0, depth allocate\n"))
    #expect(lost.text.contains("  launch 0: lost-to-self: "), "\(lost.text)")
    #expect(
      lost.text.hasSuffix(
        "\n1 trial, 0 ports lost, 1 launch lost at allocation, 1 different finding\n"))
  }
}
