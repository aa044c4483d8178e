import Foundation
import TestSupport

/// Documentation/vllm-fidelity.md, as the tests read it.
struct FidelityDocument {
  /// A line of a release that the document names: `0.19.1 v1/utils.py:302 "exitcode"`.
  struct Reference: CustomStringConvertible {
    var version: String
    /// Below the release's `vllm/`.
    var file: String
    var first: Int
    var last: Int
    /// What stands there.
    var word: String

    var description: String { "\(version) \(file):\(first)-\(last) \"\(word)\"" }
  }

  let text: String

  init() throws {
    text = try String(
      contentsOfFile: Built.repository + "/Documentation/vllm-fidelity.md", encoding: .utf8)
  }

  /// The rows of the tables, by their numbers: the cells after it.
  var rows: [String: [String]] {
    var rows: [String: [String]] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| ") {
      let cells = line.split(separator: " | ").map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: "| "))
      }
      if let number = cells.first?.firstMatch(of: /^[A-Z]?\d+$/) {
        rows[String(number.0)] = Array(cells.dropFirst())
      }
    }
    return rows
  }

  /// The state of a row; empty if there is no such row.
  func state(of row: String) -> String {
    (rows[row]?.last ?? "").replacing(" <!-- confirm -->", with: "")
  }

  /// The references: below the tables, so that the tables stay legible.
  var references: [Reference] {
    text.matches(of: /(?m)^- ([\d.]+) `([\w\/.]+):(\d+)(?:-(\d+))?` `([^`]+)`/).map {
      let first = Int($0.3)!
      return Reference(
        version: String($0.1), file: String($0.2), first: first,
        last: $0.4.flatMap { Int($0) } ?? first,
        word: String($0.5))
    }
  }
}
