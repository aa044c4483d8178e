import Faults
import PlanModel
import TestSupport
import Testing

/// Every thief with real processes in a namespace of the run's own, each in its own file. What theory predicts of it is compared with what was measured: a false
/// alarm of one comparison has probability 0.001, the level at which the matrix says so, and each rate below is
/// measured once.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ThiefTests {
  @Test func `names are unique and defaults lie in their ranges`() {
    let names = ThiefRegistry.descriptors.map(\.name)
    #expect(Set(names).count == names.count)
    for thief in ThiefRegistry.descriptors {
      for option in thief.options {
        #expect(option.defaultValue.map { option.range.contains($0) } ?? true)
      }
    }
  }

  /// Runs a scenario "s" of launches with two API servers, so four addresses, and plain sockets.
  func measure(
    _ thieves: String, window: String = "{}", pool: String? = nil, trials: Int = 20,
    workers: String = "pooled",
    strategies: [String] = [
      #""probe-then-bind""#, #""wildcard-report-back""#, #""wrong-host-probe""#,
    ]
  ) throws -> MeasuredPlan {
    let pool = pool.map { #""pool": \#($0), "# } ?? ""
    return try MeasuredPlan(
      strategies: strategies,
      scenarios: [#"{"name": "s", \#(pool)"window": \#(window), "thieves": [\#(thieves)]}"#],
      defaults: #"""
        "topology": {"api_servers": 2}, "trials": \#(trials), "sockets": "tcp",
        "workers": "\#(workers)"
        """#)
  }
}
