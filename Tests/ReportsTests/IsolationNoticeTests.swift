import Foundation
import Judging
import PlanModel
import ReportKit
import TestSupport
import Testing

@testable import Reports

/// A run without a network namespace says so at the head of each of its reports.
@Suite struct IsolationNoticeTests {
  static func matrix(isIsolated: Bool) -> Matrix {
    var matrix = SampleMatrix.full
    matrix.isIsolated = isIsolated
    return matrix
  }

  /// Each format of a run's verdict, and the terminal's.
  static func reports(isIsolated: Bool) throws -> [(name: String, text: String)] {
    let matrix = matrix(isIsolated: isIsolated)
    let document = RunDocument(matrix: matrix, seconds: [])
    let files = try MatrixFormats.all.map {
      ($0.file, String(decoding: try $0.format.bytes(document), as: UTF8.self))
    }
    return files + [("terminal", TerminalReport(matrix, width: 80, usesColor: false).text)]
  }

  @Test func `every format of a run says it`() throws {
    let marks = [
      "matrix.json": #""isIsolated" : false"#, "matrix.csv": ",false\r\n",
      "matrix.md": "**\(IsolationNotice.text)**",
      "junit.xml": #"<property name="isolated" value="false"/>"#, "terminal": IsolationNotice.mark,
      "metrics.txt": #"isolated="false""#,
    ]
    for (name, text) in try Self.reports(isIsolated: false) {
      let mark = try #require(marks[name], "\(name) has no mark: add one")
      #expect(text.contains(mark), "\(name): \(text.prefix(400))")
    }
    for (name, text) in try Self.reports(isIsolated: true) {
      #expect(!text.contains(IsolationNotice.mark), "\(name)")
      let mark = try #require(marks[name])
      #expect(!text.contains(mark), "\(name)")
    }
  }

  @Test func `it stands before the first verdict`() throws {
    for (name, text) in try Self.reports(isIsolated: false)
    where ["matrix.md", "terminal"].contains(name) {
      let notice = try #require(text.range(of: IsolationNotice.mark)).lowerBound
      let verdict = try #require(text.range(of: "80/100")).lowerBound
      #expect(notice < verdict, "\(name)")
    }
  }

  @Test func `each case of JUnit says it`() throws {
    let text = JUnitReport.text(RunDocument(matrix: Self.matrix(isIsolated: false), seconds: []))
    let cases = text.components(separatedBy: "<testcase").dropFirst()
    #expect(cases.count == SampleMatrix.full.arms.count)
    #expect(cases.allSatisfy { $0.contains("\(IsolationNotice.mark): ") })
  }

  @Test func `comparisons say it`() throws {
    func table(isIsolated: Bool) -> ComparisonTable {
      ComparisonTable(
        [], level: 0.05, margin: 0.05, areInterleaved: true, isIsolated: isIsolated)
    }
    let shared = table(isIsolated: false)
    #expect(ComparisonReport.text(shared).hasPrefix(IsolationNotice.text))
    #expect(ComparisonReport.markdown(shared).hasPrefix("**\(IsolationNotice.text)**"))
    let json = String(decoding: try ComparisonReport.json(shared), as: UTF8.self)
    #expect(json.contains(#""isIsolated" : false"#))
    #expect(!ComparisonReport.text(table(isIsolated: true)).contains(IsolationNotice.mark))
  }
}
