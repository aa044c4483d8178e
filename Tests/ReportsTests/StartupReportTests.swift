import Judging
import PlanModel
import TestSupport
import Testing

@testable import Reports

@Suite struct StartupReportTests {
  /// One arm over HTTP with 8 API servers, one without HTTP and one that has no such figure.
  static func matrix(_ throughputs: [Throughput?]) -> Matrix {
    let arms = [8, 1, 2].map { servers in
      Arm.sample(scenario: "s\(servers)", depth: .startup, apiServers: servers) {
        $0.startup = Startup(engines: 2, http: servers == 8)
      }
    }
    let empty = RateEstimate(failures: 0, outOf: 10, low: 0, high: 0.3)
    let verdicts = zip(arms.indices, throughputs).map { index, throughput in
      ArmVerdict(
        arm: index, planAnswer: .notDemanded, reason: "", launches: empty, trials: empty,
        outcomes: [],
        topCause: nil, predictionPerLaunch: nil, predictionPerTrial: nil, published: [],
        plannedTrials: 10, releaseSkew: nil, window: nil, timeToBound: nil,
        timeToServed: DurationSummary(
          samples: 10, p50: 40_000_000, p99: 50_000_000, max: 60_000_000),
        requestsPerSecond: throughput)
    }
    return Matrix(plan: .sample(arms), arms: verdicts, isPartial: false)
  }

  static let measured = matrix([
    Throughput(samples: 3, median: 1_234.4, lowest: 987.6, highest: 2_000),
    Throughput(samples: 1, median: 440, lowest: 440, highest: 440), nil,
  ])

  @Test func `requests per second stand beside the times, with the way and the API servers`() {
    let table = StartupTable(Self.measured)
    #expect(table.head.count == 4 && table.legend.contains("this machine's processors"))
    #expect(
      table.rows == [
        [
          "s8, probe-then-bind", "40.0 ms / 50.0 ms / 60.0 ms", "-",
          "1234 (988-2000), HTTP, 8 API servers",
        ],
        [
          "s1, probe-then-bind", "40.0 ms / 50.0 ms / 60.0 ms", "-",
          "440 (440-440), ZeroMQ, 1 API server",
        ],
        ["s2, probe-then-bind", "40.0 ms / 50.0 ms / 60.0 ms", "-", "-"],
      ])
  }

  @Test func `where nobody measured them there is no column for them`() {
    let table = StartupTable(Self.matrix([nil, nil, nil]))
    #expect(table.head.count == 3 && table.rows.allSatisfy { $0.count == 3 })
    #expect(!table.legend.contains("requests"))
  }

  @Test func `every report has them`() {
    let cell = "1234 (988-2000), HTTP, 8 API servers"
    #expect(TerminalReport(Self.measured, width: 100, usesColor: false).text.contains(cell))
    #expect(MarkdownReport.text(Self.measured).contains("| \(cell) |"))
    let lines = CSVReport.text(Self.measured).split(separator: "\r\n")
    #expect(
      lines[0].hasSuffix(
        ",requests_per_second_median,requests_per_second_lowest,requests_per_second_highest,isolated"
      ))
    #expect(lines[1].hasSuffix(",1234.4,987.6,2000.0,true") && lines[3].hasSuffix(",,,,true"))
  }
}
