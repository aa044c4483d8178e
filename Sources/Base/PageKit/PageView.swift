/// The values that a template shows, by name.
public struct PageView: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  /// A value of a template.
  public enum Value: Sendable, Equatable {
    /// Text of any origin; it is escaped where it is shown.
    case text(String)
    /// Shown as it is.
    case markup(Markup)
    /// Whether a section is shown.
    case flag(Bool)
    /// A section, shown once.
    case view(PageView)
    /// A section, shown once for each.
    case list([PageView])
  }

  private(set) var values: [String: Value]

  public init(_ values: [String: Value] = [:]) { self.values = values }

  public init(dictionaryLiteral elements: (String, Value)...) {
    values = Dictionary(uniqueKeysWithValues: elements)
  }

  public subscript(name: String) -> Value? {
    get { values[name] }
    set { values[name] = newValue }
  }
}

extension PageView.Value {
  /// Text that is a number.
  public static func number(_ number: Int) -> Self { .text("\(number)") }

  /// Text; nothing without it, so that its section is left out.
  public static func optional(_ text: String?) -> Self { text.map(Self.text) ?? .flag(false) }
}
