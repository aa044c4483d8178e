import TestSupport
import Testing

extension ThiefTests {
  /// Nothing is left to chance: there is no port, or there are as many as are needed.
  @Test func `where no port is left a launch is exhausted, and nothing else`() throws {
    let measured = try measure(
      #""exhaust-pool""#, pool: #"{"slots": 100}"#, trials: 10, workers: "fresh",
      strategies: [
        #""probe-then-bind""#, #""hold-all-then-release""#, #""wildcard-report-back""#,
        #""inherited-listener""#, #""fixed-ranges""#,
      ])
    for name in [
      "probe-then-bind", "hold-all-then-release", "wildcard-report-back", "inherited-listener",
    ] {
      let cell = try measured.cell("s", name)
      #expect(cell.outcomes == ["exhausted": 10], "\(name): \(cell.evidence)")
      #expect(cell.agreesWithModel == true)
    }
    #expect(try measured.cell("s", "fixed-ranges").outcomes == ["ready": 10], "outside the pool")
  }

  /// Every API server fails, the launcher takes the first word of it: the others' must not reach the next trial.
  @Test func `pooled API servers that all fail do not spoil the next trial`() throws {
    let measured = try measure(
      #""exhaust-pool""#, pool: #"{"slots": 100}"#, trials: 20, workers: "pooled",
      strategies: [#""wildcard-report-back""#])
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["exhausted": 20])
  }

  @Test(arguments: [(leaves: 4, outcome: "ready"), (3, "exhausted")])
  func `the ports that are left are enough or not`(leaves: Int, outcome: String) throws {
    let measured = try measure(
      #"{"kind": "exhaust-pool", "options": {"leaves": \#(leaves)}}"#, pool: #"{"slots": 100}"#,
      trials: 10, workers: "fresh",
      strategies: [#""probe-then-bind""#, #""wildcard-report-back""#, #""inherited-listener""#])
    for name in ["wildcard-report-back", "inherited-listener"] {
      let cell = try measured.cell("s", name)
      #expect(cell.outcomes == [outcome: 10], "\(name): \(cell.evidence)")
      #expect(cell.agreesWithModel == true)
    }
    #expect(try measured.cell("s", "probe-then-bind").noPrediction?.contains("uniform") == true)
  }
}
