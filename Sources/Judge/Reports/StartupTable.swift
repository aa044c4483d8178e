package import Judging
internal import PlanModel

/// What only depth `startup` measures, one row for each arm. Empty if no arm has such figures.
package struct StartupTable {
  /// Column titles; without requests per second if none were measured.
  package let head: [String]
  /// What the figures mean, and what the requests per second do not mean.
  package let legend: String
  /// Cells, as many in each row as there are titles.
  package let rows: [[String]]

  package init(_ matrix: Matrix) {
    let arms = matrix.plan.arms.filter { arm in
      let verdict = matrix.arms[arm.index]
      return arm.startup != nil
        && (verdict.timeToServed != nil || verdict.detection != nil
          || verdict.requestsPerSecond != nil)
    }
    let hasThroughput = arms.contains { matrix.arms[$0.index].requestsPerSecond != nil }
    head =
      ["scenario, strategy", "time to all served", "first failure to noticed"]
      + (hasThroughput ? ["requests/s, median (lowest-highest)"] : [])
    rows = arms.map { arm in
      let verdict = matrix.arms[arm.index]
      let throughput = verdict.requestsPerSecond.map { Self.throughput($0, arm) } ?? "-"
      return [
        "\(arm.scenario), \(arm.strategy.label)", Wording.durations(verdict.timeToServed),
        Wording.durations(verdict.detection),
      ] + (hasThroughput ? [throughput] : [])
    }
    let times = "Start-up, times as p50 / p99 / max"
    legend =
      hasThroughput
      ? times
        + "; requests/s with stub engine cores, all on this machine's processors, compare arms of this run only"
      : times
  }

  private static func throughput(_ value: Throughput, _ arm: Arm) -> String {
    let figures = [value.median, value.lowest, value.highest].map { Wording.fixed($0, 0) }
    let way = arm.startup?.http == true ? "HTTP" : "ZeroMQ"
    let servers = arm.topology.apiServers
    return
      "\(figures[0]) (\(figures[1])-\(figures[2])), \(way), \(Counted.text(servers, "API server"))"
  }
}
