import Foundation
import Testing

/// Holds every Swift file and every function below Sources to a length that can be read at once. One that must be
/// longer says why in a comment of its own: `// Long because ...`, anywhere in the file or in the function.
@Suite struct LengthTests {
  static let longestFile = 350
  static let longestFunction = 60
  static let marker = "// Long because "

  /// Still too long, to be split; the list only gets shorter. Files by path, functions by path and name.
  static let pending: Set<String> = [
    "Judge/Judging/Verdict.swift",
    "Record/History/Event.swift",
  ]

  /// A piece of source: a function with its body, from the line of its name to the closing brace.
  struct Piece: Equatable {
    var name: String
    var lines: Int
    var isExcused: Bool
  }

  /// Source without comments and with the content of strings blanked out, so that braces in them do not count. Line
  /// breaks stay where they are.
  static func code(of text: String) -> [Character] {
    var result: [Character] = []
    var rest = text[...]
    /// Drops `length` characters and puts the line breaks among them, or blanks, in their place.
    func blank(_ length: Int) {
      result += rest.prefix(length).map { $0 == "\n" ? "\n" : " " }
      rest = rest.dropFirst(length)
    }
    /// Up to and with the end of what begins here; `\` guards a character of a string.
    func distance(to end: String, escaped: Bool) -> Int {
      var length = 0
      var tail = rest
      while !tail.isEmpty {
        if tail.hasPrefix(end) { return length + end.count }
        let step = escaped && tail.first == "\\" ? 2 : 1
        length += step
        tail = tail.dropFirst(step)
      }
      return rest.count
    }
    while let character = rest.first {
      if rest.hasPrefix("//") {
        blank(
          rest.firstIndex(of: "\n").map { rest.distance(from: rest.startIndex, to: $0) }
            ?? rest.count)
      } else if rest.hasPrefix("/*") {
        blank(distance(to: "*/", escaped: false))
      } else if rest.hasPrefix("\"\"\"") {
        blank(3)
        blank(distance(to: "\"\"\"", escaped: true))
      } else if character == "\"" {
        blank(1)
        blank(distance(to: "\"", escaped: true))
      } else {
        result.append(character)
        rest = rest.dropFirst()
      }
    }
    return result
  }

  /// The functions, initialisers and deinitialisers of a file. Those of a protocol have no body and are none.
  static func functions(of text: String) -> [Piece] {
    let original = text.split(separator: "\n", omittingEmptySubsequences: false)
    let code = String(code(of: text))
    return code.matches(of: /(?m)(?:^|[ ])(?:func\s+([^\s(<]+)|(init)[?!]?\s*[(<]|(deinit)\b)/)
      .compactMap { match in
        guard let end = end(ofBodyAfter: match.range.upperBound, in: code) else { return nil }
        let first = code[..<match.range.lowerBound].count { $0 == "\n" }
        let last = code[..<end].count { $0 == "\n" }
        let name = match.1 ?? match.2 ?? match.3
        return Piece(
          name: String(name!), lines: last - first + 1,
          isExcused: original[first...last].contains { $0.contains(marker) })
      }
  }

  /// The closing brace of the first body after a place; nil if the declaration ends before one begins.
  private static func end(ofBodyAfter start: String.Index, in code: String) -> String.Index? {
    var depth = 0
    var parentheses = 0
    var index = start
    // The pattern may have taken the opening parenthesis of an initialiser.
    if code[code.index(before: index)] == "(" { parentheses = 1 }
    while index < code.endIndex {
      switch code[index] {
      case "(", "[": parentheses += 1
      case ")", "]": parentheses -= 1
      case "{" where parentheses == 0: depth += 1
      case "}" where parentheses == 0:
        depth -= 1
        if depth == 0 { return index }
        // The protocol ends.
        if depth < 0 { return nil }
      case "\n" where parentheses == 0 && depth == 0:
        if !isContinued(code[..<index], code[index...]) { return nil }
      default: break
      }
      index = code.index(after: index)
    }
    return nil
  }

  /// Whether a declaration goes on after a line break outside its parentheses.
  private static func isContinued(_ before: Substring, _ after: Substring) -> Bool {
    let next = after.drop { $0.isWhitespace }
    return ["throws", "async", "->", "where", "{", "&&"].contains { next.hasPrefix($0) }
      || before.hasSuffix(",") || before.hasSuffix("->") || before.hasSuffix("where")
  }

  /// What is too long in a file, as `pending` names it.
  static func violations(in text: String, at path: String) -> [(name: String, lines: Int)] {
    var found: [(name: String, lines: Int)] = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let count = lines.count - (text.hasSuffix("\n") ? 1 : 0)
    let isExcused = lines.contains { $0.contains(marker) && !$0.hasPrefix("  ") }
    if count > longestFile && !isExcused { found.append((path, count)) }
    for function in functions(of: text)
    where function.lines > longestFunction && !function.isExcused {
      found.append(("\(path) \(function.name)", function.lines))
    }
    return found
  }

  @Test func `no file and no function is longer than can be read at once`() throws {
    var found: Set<String> = []
    for file in try LayeringTests.files() where file.path.hasSuffix(".swift") {
      for violation in Self.violations(
        in: LayeringTests.text(of: "Sources/\(file.path)"), at: file.path)
      {
        found.insert(violation.name)
        #expect(
          Self.pending.contains(violation.name),
          """
          \(violation.name) has \(violation.lines) lines; files have \(Self.longestFile) at most and functions \
          \(Self.longestFunction). Split it, or say "\(Self.marker)..." in it.
          """)
      }
    }
    let mended = Self.pending.subtracting(found)
    #expect(mended.isEmpty, "\(mended.sorted()) can leave the list")
  }

  @Test func `functions are found with their lengths, whatever their braces stand in`() {
    let text = #"""
      protocol P {
        func declared() throws -> Int
        init(a: Int)
      }
      struct S: P {
        let b = "func inString() {"
        init?(
          a: Int = { 1 }()
        ) {
          // } not the end
        }
        func declared() throws -> Int {
          // Long because it is a sample.
          let text = "}\" { \(b)"
          return text.map { $0 }.count
        }
        func generic<T>(_ t: T)
        where T: P { }
        deinit { print("}") }
      }
      """#
    #expect(
      Self.functions(of: text) == [
        Piece(name: "init", lines: 5, isExcused: false),
        Piece(name: "declared", lines: 5, isExcused: true),
        Piece(name: "generic", lines: 2, isExcused: false),
        Piece(name: "deinit", lines: 1, isExcused: false),
      ])
  }

  @Test func `what is too long is named, unless it says why`() {
    let body = String(repeating: "    work()\n", count: Self.longestFunction)
    let function = "  func long() {\n\(body)  }\n"
    #expect(Self.violations(in: function, at: "f").map(\.name) == ["f long"])
    let excused = "  func long() {\n    \(Self.marker)of this.\n\(body)  }\n"
    #expect(Self.violations(in: excused, at: "f").isEmpty)
    let shorter = "  func short() {\n\(body.dropFirst("    work()\n".count * 2))  }\n"
    #expect(Self.violations(in: shorter, at: "f").isEmpty)
    let file = String(repeating: "let a = 1\n", count: Self.longestFile)
    #expect(Self.violations(in: file, at: "f").isEmpty)
    #expect(Self.violations(in: file + "let b = 1\n", at: "f").map(\.lines) == [351])
    #expect(Self.violations(in: file + "\(Self.marker)of this.\n", at: "f").isEmpty)
  }
}
