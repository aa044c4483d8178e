import CLinuxShims
import CSharedRegion
import Faults
import Syscalls
import TestSupport
import Testing

extension ThiefTests {
  @Test func `a churning thief does not wear out the pool`() throws {
    let measured = try measure(
      #"{"kind": "bind-churn", "options": {"rate_per_second": 20000, "hold_ms": 1}}"#,
      window: #"{"milliseconds": 3}"#)
    let cell = try measured.cell("s", "wildcard-report-back")
    #expect(cell.outcomes == ["ready": 20])
    #expect(cell.agreesWithModel == true)
  }

  @Test func `a rate that no host keeps up with does not stop the run`() throws {
    let measured = try measure(
      #"{"kind": "bind-churn", "options": {"rate_per_second": 1000000, "hold_ms": 0}}"#, trials: 5)
    let cell = try measured.cell("s", "wildcard-report-back")
    #expect(cell.outcomes.values.reduce(0, +) == 5)
  }

  /// 250 slots, 10 ms, 6,000 a second for 20 ms on average: 47 held, so 4 addresses are lost with 0.57. None lost
  /// in 30 launches has a probability below 1e-10.
  @Test func `exponential hold times take ports, and none that are held`() throws {
    let measured = try measure(
      #"{"kind": "bind-churn", "options": {"rate_per_second": 6000, "hold_ms": 20, "exponential": 1}}"#,
      window: #"{"milliseconds": 10}"#, pool: #"{"slots": 250}"#, trials: 30)
    let racing = try measured.cell("s", "probe-then-bind")
    #expect(racing.outcomes["lost-to-thief", default: 0] > 0, "\(racing.outcomes)")
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 30])
  }

  /// No chance: nothing lets the thief draw.
  @Test(arguments: [BindChurn.self, ConnectChurn.self] as [any Thief.Type])
  func `a churning thief that never fires is due once that cannot be chance`(type: any Thief.Type)
    throws
  {
    let bench = ThiefBench(type, ["rate_per_second": 1_000, "hold_ms": 1])
    bench.thief.trialBegan(bench.loot)
    let began = MonotonicClock.now()
    bench.thief.trialEnds(bench.loot, now: began + 13_000_000)
    #expect(bench.record.wanted == 0, "13 mean draws: none has a probability of 2e-6")
    bench.thief.trialEnds(bench.loot, now: began + 14_000_000)
    #expect(bench.record.wanted == 1 && bench.record.drawn == 0, "14 mean draws: 8e-7")
  }
}
