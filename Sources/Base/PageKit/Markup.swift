internal import ReportKit

/// Text that a browser reads as HTML or SVG. There are two ways to make it from other text: foreign text is escaped,
/// and what is written in the sources stays as it is. So nothing that a plan or a process says becomes an element, an
/// attribute or a script.
public struct Markup: Sendable, Equatable {
  /// As the document has it.
  public let text: String

  /// Text of any origin, as character data or inside an attribute in double quotes.
  public init(_ foreign: String) { text = XMLText.escaped(foreign) }

  /// Markup as the sources have it.
  public init(literal: StaticString) { text = "\(literal)" }

  init(trusted: String) { text = trusted }

  public static let empty = Markup(trusted: "")

  public static func + (one: Markup, other: Markup) -> Markup {
    Markup(trusted: one.text + other.text)
  }
}

extension Sequence where Element == Markup {
  /// One after the other.
  public func joined() -> Markup { Markup(trusted: map(\.text).joined()) }
}
