/// Text fitted into a number of columns. A column is a character.
public enum TextLayout {
  /// A text in lines of at most so many columns, broken at blanks; a word that is longer than a line is broken, too.
  /// - Parameters:
  ///   - indent: begins the first line.
  ///   - rest: begins the other ones.
  public static func wrapped(
    _ text: String, width: Int, indent: String = "", rest: String = ""
  ) -> [String] {
    var lines: [String] = []
    var line = indent
    var isEmpty = true
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if !isEmpty && line.count + 1 + word.count > width {
        lines.append(line)
        (line, isEmpty) = (rest, true)
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
      while line.count > width, width > rest.count {
        lines.append(String(line.prefix(width)))
        line = rest + line.dropFirst(width)
      }
    }
    return (lines + [line]).map(trimmed)
  }

  /// A table in lines of at most so many columns: aligned if it fits; else in parts, one below the other, each with the
  /// first column, and with long cells broken.
  /// - Parameter rows: as many cells in each as in the first, which has the titles.
  public static func table(_ rows: [[String]], width: Int, indent: Int = 2) -> [String] {
    guard let head = rows.first, !head.isEmpty else { return [] }
    let natural = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let room = width - indent
    if natural.reduce(0, +) + gap * (head.count - 1) <= room {
      return lines(rows, natural, indent)
    }
    let first = min(natural[0], max(8, room * 2 / 5))
    let limit = max(4, room - first - gap)
    let widths = [first] + natural.dropFirst().map { min($0, limit) }
    var parts: [[Int]] = []
    var used = Int.max
    for column in head.indices.dropFirst() {
      if used == Int.max || used + gap + widths[column] > room {
        parts.append([])
        used = first
      }
      parts[parts.count - 1].append(column)
      used += gap + widths[column]
    }
    if parts.isEmpty { parts = [[]] }
    return Array(
      parts.map { columns in
        let chosen = [0] + columns
        return lines(
          rows.map { row in chosen.map { row[$0] } }, chosen.map { widths[$0] }, indent)
      }.joined(separator: [""]))
  }

  /// A table in one line for each row, however wide.
  /// - Parameter rows: as many cells in each as in the first.
  public static func aligned(_ rows: [[String]], indent: Int = 0) -> [String] {
    guard let head = rows.first else { return [] }
    let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      trimmed(
        String(repeating: " ", count: indent)
          + zip(row, widths).map(padded).joined(separator: String(repeating: " ", count: gap)))
    }
  }

  private static let gap = 2

  private static func lines(_ rows: [[String]], _ widths: [Int], _ indent: Int) -> [String] {
    rows.flatMap { row -> [String] in
      let cells = zip(row, widths).map { wrapped($0, width: $1) }
      return (0..<(cells.map(\.count).max() ?? 0)).map { number in
        let parts = zip(cells, widths).map { cell, width in
          padded(number < cell.count ? cell[number] : "", width)
        }
        return trimmed(
          String(repeating: " ", count: indent)
            + parts.joined(separator: String(repeating: " ", count: gap)))
      }
    }
  }

  /// Filled up with blanks.
  public static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Without trailing blanks.
  public static func trimmed(_ text: String) -> String {
    var text = Substring(text)
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
