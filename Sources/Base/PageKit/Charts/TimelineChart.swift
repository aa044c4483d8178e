/// What happened when, one lane for each process and each port. Times are nanoseconds.
public struct TimelineChart: Sendable {
  /// What a bar means.
  public enum Span: String, Sendable {
    /// A process does its work.
    case work = "c-work"
    /// A port that somebody holds.
    case held = "c-held"
    /// A port that nobody holds between its probe and its re-bind.
    case open = "c-open"
    /// A port in the hands of someone else.
    case taken = "c-taken"
  }

  /// What a mark means; each has a shape of its own.
  public enum Instant: String, Sendable {
    case success = "c-success"
    case failure = "c-failure"
    case fault = "c-fault"
  }

  public struct Lane: Sendable {
    public var name: String
    public var spans: [(span: Span, from: UInt64, to: UInt64)] = []
    public var instants: [(instant: Instant, at: UInt64)] = []
    /// Words beside it; empty for none.
    public var note = ""

    public init(_ name: String) { self.name = name }

    fileprivate var times: [UInt64] { spans.flatMap { [$0.from, $0.to] } + instants.map(\.at) }
  }

  public var lanes: [Lane]
  /// Lines through all lanes.
  public var moments: [(name: String, at: UInt64)]
  /// From when on times are counted.
  public var start: UInt64
  /// What the chart shows.
  public var words: String

  public init(
    lanes: [Lane], moments: [(name: String, at: UInt64)], start: UInt64, words: String
  ) {
    (self.lanes, self.moments, self.start, self.words) = (lanes, moments, start, words)
  }

  /// Notes are in a column of their own, so that they cover nothing.
  private static let (notes, longestNote, width) = (570.0, 66, 950.0)
  private static let (left, right, row, top) = (132.0, 556.0, 20.0, 18.0)

  public var markup: Markup {
    let height = Self.top + Self.row * Double(lanes.count) + 22
    var drawing = Drawing(width: Self.width, height: height, classes: "c-timeline")
    let times = lanes.flatMap(\.times) + moments.map(\.at)
    guard let first = times.min(), let last = times.max() else {
      return drawing.markup(name: words)
    }
    let scale = Scale(
      from: Double(Self.since(first, start)), to: Double(Self.since(last, start)), left: Self.left,
      right: Self.right)
    func x(_ time: UInt64) -> Double { scale.x(Double(Self.since(time, start))) }
    let bottom = height - 20
    let rows = lanes.indices.map { Self.top + Self.row * Double($0 + 1) }
    drawing.lines(
      scale.ticks.map { (scale.x($0), Self.top, scale.x($0), bottom) }
        + rows.map { (Self.left, $0, Self.width, $0) }, "c-grid")
    for tick in scale.ticks {
      drawing.words(scale.text(tick), scale.x(tick), bottom + 14, "c-label", anchor: .middle)
    }
    for moment in moments {
      let place = x(moment.at)
      drawing.line(place, Self.top - 4, place, bottom, "c-moment")
      drawing.words(
        moment.name, place, Self.top - 7, "c-label", anchor: place > 450 ? .end : .start)
    }
    for (number, lane) in lanes.enumerated() {
      draw(lane, at: Self.top + Self.row * (Double(number) + 0.5), &drawing, x)
    }
    let told = lanes.map { $0.note.isEmpty ? $0.name : "\($0.name): \($0.note)" }
    return drawing.markup(name: words, description: told.joined(separator: "; "))
  }

  private static func since(_ time: UInt64, _ start: UInt64) -> Int64 {
    Int64(bitPattern: time &- start)
  }

  private func draw(
    _ lane: Lane, at y: Double, _ drawing: inout Drawing, _ x: (UInt64) -> Double
  ) {
    drawing.words(lane.name, Self.left - 8, y + 4, "c-text", anchor: .end)
    for (span, from, to) in lane.spans {
      drawing.rectangle(x(from), y - 5, max(1.5, x(to) - x(from)), 10, span.rawValue)
    }
    for (instant, time) in lane.instants {
      switch instant {
      case .success: drawing.circle(x(time), y, 3.5, instant.rawValue)
      case .failure: drawing.cross(x(time), y, 4.5, instant.rawValue)
      case .fault: drawing.diamond(x(time), y, 4.5, instant.rawValue)
      }
    }
    let isLong = lane.note.count > Self.longestNote
    let note = isLong ? lane.note.prefix(Self.longestNote - 1) + "\u{2026}" : lane.note
    if !note.isEmpty { drawing.words(note, Self.notes, y + 4, "c-note") }
  }

  /// A linear axis of milliseconds with ticks at round numbers.
  private struct Scale {
    let from: Double
    let length: Double
    let left: Double
    let width: Double
    let step: Double

    init(from: Double, to: Double, left: Double, right: Double) {
      self.from = from
      length = max(1, to - from)
      self.left = left
      width = right - left
      // At most eight ticks.
      var step = 1.0
      for factor in [2, 2.5, 2].repeated(9) where length / step > 8 { step *= factor }
      self.step = step
    }

    func x(_ time: Double) -> Double { left + width * (time - from) / length }

    var ticks: [Double] {
      Array(
        stride(from: (from / step).rounded(.up) * step, through: from + length, by: step))
    }

    /// In the unit that gives whole numbers or one digit.
    func text(_ time: Double) -> String {
      let (unit, name) =
        step >= 1e8 ? (1e9, "s") : step >= 1e5 ? (1e6, "ms") : step >= 100 ? (1e3, "us") : (1, "ns")
      return "\(Drawing.text(time / unit)) \(name)"
    }
  }
}

extension Array {
  fileprivate func repeated(_ count: Int) -> [Element] {
    (0..<count).flatMap { _ in self }
  }
}
