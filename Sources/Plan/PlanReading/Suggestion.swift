/// Finds the word that a misspelt word probably stands for.
public enum Suggestion {
  /// Longer words, in bytes, get no suggestion: the comparison takes time quadratic in the length.
  static let longestWord = 64
  private static let mostEdits = 3
  /// Longer names, in bytes, are compared with nothing.
  private static let longestName = 160

  /// Shorter words are part of too many names.
  private static let shortestPart = 5

  /// The closest candidate, if it is close: at most a third of its letters differ, and at most three. If none is, the
  /// shortest that contains the word.
  static func closest(to word: String, among candidates: some Sequence<String>) -> String? {
    let length = word.utf8.count
    guard length <= longestWord else { return nil }
    let close = candidates.lazy.filter {
      // Each edit changes the length by one scalar at most, and a scalar has four bytes at most.
      ($0.utf8.count - length).magnitude <= 4 * mostEdits
    }
    .map { ($0, distance(word, $0)) }
    .filter { $1 <= min(mostEdits, max(1, max(word.count, $0.count) / 3)) }
    .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    guard close == nil, length >= shortestPart else { return close }
    return candidates.filter { $0.contains(word) }
      .min { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
  }

  /// The candidates that a name may stand for, the closest first: those that contain it, and those of which at most a
  /// third of the letters differ.
  /// - Parameter count: how many at most.
  public static func nearest(
    to name: String, among candidates: some Sequence<String>, atMost count: Int = 3
  ) -> [String] {
    guard !name.isEmpty, name.utf8.count <= longestName else { return [] }
    let word = name.lowercased()
    let scored = candidates.compactMap { candidate -> (edits: Int, name: String)? in
      let most = max(1, max(name.count, candidate.count) / 3)
      // Each edit changes the length by one scalar at most, and a scalar has four bytes at most.
      let isFar = (candidate.utf8.count - name.utf8.count).magnitude > 4 * most
      let edits = isFar || candidate.utf8.count > longestName ? Int.max : distance(name, candidate)
      return edits <= most || candidate.lowercased().contains(word) ? (edits, candidate) : nil
    }
    return scored.sorted { ($0.edits, $0.name) < ($1.edits, $1.name) }.prefix(count).map(\.name)
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
