@preconcurrency internal import Glibc

/// The share of samples up to each duration, on a logarithmic axis.
public struct DistributionChart: Sendable {
  /// A duration in nanoseconds that so many of the samples do not exceed.
  public struct Point: Sendable {
    /// In 0...1.
    public var share: Double
    public var nanoseconds: UInt64

    public init(share: Double, nanoseconds: UInt64) {
      (self.share, self.nanoseconds) = (share, nanoseconds)
    }
  }

  public var title: String
  /// In rising order.
  public var points: [Point]
  /// The figures in words.
  public var words: String

  public init(title: String, points: [Point], words: String) {
    (self.title, self.points, self.words) = (title, points, words)
  }

  private static let (left, right, top, bottom) = (38.0, 252.0, 20.0, 88.0)

  private static let axis = "share-axis"
  private static func y(_ share: Double) -> Double { bottom - (bottom - top) * share }

  /// The vertical axis of all such charts of a page.
  static let definition: Markup = {
    var drawing = Drawing(width: 0, height: 0, classes: "")
    let shares = [0, 0.5, 1]
    drawing.lines(shares.map { (left, y($0), right, y($0)) }, "c-grid")
    for share in shares {
      drawing.words("\(Int(share * 100)) %", left - 4, y(share) + 3, "c-label", anchor: .end)
    }
    return drawing.definition(axis)
  }()

  public var markup: Markup {
    var drawing = Drawing(width: 260, height: 106, classes: "c-distribution")
    drawing.words(title, 0, 11, "c-title")
    let values = points.map { Self.logarithm($0.nanoseconds) }
    guard let least = values.min(), let largest = values.max() else {
      return drawing.markup(name: "\(title): \(words)")
    }
    // Whole decades, so that charts beside each other are read alike.
    let (first, last) = (least.rounded(.down), max(largest.rounded(.up), least.rounded(.down) + 1))
    func x(_ value: Double) -> Double {
      Self.left + (Self.right - Self.left) * (value - first) / (last - first)
    }
    let y = Self.y
    drawing.shared(Self.axis)
    let step = max(1, Int(((last - first) / 3).rounded(.up)))
    for decade in stride(from: Int(first), through: Int(last), by: step) {
      let place = x(Double(decade))
      drawing.words(
        Self.unit(decade), place, Self.bottom + 14, "c-label",
        anchor: place > Self.right - 12 ? .end : .middle)
    }
    var steps: [(command: String, numbers: [Double])] = []
    for (point, value) in zip(points, values) {
      steps += steps.isEmpty ? [("M", [x(value), y(0)])] : [("H", [x(value)])]
      steps.append(("V", [y(point.share)]))
    }
    drawing.path(steps, "c-curve")
    for (point, value) in zip(points, values) where point.share == 0.5 {
      drawing.circle(x(value), y(0.5), 3, "c-median")
    }
    return drawing.markup(name: "\(title): \(words)")
  }

  private static func logarithm(_ nanoseconds: UInt64) -> Double {
    log10(Double(max(1, nanoseconds)))
  }

  private static func unit(_ decade: Int) -> String {
    let units = ["ns", "us", "ms", "s"]
    let (unit, rest) = min(decade, 11).quotientAndRemainder(dividingBy: 3)
    return ["1", "10", "100"][rest] + " " + units[unit]
  }
}
