/// A discussion of a command's help in parts: prose, and sections such as `EXAMPLES:`.
///
/// A section begins with a line of capitals and a colon, and ends at the next one or at a line without indentation that
/// follows a blank one. Lines that begin with a blank are shown as they are.
struct HelpText: Equatable {
  /// A line, or lines that are shown as they are.
  enum Part: Equatable {
    case paragraph(String)
    case literal([String])
  }

  /// A part of the text with a heading.
  struct Section: Equatable {
    /// As the help has it, for example `EXIT CODES`.
    var title: String
    var parts: [Part]
  }

  private(set) var prose: [Part] = []
  private(set) var sections: [Section] = []

  init(_ text: String) {
    var isInSection = false
    var isAfterBlank = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.allSatisfy({ $0 == " " }) {
        isAfterBlank = true
        continue
      }
      if let (title, rest) = Self.heading(line) {
        sections.append(Section(title: title, parts: []))
        isInSection = true
        if !rest.isEmpty { add(.paragraph(rest), isInSection) }
      } else if line.hasPrefix(" ") {
        add(.literal([line]), isInSection)
      } else {
        if isAfterBlank { isInSection = false }
        add(.paragraph(line), isInSection)
      }
      isAfterBlank = false
    }
  }

  private mutating func add(_ part: Part, _ isInSection: Bool) {
    func joined(_ parts: [Part]) -> [Part] {
      guard case .literal(let new) = part, case .literal(let old)? = parts.last else {
        return parts + [part]
      }
      return parts.dropLast() + [.literal(old + new)]
    }
    if isInSection {
      sections[sections.count - 1].parts = joined(sections[sections.count - 1].parts)
    } else {
      prose = joined(prose)
    }
  }

  /// `EXIT CODES: 0; 64 wrong usage.` as title and rest.
  private static func heading(_ line: String) -> (title: String, rest: String)? {
    guard let colon = line.firstIndex(of: ":") else { return nil }
    let title = line[..<colon]
    let isCapital = { (character: Character) in ("A"..."Z").contains(character) || character == " "
    }
    guard title.first.map({ $0 != " " }) == true, title.allSatisfy(isCapital) else { return nil }
    return (String(title), String(line[line.index(after: colon)...].drop { $0 == " " }))
  }
}
