import Foundation
import FoundationXML
import Judging
import PlanModel
import TestSupport
import Testing

@testable import Reports

/// The document is read back by Foundation's XML parser.
@Suite struct JUnitReportTests {
  /// Elements with their attributes and text, in order.
  final class Reader: NSObject, XMLParserDelegate {
    struct Element {
      var name: String
      var attributes: [String: String]
      var text = ""
    }
    var elements: [Element] = []
    private var open: [Int] = []

    static func read(_ text: String) throws -> [Element] {
      let reader = Reader()
      let parser = XMLParser(data: Data(text.utf8))
      parser.delegate = reader
      try #require(parser.parse(), "no XML: \(text)")
      return reader.elements
    }

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      open.append(elements.count)
      elements.append(Element(name: name, attributes: attributes))
    }
    func parser(_ parser: XMLParser, foundCharacters text: String) {
      if let last = open.last { elements[last].text += text }
    }
    func parser(
      _ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?
    ) { open.removeLast() }
  }

  @Test func `every arm is a case, and verdicts are what CI makes of them`() throws {
    let matrix = SampleMatrix.full
    let elements = try Reader.read(JUnitReport.text(RunDocument(matrix: matrix, seconds: [1.5])))
    let suite = try #require(elements.first { $0.name == "testsuite" })
    let cases = elements.filter { $0.name == "testcase" }
    #expect(cases.count == matrix.arms.count)
    #expect(suite.attributes["tests"] == "\(matrix.arms.count)")
    #expect(cases[0].attributes["time"] == "1.500")
    let failing = matrix.arms.filter { $0.planAnswer == .notAsExpected }.count
    let undecided = matrix.arms.filter { $0.planAnswer == .undecided }.count
    #expect(elements.filter { $0.name == "failure" }.count == failing)
    let errors = elements.filter { $0.name == "error" }
    #expect(errors.count == undecided && errors.allSatisfy { $0.attributes["type"] == "undecided" })
    #expect(suite.attributes["failures"] == "\(failing)")
    #expect(suite.attributes["errors"] == "\(undecided)")
    #expect(suite.attributes["skipped"] == "0")
    #expect(failing > 0 && undecided > 0, "the sample has nothing to show")
    // A model of trials stands beside the rate of trials.
    let outputs = elements.filter { $0.name == "system-out" }.map(\.text)
    #expect(outputs[3].contains("any launch 40/100 40.0 % [30.3, 50.3]\nmodel 60.0 % DISAGREES"))
    #expect(!outputs[0].contains("any launch"))
  }

  @Test(arguments: PlanAnswer.allCases) func `an answer is a failure, an error, skipped or passed`(
    _ answer: PlanAnswer
  ) throws {
    var matrix = SampleMatrix.awkward(scenario: "s", strategy: "x")
    matrix.arms[0].planAnswer = answer
    let names = try Reader.read(JUnitReport.text(RunDocument(matrix: matrix, seconds: []))).map(
      \.name)
    #expect(names.contains("failure") == (answer == .notAsExpected))
    #expect(names.contains("error") == (answer == .undecided))
    #expect(names.contains("skipped") == (answer == .skipped))
  }

  @Test(arguments: ["plain", "a<b>&\"c\"", "two\nlines", "nul\u{0}bell\u{7}", "é漢🦀", "]]>"])
  func `any name comes back, and what XML forbids is replaced`(_ name: String) throws {
    let matrix = SampleMatrix.awkward(scenario: name, strategy: name + "2")
    let elements = try Reader.read(JUnitReport.text(RunDocument(matrix: matrix, seconds: [])))
    let expected = String(
      String.UnicodeScalarView(
        (name + "2").unicodeScalars.map { $0.value < 0x20 && $0 != "\n" ? "\u{FFFD}" : $0 }))
    let first = try #require(elements.first { $0.name == "testcase" })
    #expect(first.attributes["name"] == expected)
  }
}
