import Foundation
import TestSupport
import Testing

/// The metrics of a run, read by the reference parser of OpenMetrics.
@Suite struct OpenMetricsTests {
  /// `.venv/statistics` of `make statistics-python`, else `python3`; nil if neither has the package.
  private static let python: String? = {
    let prepared = Built.repository + "/.venv/statistics/bin/python"
    return [prepared, "python3"].first { python in
      (try? Program.run([python, "-c", "import prometheus_client.openmetrics.parser"]))?.ending
        == .exit(0)
    }
  }()

  @Test func `an independent parser finds the values of matrix json`() throws {
    guard let python = Self.python else {
      try skip("no prometheus_client; `make statistics-python` installs it")
    }
    let workplace = try Workplace(
      plan(
        ["probe-then-bind", "wildcard-report-back"], trials: 20,
        scenario: """
          "why": "a \\"quoted\\" why", "window": { "foreign_draws": 300 },
          "thieves": [{ "kind": "bind-hold", "options": { "ports": 300 } }]
          """))
    let run = try workplace.run(["--quiet", "--metrics-file", "own.txt"])
    #expect(run.ending == .exit(0), "\(run)")
    #expect(
      try workplace.text(workplace.scratch.path + "/own.txt")
        == workplace.text(workplace.latest("metrics.txt")))
    let script = """
      import json, sys
      from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
      families = {f.name: f for f in parse(open(sys.argv[1]).read())}
      matrix = json.load(open(sys.argv[2]))
      for arm, verdict in zip(matrix["plan"]["arms"], matrix["arms"]):
          cell = {"scenario": arm["scenario"], "strategy": arm["strategy"]["label"]}
          def values(name, **more):
              return [s.value for s in families[name].samples if (cell | more).items() <= s.labels.items()]
          for count in verdict["outcomes"]:
              assert values("bindstorm_launches", outcome=count["outcome"]) == [count["launches"]]
          sample = verdict["sample"]["launches"]
          assert values("bindstorm_failure_ratio") == [sample["failed"] / sample["counted"]]
          assert values("bindstorm_strategy_answer", bindstorm_strategy_answer=verdict["strategyAnswer"]) == [1]
          assert sum(values("bindstorm_strategy_answer")) == 1
          assert values("bindstorm_time_to_bound_seconds", quantile="0.5") == [verdict["timeToBound"]["p50"] / 1e9] \
      if "timeToBound" in verdict else True
      print(len(families))
      """
    let parsed = try Program.run(
      [python, "-c", script, workplace.latest("metrics.txt"), workplace.latest("matrix.json")])
    #expect(parsed.ending == .exit(0), "\(parsed)")
    #expect((Int(parsed.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) >= 8)
  }
}
