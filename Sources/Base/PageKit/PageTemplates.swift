internal import Mustache

/// Templates in the language of mustache(5), rendered by swift-mustache.
public struct PageTemplates: Sendable {
  private let templates: [String: MustacheTemplate]

  /// The templates get text that is escaped already: the library escapes by characters, where a browser reads scalars, so
  /// that a quote with a combining mark behind it would end an attribute.
  private static let header = "{{% CONTENT_TYPE:TEXT}}\n"

  /// Traps if one of them is no template: they are part of the program, and the tests render each.
  public init(_ templates: [(name: String, text: [UInt8])]) {
    self.templates = Dictionary(
      uniqueKeysWithValues: templates.map { name, bytes in
        do {
          let text = Self.header + String(decoding: bytes, as: UTF8.self)
          return (name, try MustacheTemplate(string: text))
        } catch {
          preconditionFailure("\(name) is no template: \(error)")
        }
      })
  }

  /// A template with values. Traps if there is none of that name.
  public func render(_ name: String, _ view: PageView) -> Markup {
    guard let template = templates[name] else {
      preconditionFailure("there is no template \(name)")
    }
    return Markup(trusted: template.render(Values(view: view)))
  }

  /// The values of a view as the library asks for them.
  private struct Values: MustacheParent {
    let view: PageView

    func child(named name: String) -> Any? {
      switch view[name] {
      case .text(let text): Markup(text).text
      case .markup(let markup): markup.text
      case .flag(let flag): flag
      case .view(let view): Values(view: view)
      case .list(let list): list.map(Values.init)
      case nil: nil
      }
    }
  }
}
