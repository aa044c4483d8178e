import ForcedCalls
import History
import PlanModel
import TestSupport
import Testing

@testable import Judging

/// What forced programs come to, by their supervisor's account alone.
@Suite struct ForcedRunTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var run: ForcedRun
    var outcome: Outcome
    var forcing = Forcing()
    var testDescription: String { "\(outcome): \(run)" }
  }

  static func account(_ change: (inout ForcedRun) -> Void) -> ForcedRun {
    var run = ForcedRun(isLaunch: true, calls: 9, probes: 3, window: "a -> b")
    change(&run)
    return run
  }

  static let injecting = Forcing(
    steal: .off, injections: [CallInjection(.bind, error: 5)])

  static let rows: [Row] = [
    Row(run: account { _ in }, outcome: .ready),
    // A thief had nothing to steal, so nothing is shown; what an injection shows is shown.
    Row(run: account { $0.probes = 0 }, outcome: .invalid),
    Row(
      run: account { ($0.probes, $0.injected) = (0, 1) }, outcome: .ready, forcing: injecting),
    Row(run: account { $0.calls = 0 }, outcome: .invalid),
    Row(run: account { $0.unobserved = 1 }, outcome: .invalid),
    Row(run: account { $0.lost = 1 }, outcome: .invalid),
    Row(run: account { ($0.lost, $0.stolen) = (1, 1) }, outcome: .recovered),
    Row(run: account { $0.windows = 1 }, outcome: .invalid),
    Row(run: account { $0.windows = 2 }, outcome: .invalid),
    Row(run: account { ($0.windows, $0.stolen) = (2, 1) }, outcome: .recovered),
    Row(run: account { $0.refusal = .outsider }, outcome: .recovered),
    Row(run: account { ($0.status, $0.stolen) = (1, 1) }, outcome: .lostToThief),
    Row(
      run: account { ($0.ending, $0.status, $0.stolen) = (.signalled, 6, 1) },
      outcome: .lostToThief),
    Row(run: account { ($0.status, $0.refusal) = (1, .tree) }, outcome: .lostToSelf),
    Row(run: account { ($0.status, $0.refusal) = (1, .outsider) }, outcome: .lostToOutsider),
    Row(run: account { $0.status = 1 }, outcome: .childDied),
    Row(run: account { ($0.status, $0.windows) = (1, 1) }, outcome: .childDied),
    Row(run: account { ($0.ending, $0.status) = (.signalled, 6) }, outcome: .childDied),
    // By SIGKILL a program is ended from outside, unless an injection made somebody do it.
    Row(run: account { ($0.ending, $0.status) = (.signalled, 9) }, outcome: .harnessError),
    Row(
      run: account { ($0.ending, $0.status, $0.injected) = (.signalled, 9, 1) },
      outcome: .childDied, forcing: injecting),
    Row(run: account { ($0.ending, $0.stolen) = (.hung, 1) }, outcome: .timeout),
    Row(run: account { $0.injected = 0 }, outcome: .invalid, forcing: injecting),
    Row(run: account { $0.injected = 1 }, outcome: .ready, forcing: injecting),
    Row(
      run: account { ($0.windows, $0.injected) = (1, 1) }, outcome: .ready, forcing: injecting),
  ]

  @Test(arguments: rows) func `a forced launch is what its account says`(_ row: Row) {
    let outcome = Self.judge(row.run, row.forcing)
    #expect(outcome.outcome == row.outcome, "\(outcome.evidence)")
    #expect(!outcome.evidence.isEmpty, "a forced launch always says what was seen")
  }

  @Test func `an adapter that is ready was not forced if nobody knows, and not if others bind`() {
    #expect(Self.judge(nil, Forcing()).outcome == .invalid)
    let seen = Self.account { $0.isLaunch = false }
    #expect(Self.judge(seen, Forcing()).outcome == .ready)
    let elsewhere = Self.account { ($0.isLaunch, $0.bindsElsewhere) = (false, true) }
    #expect(Self.judge(elsewhere, Forcing()).outcome == .invalid)
    #expect(Self.judge(elsewhere, Forcing(steal: .eager)).outcome == .ready)
    let stolen = Self.account { ($0.isLaunch, $0.stolen) = (false, 1) }
    #expect(Self.judge(stolen, Forcing()).outcome == .recovered)
  }

  @Test func `what a program costs is not what its launcher does`() {
    let arm = Arm.sample(strategy: "check")
    func costs(_ run: ForcedRun?) -> TrialOutcome {
      TrialJudge(arm: arm).judge(TrialHistory(arm) { $0.launches[0].forced = run }.events)
    }
    let program = costs(Self.account { _ in })
    #expect(program.allocationNanoseconds.isEmpty && program.portsTaken.isEmpty)
    #expect(program.releaseSkewNanoseconds == nil, "its API servers are idle")
    for adapter in [costs(Self.account { $0.isLaunch = false }), costs(nil)] {
      #expect(adapter.allocationNanoseconds.count == 1 && adapter.portsTaken.count == 1)
      #expect(adapter.releaseSkewNanoseconds != nil)
    }
  }

  private static func judge(_ run: ForcedRun?, _ forcing: Forcing) -> LaunchOutcome {
    let arm = Arm.sample(strategy: "exec") {
      $0.strategy.command = AdapterCommand(words: ["x"], folder: "/", forcing: forcing)
    }
    let history = TrialHistory(arm) { $0.launches[0].forced = run }
    return TrialJudge(arm: arm).judge(history.events).launches[0]
  }
}
