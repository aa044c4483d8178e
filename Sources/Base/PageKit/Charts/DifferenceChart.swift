/// Differences of rates with their intervals, on a scale that all rows of a table share.
public struct DifferenceChart: Sendable {
  /// The largest difference that the scale shows, in 0...1.
  public let reach: Double
  /// Differences up to this on both sides count as equal.
  public let margin: Double

  /// - Parameter ends: the ends of all intervals of the table.
  public init(ends: [Double], margin: Double) {
    let largest = ends.map(abs).max() ?? 1
    reach = [0.1, 0.25, 0.5].first { largest <= $0 } ?? 1
    self.margin = margin
  }

  /// A row.
  /// - Parameter words: what it shows.
  public func row(_ difference: Double, low: Double, high: Double, words: String) -> Markup {
    var drawing = Drawing(width: 180, height: 16, classes: "c-difference")
    func x(_ value: Double) -> Double { 90 + 86 * min(1, max(-1, value / reach)) }
    drawing.rectangle(x(-margin), 1, x(margin) - x(-margin), 14, "c-margin")
    drawing.line(90, 0, 90, 16, "c-axis")
    drawing.lines(
      [(x(low), 8, x(high), 8)] + [low, high].map { (x($0), 5, x($0), 11) }, "c-interval")
    drawing.diamond(x(difference), 8, 4, difference > 0 ? "c-worse" : "c-better")
    return drawing.markup(name: words)
  }
}
