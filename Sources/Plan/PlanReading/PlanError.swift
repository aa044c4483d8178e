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
