/// Known places, which must not be reported.
public struct Suppressions: Sendable, Equatable {
  struct Rule: Sendable, Equatable {
    let kind: RaceKind?
    let pattern: String
  }

  private var rules: [Rule] = []
  /// How many findings each rule suppressed.
  public private(set) var used: [String: Int] = [:]

  public struct Mistake: Error, Equatable, CustomStringConvertible {
    public let line: Int
    public let description: String
  }

  public init() {}

  /// Reads lines `KIND:PATTERN`; KIND is a verdict or `*`, PATTERN (with `*`) is matched against the short name,
  /// the summary, both command lines and each frame. `#` begins a comment.
  public init(parsing text: String) throws(Mistake) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let rule = line.drop { $0 == " " || $0 == "\t" }
      guard !rule.isEmpty, rule.first != "#" else { continue }
      let parts = rule.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw Mistake(line: index + 1, description: "the form is KIND:PATTERN")
      }
      let kind = RaceKind.allCases.first { $0.rawValue == parts[0].uppercased() }
      guard kind != nil || parts[0] == "*" else {
        throw Mistake(
          line: index + 1,
          description: "there is no verdict '\(parts[0])'; it is one of *, "
            + RaceKind.allCases.filter(\.isRace).map(\.rawValue).joined(separator: ", "))
      }
      rules.append(Rule(kind: kind, pattern: parts[1]))
    }
  }

  /// Whether a finding is suppressed. Counts the finding.
  public mutating func take(_ finding: Finding) -> Bool {
    let texts =
      [
        finding.place, finding.summary, finding.probe.party.command, finding.rebinder.command,
      ]
      + [finding.probe.party, finding.rebinder].flatMap { party in
        (party.sourceStack + party.stack).map(\.text)
      }
    for rule in rules where rule.kind == nil || rule.kind == finding.kind {
      if texts.contains(where: { matches(rule.pattern, $0) }) {
        used[rule.pattern, default: 0] += 1
        return true
      }
    }
    return false
  }
}

/// Whether a text has a part that matches a pattern in which `*` matches anything.
func matches(_ pattern: String, _ text: String) -> Bool {
  let pieces = pattern.split(separator: "*", omittingEmptySubsequences: true).map { Array($0.utf8) }
  var rest = Array(text.utf8)[...]
  for piece in pieces {
    guard let start = rest.indices.first(where: { rest[$0...].starts(with: piece) }) else {
      return false
    }
    rest = rest[(start + piece.count)...]
  }
  return true
}
