public import Lifelines

/// What happened when, one lane for each process and each port. Steps on the way are left out, because there is no room
/// for their names. Times are nanoseconds.
public struct TimelineChart: Sendable {
  public var lanes: [Lifeline]
  /// Lines through all lanes.
  public var moments: [(name: String, at: UInt64)]
  /// From when on times are counted.
  public var start: UInt64
  /// What the chart shows.
  public var words: String

  public init(
    lanes: [Lifeline], moments: [(name: String, at: UInt64)], start: UInt64, words: String
  ) {
    (self.lanes, self.moments, self.start, self.words) = (lanes, moments, start, words)
  }

  /// Notes are in a column of their own, so that they cover nothing.
  private static let (notes, longestNote, width) = (570.0, 66, 950.0)
  private static let (left, right, row, top) = (132.0, 556.0, 20.0, 18.0)

  public var markup: Markup {
    let height = Self.top + Self.row * Double(lanes.count) + 22
    var drawing = Drawing(width: Self.width, height: height, classes: "c-timeline")
    let times = lanes.map(Self.drawn).flatMap(\.times) + moments.map(\.at)
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

  /// A lifeline without what is not drawn.
  private static func drawn(_ lifeline: Lifeline) -> Lifeline {
    var drawn = lifeline
    drawn.spans = lifeline.spans.filter { $0.meaning != .step }
    drawn.instants = lifeline.instants.filter { $0.meaning != .step }
    return drawn
  }

  /// Classes of the style sheet.
  private static func style(_ meaning: Lifeline.Span.Meaning) -> String {
    switch meaning {
    case .work, .step: "c-work"
    case .held, .chosen: "c-held"
    case .open: "c-open"
    case .taken: "c-taken"
    }
  }

  private func draw(
    _ lifeline: Lifeline, at y: Double, _ drawing: inout Drawing, _ x: (UInt64) -> Double
  ) {
    let lane = Self.drawn(lifeline)
    drawing.words(lane.name, Self.left - 8, y + 4, "c-text", anchor: .end)
    for span in lane.spans {
      drawing.rectangle(
        x(span.from), y - 5, max(1.5, x(span.to) - x(span.from)), 10, Self.style(span.meaning))
    }
    for instant in lane.instants {
      let place = x(instant.at)
      switch instant.meaning {
      case .success: drawing.circle(place, y, 3.5, "c-success")
      case .failure: drawing.cross(place, y, 4.5, "c-failure")
      case .fault: drawing.diamond(place, y, 4.5, "c-fault")
      case .step: break
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
