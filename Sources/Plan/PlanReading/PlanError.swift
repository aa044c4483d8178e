public import JSON
internal import PlanModel
internal import TerminalText

/// One error in a plan, with its place.
public struct PlanError: Error, Sendable, Equatable {
  /// The file as the user named it.
  public var file: String
  /// Where in the file.
  public var position: TextPosition
  /// JSON path, for example `scenarios[2].pool.slots`; empty for the document itself.
  public var path: String
  /// What was expected and what was found.
  public var message: String
  /// The suggested correction.
  public var suggestion: String?
  /// The line of the file. A long line is cut to the part around the place, with "..." where it was cut.
  public var sourceLine: String
  /// Scalars of `sourceLine` before the place.
  var caret: Int

  /// The format of compilers: place, message, the line, and a caret below it. Control characters of the file are
  /// escaped.
  public var rendered: String {
    var text = "\(file):\(position.line):\(position.column): error: "
    if !path.isEmpty { text += "\(path): " }
    text += message
    if let suggestion { text += "; did you mean '\(suggestion)'?" }
    // Tabs stay, so that the caret lines up whatever their width.
    let lead = sourceLine.unicodeScalars.prefix(caret).map { $0 == "\t" ? "\t" : " " }
    return TerminalText.safe(text + "\n  \(sourceLine)\n  \(lead.joined())^")
  }
}

/// The errors of a plan, in the order of the file.
public struct PlanErrors: Error, Sendable, CustomStringConvertible {
  /// The largest number of errors that are kept for one file: the first ones.
  public static let mostShown = 50

  /// At least one, at most `mostShown`.
  public var errors: [PlanError]
  /// Number of further errors, which are not kept.
  public var more = 0

  /// The errors that were kept, rendered, and how many more there are.
  public var description: String {
    errors.map(\.rendered).joined(separator: "\n") + (more == 0 ? "" : "\nand \(more) more errors")
  }
}

/// Finds the word that a misspelt word probably stands for.
enum Suggestion {
  /// Longer words, in bytes, get no suggestion: the comparison takes time quadratic in the length.
  static let longestWord = 64
  private static let mostEdits = 3

  /// The closest candidate, if it is close: at most a third of its letters differ, and at most three.
  static func closest(to word: String, among candidates: some Sequence<String>) -> String? {
    let length = word.utf8.count
    guard length <= longestWord else { return nil }
    return candidates.lazy.filter {
      // Each edit changes the length by one scalar at most, and a scalar has four bytes at most.
      ($0.utf8.count - length).magnitude <= 4 * mostEdits
    }
    .map { ($0, distance(word, $0)) }
    .filter { $1 <= min(mostEdits, max(1, max(word.count, $0.count) / 3)) }
    .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
  }

  /// The number of edits that turn one word into the other, where swapping two neighbours is one edit (the restricted
  /// Damerau-Levenshtein distance).
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.lowercased().unicodeScalars), Array(b.lowercased().unicodeScalars))
    var rows = [[Int]](
      repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    for i in stride(from: 1, through: a.count, by: 1) {
      for j in stride(from: 1, through: b.count, by: 1) {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        rows[i][j] = min(
          rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
        }
      }
    }
    return rows[a.count][b.count]
  }
}
