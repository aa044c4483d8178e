internal import Lifelines

/// One event of a track.
struct TrackMoment {
  enum Kind { case begins, ends, happens }

  var kind: Kind
  var at: UInt64
  var name = ""
  var category = ""
  var details: [Lifeline.Detail] = []
  var arrows: [Lifeline.Arrow] = []
  /// The track's number in the file; 0 before it has one.
  var track: UInt64 = 0

  func on(_ track: UInt64) -> TrackMoment {
    var moment = self
    moment.track = track
    return moment
  }
}

/// A lifeline as rows of events in which spans are properly nested, as a track demands: a span lies within another one,
/// or apart from it. A span that fits into no row so far begins a new one.
enum TrackRows {
  static func rows(of lifeline: Lifeline) -> [[TrackMoment]] {
    var rows: [[Lifeline.Span]] = []
    // Of spans with one beginning the longest is outside.
    let sorted = lifeline.spans.enumerated().sorted {
      $0.element.from != $1.element.from
        ? $0.element.from < $1.element.from
        : ($1.element.to, $0.offset) < ($0.element.to, $1.offset)
    }
    for (_, span) in sorted {
      let row = rows.firstIndex { $0.allSatisfy { $0.to <= span.from || span.to <= $0.to } }
      if let row { rows[row].append(span) } else { rows.append([span]) }
    }
    if rows.isEmpty { rows = [[]] }
    return rows.enumerated().map { number, spans in
      moments(spans, number == 0 ? lifeline.instants : [])
    }
  }

  /// - Parameter spans: sorted from the outside to the inside, properly nested.
  private static func moments(
    _ spans: [Lifeline.Span], _ instants: [Lifeline.Instant]
  ) -> [TrackMoment] {
    var moments: [TrackMoment] = []
    var open: [Lifeline.Span] = []
    var waiting = instants.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }
    .map(\.element)[...]
    /// Ends what is over at a time, and puts instants where they belong; one at the end of a span is still inside.
    func advance(to time: UInt64?) {
      while true {
        let end = open.last.flatMap { span in time.map { span.to <= $0 } ?? true ? span.to : nil }
        let limit = end ?? time
        while let next = waiting.first,
          limit.map({ next.at <= $0 && (end != nil || next.at < $0) }) ?? true
        {
          moments.append(
            TrackMoment(
              kind: .happens, at: next.at, name: next.name, category: next.meaning.rawValue,
              details: next.details, arrows: next.arrows))
          waiting = waiting.dropFirst()
        }
        guard let end else { return }
        moments.append(TrackMoment(kind: .ends, at: end))
        open.removeLast()
      }
    }
    for span in spans {
      advance(to: span.from)
      moments.append(
        TrackMoment(
          kind: .begins, at: span.from, name: span.name, category: span.meaning.rawValue,
          details: span.details, arrows: span.arrows))
      open.append(span)
    }
    advance(to: nil)
    return moments
  }
}
