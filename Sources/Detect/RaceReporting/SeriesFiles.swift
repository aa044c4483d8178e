internal import PageKit
internal import RaceLedger
internal import TerminalText

/// A series of runs as one self-contained page.
enum SeriesHTMLReport {
  static func text(_ series: Enumeration, _ facts: RunFacts) -> String {
    let verdict = EnumerationReport.last(series, facts)
    let notices = series.obstacle.map { ["\($0.reason). What to do: \($0.advice)."] } ?? []
    let head = RaceHTMLReport.head(
      verdict, facts, theft: nil, notices: notices,
      figures: [
        ("runs", "\(series.runs)"),
        (
          "without a thief",
          "\(facts.ending) after \(duration(UInt64(facts.seconds * 1e9)))"
        ), ("mode", facts.mode), ("ports chosen by the kernel", "\(facts.probes)"),
      ])
    let windows = Page.Section(
      id: "windows", title: "Windows",
      body: RaceHTMLReport.templates.render(
        "series", ["rows": .list(series.groups.map { row($0) })]))
    let book = Book(series.windows.map(\.finding) + series.shown)
    return RaceHTMLReport.page(
      verdict, head: head,
      (series.groups.isEmpty ? [] : [windows]) + RaceHTMLReport.sections(book, facts), facts)
  }

  private static func row(_ group: Enumeration.Group) -> PageView {
    let window = group.windows[0]
    let advice = window.outcome?.undecided.map { ". What to do: \($0.advice)" } ?? ""
    let which = group.occurrences.isEmpty ? "" : ", \(group.occurrences)"
    var view = RaceHTMLReport.look(window.outcome)
    view["verdict"] = .text((window.outcome?.sentence ?? "not tried") + advice)
    view["place"] = .text(window.place)
    view["window"] = .text(window.summary + which)
    view["words"] = .text(
      ([window.lastWords] + RaceTextReport.encounters(window.encounters))
        .filter { !$0.isEmpty }.joined(separator: "; "))
    return view
  }
}

extension SARIFReport {
  /// A result for the windows of a place that came to the same: an error where the command fails, a warning where that
  /// is not decided, a note where it survives.
  static func results(_ series: Enumeration, _ facts: RunFacts) -> [Result] {
    let windows = series.groups.map { group -> Result in
      let window = group.windows[0]
      var result = result(PlaceReport(window.finding, occurrence: window.occurrence), facts)
      let which = group.occurrences.isEmpty ? "" : ", \(group.occurrences)"
      var text = "\(window.outcome?.sentence ?? "not tried")\(which): \(result.message.text)"
      if !window.lastWords.isEmpty { text += " Its last words: \(window.lastWords)" }
      for line in RaceTextReport.encounters(window.encounters) { text += " \(line)." }
      if let why = window.outcome?.undecided { text += " What to do: \(why.advice)." }
      result.message.text = text
      result.level =
        switch window.outcome?.word {
        case .survived?: "note"
        case .fails?: "error"
        case .undecided?, nil: "warning"
        }
      result.partialFingerprints["bindstormPlace/v1"] = window.place
      result.partialFingerprints["bindstormWindow/v1"] = "\(window.place)/\(window.occurrence)"
      result.occurrenceCount = group.windows.count
      return result
    }
    return windows + series.shownPlaces.map { result($0, facts) }
  }
}
