import History
import PlanModel
import Reports
import TestSupport
import Testing

/// A lost port in the shape of a race detector's report.
@Suite struct RaceReportTests {
  private static let sibling = Holder(
    kind: .apiServer, launch: 0, index: 1, pid: 901, sources: .events)

  private func reports(
    holder: Holder? = sibling, _ change: (inout TrialHistory) -> Void = { _ in }
  ) -> [RaceReport] {
    let arm = Arm.sample()
    let history = TrialHistory(arm, trial: 4) {
      $0.lose(0, to: holder)
      // The other API server has its number.
      $0.servers[1].input.bound = 40_001
      $0.servers[1].input.finished = TrialHistory.start + 3_250_000
      change(&$0)
    }
    return RaceReport.all(history.events, arm: arm, run: "run")
  }

  @Test func `a lost port is told with who lost it, who had it, and how to see it again`() throws {
    let report = try #require(reports().first)
    #expect(
      report.text == """
        ==================
        PORT RACE: port 40001, probe-then-bind in quiet, trial 4
          Victim: input of API server 0.0, pid 900
            released by +1.000 ms, by launcher 0, pid 800
            tried at +3.500 ms, failed at +4.000 ms: EADDRINUSE at bind
            window 2.5 ms
          Taken by: API server 0.1 of the same launch, pid 901
            bound it at +3.250 ms, and had held it for 750.0 us when the victim failed
            from the events; the kernel no longer showed a socket
          Replay: bindstorm replay run/quiet/probe-then-bind/4 --force
        SUMMARY: input of probe-then-bind lost to the same launch in quiet
        ==================

        """)
    #expect(report.signature.scenario == "quiet" && report.signature.endpoint == "input")
    #expect(report.signature.strategy == "probe-then-bind")
    #expect(report.launch == 0 && report.server == 0 && !report.isOutput)
    #expect(reports().count == 1)
  }

  @Test func `a bind after the loss is not what took the port`() throws {
    let late = try #require(
      reports { $0.servers[1].input.finished = $0.servers[0].input.finished + 1 }.first)
    #expect(late.text.contains("    bound it between +0.100 ms and +4.000 ms\n"), "\(late.text)")
    let same = try #require(
      reports { $0.servers[1].input.finished = $0.servers[0].input.finished }.first)
    #expect(same.text.contains("had held it for 0 ns when"))
  }

  @Test func `what a holder says of itself comes before what others are known to have bound`()
    throws
  {
    var holder = Self.sibling
    holder.since = TrialHistory.start + 2_000_000
    let report = try #require(reports(holder: holder).first)
    #expect(report.text.contains("bound it at +2.000 ms"))
  }

  @Test(
    arguments: [
      (Holder(kind: .launcher, launch: 1, pid: 7, sources: .kernel), "a launcher"),
      (Holder(kind: .coordinator, launch: 0, pid: 7, sources: .kernel), "a coordinator"),
      (Holder(kind: .thief, index: 2, pid: 7, sources: .kernel), "a thief"),
      (Holder(kind: .outsider, pid: 7, command: "nginx", sources: .kernel), "an outsider"),
      (Holder(kind: .apiServer, launch: 1, index: 0, sources: .events), "a parallel launch"),
      (Holder(kind: .nobody, sources: .neither), "unknown"),
      (Holder(kind: .cannotTell, sources: .neither), "unknown"), (nil, "unknown"),
    ] as [(Holder?, String)])
  func `losses to the same kind of holder have one signature`(
    _ holder: Holder?, _ kind: String
  ) throws {
    let report = try #require(reports(holder: holder).first)
    #expect(report.signature.holder == kind)
    #expect(report.text.contains(" lost to \(kind) in quiet\n"))
  }

  @Test func `only a number that was asked for can be lost`() {
    #expect(reports { $0.servers[0].input.requested = 0 }.isEmpty)
    #expect(reports { $0.servers[0].input.errno = 13 }.isEmpty)
    let both = reports {
      $0.servers[0].output.errno = 98
      $0.servers[0].output.holder = Self.sibling
    }
    #expect(both.map(\.isOutput) == [false, true])
  }
}
