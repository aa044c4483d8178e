internal import JSON

/// Collects the errors of a document while it is read, so that one run of `validate` shows all of them.
///
/// A document of one mebibyte can hold a hundred thousand errors. Only the first `PlanErrors.mostShown`, in the order
/// of the file, are kept. The others are counted, and their messages are never made.
final class ErrorCollector {
  private let file: String
  private let bytes: [UInt8]
  /// Sorted by position.
  private var kept: [PlanError] = []
  /// Errors reported, whether kept or not.
  private(set) var count = 0

  /// Paths of keys that the file has under a name that is a little wrong: one mistake, and told as one.
  private var misspelt: Set<String> = []

  init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }

  /// Notes that an unknown key was taken for the key of that path.
  func note(misspelt path: String) { misspelt.insert(path) }

  /// Whether any of these keys is there under a wrong name.
  func hasMisspelt(_ paths: [String]) -> Bool { !misspelt.isDisjoint(with: paths) }

  func report(
    _ message: @autoclosure () -> String, at position: TextPosition,
    path: @autoclosure () -> String, suggestion: @autoclosure () -> String? = nil
  ) {
    count += 1
    if kept.count == PlanErrors.mostShown, let last = kept.last, last.position <= position {
      return
    }
    let error = PlanError(
      file: file, position: position, path: Self.shortened(path()),
      message: Self.shortened(message()), suggestion: suggestion(), sourceLine: "", caret: 0)
    // After those of the same position: errors keep the order in which they were reported.
    let place = kept.lastIndex { $0.position <= position }.map { $0 + 1 } ?? 0
    kept.insert(error, at: place)
    if kept.count > PlanErrors.mostShown { kept.removeLast() }
  }

  /// The errors reported; nil if there are none.
  var failure: PlanErrors? {
    guard count > 0 else { return nil }
    var quotation = Quotation(bytes: bytes)
    let errors = kept.map { error in
      var error = error
      (error.sourceLine, error.caret) = quotation.line(at: error.position)
      return error
    }
    return PlanErrors(errors: errors, more: count - errors.count)
  }

  /// The largest number of scalars in a path and in a message: both may contain words of the file.
  private static let longest = 2_000

  /// A long text without its middle.
  static func shortened(_ text: String) -> String {
    guard text.utf8.count > longest else { return text }
    let scalars = text.unicodeScalars
    let half = longest / 2
    guard scalars.count > longest else { return text }
    return "\(String(scalars.prefix(half)))...\(String(scalars.suffix(half)))"
  }
}

/// Finds lines in a document, each time starting from the last place: quoting takes one pass for all errors.
private struct Quotation {
  /// The largest number of scalars shown on either side of a place.
  private static let margin = 120

  let bytes: [UInt8]
  private var offset = 0
  private var lineStart = 0
  private var position = TextPosition(line: 1, column: 1)

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// The line at a place, or the part of it around the place, and the number of its scalars before the place.
  /// - Parameter target: must not lie before the target of the last call.
  mutating func line(at target: TextPosition) -> (text: String, caret: Int) {
    while position < target, offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if byte == UInt8(ascii: "\n") {
        position = TextPosition(line: position.line + 1, column: 1)
        lineStart = offset
      } else if isBoundary(offset) {
        position.column += 1
      }
    }
    var (start, end) = (offset, offset)
    for _ in 0..<Self.margin where start > lineStart { start = boundary(before: start) }
    for _ in 0..<Self.margin where !isLineEnd(end) { end = boundary(after: end) }
    let lead = start == lineStart ? "" : "..."
    let head = String(decoding: bytes[start..<offset], as: UTF8.self)
    let tail = String(decoding: bytes[offset..<end], as: UTF8.self)
    return (
      lead + head + tail + (isLineEnd(end) ? "" : "..."),
      lead.unicodeScalars.count + head.unicodeScalars.count
    )
  }

  private func isBoundary(_ place: Int) -> Bool {
    place >= bytes.count || !UTF8.isContinuation(bytes[place])
  }

  private func boundary(before place: Int) -> Int {
    var place = place - 1
    while place > lineStart, !isBoundary(place) { place -= 1 }
    return place
  }

  private func boundary(after place: Int) -> Int {
    var place = place + 1
    while !isBoundary(place) { place += 1 }
    return place
  }

  /// Whether a line ends here. A carriage return before the line break belongs to the line end.
  private func isLineEnd(_ place: Int) -> Bool {
    guard place < bytes.count, bytes[place] != UInt8(ascii: "\n") else { return true }
    return bytes[place] == UInt8(ascii: "\r")
      && (place + 1 == bytes.count || bytes[place + 1] == UInt8(ascii: "\n"))
  }
}
