/// A failure rate with its interval, and what it is held against.
public struct RateChart: Sendable {
  /// In 0...1; nil without observations.
  public var rate: Double?
  /// The part of it that recovered, in 0...rate; it is drawn hatched.
  public var recovered: Double
  /// Of its interval.
  public var low: Double
  public var high: Double
  /// The rate that the model predicts; nil without one.
  public var model: Double?
  /// What the plan demands at least, and at most.
  public var atLeast: Double?
  public var atMost: Double?
  /// What it shows in words.
  public var words: String

  public init(
    rate: Double?, recovered: Double = 0, low: Double, high: Double, model: Double? = nil,
    atLeast: Double? = nil,
    atMost: Double? = nil, words: String
  ) {
    (self.rate, self.recovered, self.low, self.high) = (rate, recovered, low, high)
    (self.model, self.atLeast, self.atMost) = (model, atLeast, atMost)
    self.words = words
  }

  /// A bar for a table, without an axis.
  public var small: Markup {
    var drawing = Drawing(width: 120, height: 12, classes: "c-small")
    drawing.rectangle(0, 2, 120, 8, "c-track", radius: 1)
    if let rate {
      drawing.rectangle(0, 2, 120 * (rate - recovered), 8, "c-rate", radius: 1)
      if recovered > 0 {
        drawing.rectangle(120 * (rate - recovered), 2, 120 * recovered, 8, "c-recovered")
      }
      drawing.line(120 * low, 6, 120 * high, 6, "c-thin")
    }
    if let model { drawing.diamond(min(117, max(3, 120 * model)), 6, 3, "c-model") }
    return drawing.markup(name: words)
  }

  /// With an axis from 0 to 100 %, and words at the marks.
  public var large: Markup {
    let x = Self.x
    let width = Self.width
    var drawing = Drawing(width: 460, height: 74, classes: "c-large")
    drawing.shared(Self.axis)
    demand(&drawing, x)
    if let rate {
      drawing.rectangle(x(0), 30, width * (rate - recovered), 12, "c-rate", radius: 2)
      if recovered > 0 {
        drawing.rectangle(x(rate - recovered), 30, width * recovered, 12, "c-recovered")
      }
      drawing.lines(
        [(x(low), 36, x(high), 36)] + [low, high].map { (x($0), 31, x($0), 41) }, "c-interval")
    }
    if let model {
      drawing.diamond(x(model), 36, 6, "c-model")
      drawing.words("model", x(model), 18, "c-label", anchor: Self.anchor(model))
    }
    return drawing.markup(name: words)
  }

  private func demand(_ drawing: inout Drawing, _ x: (Double) -> Double) {
    if let atLeast {
      drawing.line(x(atLeast), 20, x(atLeast), 50, "c-demand")
      drawing.words("at least \u{2192}", x(atLeast) + 3, 28, "c-label")
    }
    if let atMost {
      drawing.line(x(atMost), 20, x(atMost), 50, "c-demand")
      drawing.words(
        "\u{2190} at most", x(atMost) + (atMost > 0.15 ? -3 : 3), 28, "c-label",
        anchor: atMost > 0.15 ? .end : .start)
    }
  }

  private static let (left, width) = (8.0, 444.0)
  private static func x(_ rate: Double) -> Double { left + width * rate }
  private static let axis = "rate-axis"

  /// The axis of all large bars of a page.
  static let definition: Markup = {
    var drawing = Drawing(width: 0, height: 0, classes: "")
    let ticks = (0...4).map { Double($0) / 4 }
    drawing.lines(ticks.map { (x($0), 22, x($0), 50) }, "c-grid")
    for tick in ticks {
      drawing.words("\(Int(tick * 100)) %", x(tick), 64, "c-label", anchor: anchor(tick))
    }
    drawing.rectangle(x(0), 30, width, 12, "c-track", radius: 2)
    return drawing.definition(axis)
  }()

  /// So that words at the ends stay inside.
  private static func anchor(_ place: Double) -> Drawing.Anchor {
    place < 0.05 ? .start : place > 0.95 ? .end : .middle
  }
}
