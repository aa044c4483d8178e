/// Templates in the language of mustache(5): variables, sections and inverted sections. What is missing of the language
/// is not used: partials, lambdas, comments, other delimiters.
///
/// Read here and not by a library: the one for Swift, swift-mustache, needs the whole of Foundation with its tables of
/// languages, 44 MB in each installed program; and it escapes by characters, where a browser reads scalars. The tests
/// hold this reader to that library, template by template.
public struct PageTemplates: Sendable {
  private indirect enum Node: Sendable {
    case text(String)
    case variable(String)
    case section(String, [Node])
    case inverted(String, [Node])
  }

  private let templates: [String: [Node]]

  /// Traps if one of them is no template: they are part of the program, and the tests render each.
  public init(_ templates: [(name: String, text: [UInt8])]) {
    var all: [String: [Node]] = [:]
    for (name, bytes) in templates {
      var reader = Reader(String(decoding: bytes, as: UTF8.self), name: name)
      all[name] = reader.nodes(until: nil)
    }
    self.templates = all
  }

  /// A template with values. Traps if there is none of that name.
  public func render(_ name: String, _ view: PageView) -> Markup {
    guard let nodes = templates[name] else {
      preconditionFailure("there is no template \(name)")
    }
    var text = ""
    Self.render(nodes, [view], into: &text)
    return Markup(trusted: text)
  }

  /// - Parameter views: a name is looked up in the last one first.
  private static func render(_ nodes: [Node], _ views: [PageView], into text: inout String) {
    func value(_ name: String) -> PageView.Value? {
      for view in views.reversed() {
        if let value = view.values[name] { return value }
      }
      return nil
    }
    for node in nodes {
      switch node {
      case .text(let words): text += words
      case .variable(let name):
        switch value(name) {
        case .text(let words): text += Markup(words).text
        case .markup(let markup): text += markup.text
        case .flag(let flag): text += "\(flag)"
        case .view, .list, nil: break
        }
      case .section(let name, let inner):
        switch value(name) {
        case .text, .markup, .flag(true): render(inner, views, into: &text)
        case .view(let view): render(inner, views + [view], into: &text)
        case .list(let list):
          for view in list { render(inner, views + [view], into: &text) }
        case .flag(false), nil: break
        }
      case .inverted(let name, let inner):
        switch value(name) {
        case .flag(false), nil: render(inner, views, into: &text)
        case .list(let list): if list.isEmpty { render(inner, views, into: &text) }
        case .text, .markup, .flag(true), .view: break
        }
      }
    }
  }

  /// Reads a template from its beginning to its end.
  private struct Reader {
    private var rest: Substring
    private let name: String
    /// Whether only blanks lie between the last line break and here.
    private var isLineBlank = true

    init(_ text: String, name: String) {
      rest = text[...]
      self.name = name
    }

    /// Up to the end of a section, or of the text.
    mutating func nodes(until end: String?) -> [Node] {
      var nodes: [Node] = []
      while true {
        let text = rest.prefix(while: { $0 != "{" })
        rest = rest[text.endIndex...]
        guard rest.hasPrefix("{{") else {
          guard let brace = rest.first else {
            precondition(end == nil, "\(name): the section \(end ?? "") has no end")
            append(text, to: &nodes)
            return nodes
          }
          append(text + String(brace), to: &nodes)
          rest = rest.dropFirst()
          continue
        }
        append(text, to: &nodes)
        let tag = takeTag()
        switch tag.first {
        case "#":
          dropLine(&nodes)
          nodes.append(
            .section(String(tag.dropFirst()), self.nodes(until: String(tag.dropFirst()))))
        case "^":
          dropLine(&nodes)
          nodes.append(
            .inverted(String(tag.dropFirst()), self.nodes(until: String(tag.dropFirst()))))
        case "/":
          precondition(tag.dropFirst() == end ?? "", "\(name): \(tag) ends \(end ?? "nothing")")
          dropLine(&nodes)
          return nodes
        default:
          isLineBlank = false
          nodes.append(.variable(tag))
        }
      }
    }

    /// The tag's content; the text goes on behind it.
    private mutating func takeTag() -> String {
      let isTriple = rest.hasPrefix("{{{")
      rest = rest.dropFirst(isTriple ? 3 : 2)
      let tag = rest.prefix(while: { $0 != "}" })
      let close = isTriple ? "}}}" : "}}"
      rest = rest[tag.endIndex...]
      precondition(rest.hasPrefix(close), "\(name): the tag \(tag) has no end")
      rest = rest.dropFirst(close.count)
      return tag.split(separator: " ").joined()
    }

    private mutating func append(_ text: some StringProtocol, to nodes: inout [Node]) {
      guard !text.isEmpty else { return }
      let line = text.split(separator: "\n", omittingEmptySubsequences: false).last!
      let isBlank = line.allSatisfy { $0 == " " || $0 == "\t" }
      isLineBlank = isBlank && (text.contains("\n") || isLineBlank)
      nodes.append(.text(String(text)))
    }

    /// A line that has only a section's beginning or end is no line of the result.
    private mutating func dropLine(_ nodes: inout [Node]) {
      let blank = rest.prefix { $0 == " " || $0 == "\t" }
      let after = rest[blank.endIndex...]
      guard isLineBlank, after.isEmpty || after.first == "\n" else {
        isLineBlank = false
        return
      }
      if case .text(let text)? = nodes.last {
        let kept = text.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
        nodes[nodes.count - 1] = .text(String(kept))
      }
      rest = after.dropFirst()
      isLineBlank = true
    }
  }
}
