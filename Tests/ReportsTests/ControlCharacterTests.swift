import PlanModel
import TestSupport
import Testing

@testable import History
@testable import Judging
@testable import Reports

/// What plans, programs and other processes' names put into reports is shown, never obeyed by a terminal.
@Suite struct ControlCharacterTests {
  static let evil = "a\u{1B}[31mRED\u{7}\u{9B}2J"
  static let shown = "a␛[31mRED␇�2J"

  static func controls(_ text: String) -> [UInt32] {
    text.unicodeScalars.map(\.value).filter {
      ($0 < 0x20 && $0 != 0x0A) || (0x7F...0x9F).contains($0)
    }
  }

  static let matrix: Matrix = {
    var matrix = SampleMatrix.awkward(scenario: evil, strategy: evil, evidence: evil)
    matrix.plan.title = "T\u{1B}]0;owned\u{7}"
    matrix.plan.name = evil
    matrix.arms[0].reason = evil
    matrix.arms[0].noPrediction = evil
    matrix.arms[0].published = [
      PublishedComparison(
        figure: PublishedFigure(failures: 1, outOf: 2, source: evil),
        rate: SampleMatrix.rate(1, 2, 0, 1), pValue: 1, level: 0.01,
        isConsistent: true)
    ]
    matrix.arms[0].releaseSkew = DurationSummary(samples: 1, p50: 1, p99: 1, max: 1)
    matrix.plan.arms[0].published = matrix.arms[0].published.map(\.figure)
    return matrix
  }()

  @Test(arguments: [60, 200]) func `the matrix on a terminal has no control characters of others`(
    _ width: Int
  ) {
    let text = TerminalReport(Self.matrix, width: width, usesColor: false).text
    #expect(Self.controls(text) == [])
    #expect(text.hasPrefix("\(Self.shown): T␛]0;owned␇\n"))
    #expect(
      text.split { $0.isWhitespace }.joined(separator: " ")
        .contains("first in trial 2: \(Self.shown)"), "the evidence")
    #expect(text.contains("(\(Self.shown))"), "the source of the published figure")
    // Its own colours stay, and nothing else.
    let colored = TerminalReport(Self.matrix, width: width, usesColor: true).text
    #expect(
      colored.replacing("\u{1B}[31mFAILS\u{1B}[0m", with: "FAILS")
        .replacing("\u{1B}[31mNOT as expected\u{1B}[0m", with: "NOT as expected")
        .unicodeScalars.elementsEqual(text.unicodeScalars))
    #expect(Self.controls(colored) == [0x1B, 0x1B, 0x1B, 0x1B])
  }

  @Test func `a label with a line break forges no line`() {
    let matrix = SampleMatrix.awkward(scenario: "s", strategy: "x\nPASS 0/9")
    #expect(TerminalReport(matrix, width: 200, usesColor: false).text.contains("x␊PASS 0/9"))
  }

  @Test func `nor has the line of progress`() {
    let line = ProgressLine(
      arms: 1, arm: 1, name: Self.evil + "\n", trialsDone: 0, trialsPlanned: 1,
      rate: SampleMatrix.rate(0, 1, 0, 1), elapsedSeconds: 0, trialsPerSecond: 1, leftSeconds: nil)
    #expect(line.text.contains("\(Self.shown)␊: launches failed 0/1"))
  }

  @Test func `nor have a race's report and a trial's time line`() {
    let arm = Arm.sample(label: Self.evil)
    var history = TrialHistory(arm)
    history.lose(
      0,
      to: Holder(kind: .outsider, pid: 7, command: Self.evil, sources: .kernel))
    history.servers[1].input.path = "/run/" + Self.evil
    let reports = RaceReport.all(history.events, arm: arm, run: "r")
    #expect(reports.count == 1)
    #expect(reports.allSatisfy { Self.controls($0.text) == [] })
    #expect(reports[0].text.contains("pid 7 (\(Self.shown))"))
    let line = Timeline.text(history.events)
    #expect(Self.controls(line) == [])
    #expect(line.contains("on /run/\(Self.shown)\n"))
  }
}
