import CLinuxShims
import CSharedRegion
import Faults
import Syscalls
import TestSupport
import Testing

@Suite struct TimeWaitResidueTests {
  @Test(.enabled(if: Kernel.allowsNamespaces, "needs a network namespace"))
  func `residue ends with the last number there is`() async {
    // What it leaves is not for the host.
    await #expect(processExitsWith: .success) {
      #expect(Namespace.enter(allowed: true).how != .none)
      let bench = ThiefBench(TimeWaitResidue.self, ["ports": 4, "base": 65_534])
      bench.thief.trialBegan(bench.loot)
      guard bench.record.wanted == 2 else { throw TestFailure("\(bench.record)") }
    }
  }
}

extension ThiefTests {
  /// Both sides' SO_REUSEADDR decides. Nothing is left to chance but a launch's own duplicates (0.0004 each): three
  /// of 20 launches have them with 1e-7.
  @Test(arguments: [1, 0])
  func `TIME_WAIT is in the way of a number unless both had set SO_REUSEADDR`(reuse: Int) throws {
    let measured = try measure(
      #"{"kind": "time-wait-residue", "options": {"ports": 4, "reuse_address": \#(reuse)}}"#,
      strategies: [
        #""probe-then-bind""#, #""wildcard-report-back""#, #""inherited-listener""#,
      ])
    let probed = try measured.cell("s", "probe-then-bind")
    let expected = reuse == 1 ? "ready" : "lost-to-thief"
    #expect(probed.outcomes[expected, default: 0] >= 18, "\(probed.outcomes) \(probed.evidence)")
    #expect(probed.agreesWithModel == true)
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
    #expect(try measured.cell("s", "inherited-listener").outcomes == ["ready": 20])
  }

  /// A scan binds without the option: residue on the first numbers makes it pass them by, where without residue it
  /// begins with the first.
  @Test func `a scan without SO_REUSEADDR passes TIME_WAIT by`() throws {
    let measured = try measure(
      #"{"kind": "time-wait-residue", "options": {"ports": 6, "base": 20000}}, {"kind": "base-port-scanner", "options": {"ports": 1, "base": 20006}}"#,
      trials: 10, strategies: [#"{"name": "vllm-port-scan", "options": {"advance": 1}}"#])
    // The second thief takes 20006 in the window, and that is what the scan has found first.
    let cell = try measured.cell("s", "vllm-port-scan")
    #expect(cell.outcomes == ["lost-to-thief": 10], "\(cell.evidence)")
    #expect(cell.evidence.contains("port 20006 "), "\(cell.evidence)")
  }
}
