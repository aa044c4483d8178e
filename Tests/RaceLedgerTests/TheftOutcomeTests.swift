import ForcedCalls
import RaceLedger
import TestSupport
import Testing

/// What a run under a thief shows, by what happened in it.
@Suite struct TheftOutcomeTests {
  private func run(
    stolen: Int = 0, succeeds: Bool = true, _ findings: [Finding] = [.sample()],
    _ change: (inout TheftRun) -> Void = { _ in }
  ) -> TheftRun {
    var run = TheftRun(
      ending: succeeds ? "exited with 0" : "exited with 3", isSuccess: succeeds, stolen: stolen,
      ports: 2, findings: findings)
    change(&run)
    return run
  }

  @Test func `a window is judged only if its port was stolen`() {
    #expect(run(stolen: 1).outcomeOfWindow == .survived)
    #expect(run(stolen: 1, succeeds: false).outcomeOfWindow == .died("exited with 3"))
    #expect(run(stolen: 1) { $0.isHung = true }.outcomeOfWindow == .hung)
    #expect(run(stolen: 1, [.sample(.crossWired)]).outcomeOfWindow == .crossTalked)
    #expect(run().outcomeOfWindow == .undecided(.notReached))
    #expect(run { $0.stacksMissing = 4 }.outcomeOfWindow == .undecided(.stacksRanOut(4)))
    #expect(run { $0.isHung = true }.outcomeOfWindow == .undecided(.slow))
    #expect(
      run(succeeds: false).outcomeOfWindow == .undecided(.failsUntouched("exited with 3")))
    #expect(
      run(stolen: 1, succeeds: false) { $0.isInterrupted = true }.outcomeOfWindow
        == .undecided(.interrupted))
  }

  private static let lost = Finding.sample { $0.wasStolen = true }

  @Test func `a single run is green only if all that it selects was stolen`() {
    let any = StealPolicy(mode: .lazy)
    #expect(run(stolen: 1, [Self.lost]).outcome(of: any) == .survived)
    #expect(run(stolen: 1, succeeds: false, [Self.lost]).outcome(of: any) == .died("exited with 3"))
    let others = [Self.lost, .sample(.race, "other")]
    #expect(
      run(stolen: 1, others).outcome(of: any) == .undecided(.othersNotTried(1, stolen: 1)))
    let here = StealPolicy(mode: .lazy, only: Self.lost.place)
    #expect(run(stolen: 1, others).outcome(of: here) == .survived)
    let first = StealPolicy(mode: .lazy, occurrence: 1)
    #expect(run(stolen: 1, others).outcome(of: first) == .survived)
  }

  @Test func `a single run in which nothing was stolen says why`() throws {
    let any = StealPolicy(mode: .lazy)
    #expect(run([]).outcome(of: any) == nil, "there was nothing to steal")
    #expect(run([]) { $0.ports = 0 }.outcome(of: any) == .undecided(.noPort))
    #expect(run(succeeds: false, []) { $0.ports = 0 }.outcome(of: any) == nil)
    #expect(run(succeeds: false).outcome(of: any) == .undecided(.failsUntouched("exited with 3")))
    let elsewhere = StealPolicy(mode: .lazy, rebind: 2, only: "deadbeef", occurrence: 4)
    let unmatched = try #require(run().outcome(of: elsewhere))
    #expect(
      unmatched.text
        == "nothing was stolen: --only deadbeef --occurrence 4 --steal-rebind 2 matched no window; seen: \(Finding.sample().summary)"
    )
    #expect(run([]).outcome(of: elsewhere)?.isUndecided == true)
  }

  @Test func `three words, and a reason and an advice for each that is not decided`() {
    #expect(TheftOutcome.survived.sentence == "survived")
    #expect(TheftOutcome.hung.sentence == "fails: hung")
    #expect(TheftOutcome.undecided(.interrupted).sentence == "not decided: interrupted")
    let all: [Undecided] = [
      .notReached, .onlyAfterTheft, .changingPlaces,
      .matchedNothing("--only x", seen: [], stacksMissing: 0), .noPort, .failsUntouched("hung"),
      .slow, .taken, .stacksRanOut(1), .limit(2), .othersNotTried(1, stolen: 1), .unobserved(1),
      .metStrangerAndServer, .interrupted,
    ]
    #expect(Set(all.map(\.reason)).count == all.count && all.allSatisfy { !$0.advice.isEmpty })
    #expect(all.filter(\.isUntried).count == 5)
  }
}
