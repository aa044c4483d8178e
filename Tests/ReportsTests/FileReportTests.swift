import Foundation
import TestSupport
import Testing

@testable import Judging
@testable import PlanModel
@testable import Reports

@Suite struct MarkdownReportTests {
  @Test(
    arguments: [
      ("a|b", #"a\|b"#), (#"a\|b"#, #"a\\\|b"#), ("a\nb", "a␊b"), ("a\r\nb", "a␍␊b"),
      ("a\rb", "a␍b"),
      ("<script>", "&lt;script>"), ("**<b>", #"\*\*&lt;b>"#), ("a*b*", #"a\*b\*"#),
      ("_x_", #"\_x\_"#), ("`x`", #"\`x\`"#), ("[x](y)", #"\[x\](y)"#), ("a & b", "a &amp; b"),
      ("~~x~~", #"\~\~x\~\~"#), ("vllm-project/vllm#40443", "vllm-project/vllm#40443"),
      ("|\u{301}", "\\|\u{301}"),
    ])
  func `what Markdown would take as its own is escaped`(_ text: String, _ escaped: String) {
    let document = MarkdownReport.text(
      SampleMatrix.awkward(scenario: text, strategy: text, evidence: text))
    #expect(document.contains("\n| strategy | \(escaped) |\n|---|---|\n| \(escaped) | **FAILS** "))
    #expect(document.contains("first in trial 2: \(escaped)\n"))
    #expect(document.contains("**PARTIAL: the run was interrupted.**"))
  }
}

@Suite struct CSVReportTests {
  /// RFC 4180 by the letter, on bytes: records end with CRLF, a field is either free of quotes, commas and line
  /// ends, or stands in quotes, with its own quotes doubled. Nil for anything else.
  static func parse(_ text: String) -> [[String]]? {
    var rows: [[String]] = []
    var row: [String] = []
    var rest = ArraySlice(Array(text.utf8))
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    while !rest.isEmpty {
      var field: [UInt8] = []
      if rest.first == quote {
        rest.removeFirst()
        while true {
          guard let byte = rest.popFirst() else { return nil }
          if byte != quote {
            field.append(byte)
          } else if rest.first == quote {
            field.append(rest.removeFirst())
          } else {
            break
          }
        }
      } else {
        while let byte = rest.first, byte != comma, byte != 13 {
          if byte == quote || byte == 10 { return nil }
          field.append(rest.removeFirst())
        }
      }
      row.append(String(decoding: field, as: UTF8.self))
      switch rest.popFirst() {
      case comma?: continue
      case 13? where rest.popFirst() == 10:
        rows.append(row)
        row = []
      default: return nil
      }
    }
    return row.isEmpty ? rows : nil
  }

  @Test func `the parser of this test knows right from wrong`() {
    #expect(Self.parse("a,b\r\n\"x,\"\"\r\n\",\r\n") == [["a", "b"], ["x,\"\r\n", ""]])
    for wrong in ["a\n", "a", "a\"b\r\n", "\"a\r\n", "\"a\"b\r\n", "a\r", "a,\r\nb"] {
      #expect(Self.parse(wrong) == nil, "\(wrong.debugDescription)")
    }
  }

  @Test func `every arm is a row with what the matrix says of it`() throws {
    let rows = try #require(Self.parse(CSVReport.text(SampleMatrix.full)))
    #expect(rows.count == 6)
    let columns = rows.map(\.count)
    #expect(Set(columns) == [47])
    let first = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
    #expect(
      first == [
        "scenario": "quiet", "strategy": "probe-then-bind", "strategy_answer": "fails",
        "plan_answer": "as-expected",
        "launches_failed": "80", "launches_counted": "100", "launch_rate": "0.8",
        "launch_rate_low95": "0.7082", "launch_rate_high95": "0.8733", "trials_failed": "80",
        "trials_counted": "100", "trial_rate": "0.8", "trial_rate_low95": "0.7082",
        "trial_rate_high95": "0.8733", "trials_planned": "100", "launches_recovered": "0",
        "launches_failed_or_recovered": "80", "trials_failed_or_recovered": "80",
        "out_of_reach": "false", "predicted_launch_rate": "0.798",
        "predicted_trial_rate": "0.798", "prediction_p_value": "0.9", "prediction_agrees": "true",
        "top_cause": "lost-to-thief", "top_cause_launches": "80", "release_skew_p50_ns": "900",
        "release_skew_p99_ns": "12340", "release_skew_max_ns": "1500000", "window_p50_ns": "",
        "time_to_bound_p50_ns": "900000", "time_to_bound_p99_ns": "12340000",
        "allocation_p50_ns": "", "allocation_p99_ns": "", "ports_taken": "",
        "sockets_in_window": "",
        "needs_root": "", "cooperation": "", "known_beforehand": "", "across_hosts": "",
        "failure_mode": "",
        "time_to_served_p50_ns": "", "detection_p50_ns": "", "requests_per_second_median": "",
        "requests_per_second_lowest": "", "requests_per_second_highest": "",
        "detection_p99_ns": "", "isolated": "true",
      ])
    let last = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[5]))
    // No observations: no rate, and no agreement.
    #expect(last["launch_rate"] == "")
    #expect(last["prediction_agrees"] == "")
    #expect(last["prediction_p_value"] == "")
    #expect(last["launch_rate_high95"] == "1.0")
    let parallel = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[4]))
    #expect(parallel["launches_failed"] == "50")
    #expect(parallel["trials_failed"] == "40")
    #expect(parallel["prediction_agrees"] == "false")
  }

  @Test(arguments: [
    "plain", "", " lead and trail ", "a,b", "say \"no\"", "\"", "\"\"", ",\u{301}", "\"\u{301}",
    "é漢🦀",
    "-1", "+0.5", "'=1",
  ])
  func `any name comes back as it was`(_ name: String) throws {
    try expect(name, shown: name)
  }

  @Test(arguments: [
    ("two\nlines", "two␊lines"), ("two\r\nlines", "two␍␊lines"), ("cr\ronly", "cr␍only"),
    ("x\u{2028}y", "x\u{FFFD}y"), ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("-x", "'-x"),
    ("+x", "'+x"), ("::error::", "∶:error::"), ("=\u{301}", "'=\u{301}"),
  ])
  func `a name that something would obey comes back changed`(
    _ name: String, _ shown: String
  ) throws {
    try expect(name, shown: shown)
  }

  private func expect(_ name: String, shown: String) throws {
    let text = CSVReport.text(SampleMatrix.awkward(scenario: name, strategy: name + "2"))
    let rows = try #require(Self.parse(text))
    #expect(rows.count == 2)
    // Byte by byte: equal strings may differ in their scalars.
    #expect(Array(rows[1][0].utf8) == Array(shown.utf8))
    #expect(Array(rows[1][1].utf8) == Array((shown + "2").utf8))
  }
}

@Suite struct JSONReportTests {
  @Test func `equal values have equal bytes, and come back`() throws {
    let bytes = try JSONReport.bytes(SampleMatrix.full)
    for _ in 0..<20 { #expect(try JSONReport.bytes(SampleMatrix.full) == bytes) }
    #expect(bytes.last == UInt8(ascii: "\n"))
    #expect(try JSONDecoder().decode(Matrix.self, from: Data(bytes)) == SampleMatrix.full)
    var other = SampleMatrix.full
    other.arms[0].launches.failures += 1
    #expect(try JSONReport.bytes(other) != bytes)
  }

  @Test func `keys are sorted, slashes are left alone`() throws {
    let text = String(decoding: try JSONReport.bytes(["b/c": 1, "a": 2, "B": 3]), as: UTF8.self)
    #expect(text == "{\n  \"B\" : 3,\n  \"a\" : 2,\n  \"b/c\" : 1\n}\n")
  }

  @Test func `a number that JSON cannot hold is an error`() {
    #expect(throws: EncodingError.self) { try JSONReport.bytes([Double.nan]) }
    #expect(throws: EncodingError.self) { try JSONReport.bytes([-Double.infinity]) }
  }
}
