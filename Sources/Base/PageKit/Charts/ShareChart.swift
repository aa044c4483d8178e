/// Counts of different kinds as bars below each other, each with its name and number: no colour is needed to read it.
public struct ShareChart: Sendable {
  public struct Item: Sendable {
    public var name: String
    public var count: Int
    /// Class of its bar.
    public var kind: Kind

    public init(name: String, count: Int, kind: Kind) {
      (self.name, self.count, self.kind) = (name, count, kind)
    }
  }

  public enum Kind: String, Sendable {
    case good = "c-good"
    case bad = "c-rate"
    case other = "c-other"
  }

  public var items: [Item]
  /// What it shows, without the numbers.
  public var words: String

  public init(_ items: [Item], words: String) { (self.items, self.words) = (items, words) }

  public var markup: Markup {
    let row = 18.0
    var drawing = Drawing(
      width: 420, height: row * Double(items.count) + 2, classes: "c-shares")
    let total = max(1, items.map(\.count).reduce(0, +))
    for (number, item) in items.enumerated() {
      let top = row * Double(number)
      drawing.words(item.name, 118, top + 13, "c-text", anchor: .end)
      let share = Double(item.count) / Double(total)
      drawing.rectangle(126, top + 4, 220, 10, "c-track", radius: 2)
      drawing.rectangle(126, top + 4, max(1.5, 220 * share), 10, item.kind.rawValue, radius: 2)
      drawing.words("\(item.count)", 354, top + 13, "c-text")
    }
    let counts = items.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
    return drawing.markup(name: "\(words): \(counts)")
  }
}
