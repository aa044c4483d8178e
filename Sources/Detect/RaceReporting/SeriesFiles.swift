internal import RaceLedger
internal import ReportKit
internal import TerminalText

/// A series of runs as one self-contained page.
enum SeriesHTMLReport {
  static func text(_ series: Enumeration, _ facts: RunFacts) -> String {
    let command = facts.command.map(shellQuoted).joined(separator: " ")
    let verdict = EnumerationReport.last(series, facts)
    let obstacle = series.obstacle.map {
      "<p><strong>\(XMLText.escaped("\($0.reason). What to do: \($0.advice)."))</strong></p>\n"
    }
    let rows = series.groups.map { row($0, facts) }.joined(separator: "\n")
    let book = Book(series.windows.map(\.finding) + series.shown)
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>bindstorm check: \(XMLText.escaped(verdict))</title><style>\(RaceHTMLReport.style)
      th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; overflow-wrap: anywhere; }</style></head><body>
      <h1>\(XMLText.escaped(verdict))</h1>
      <p><code>\(XMLText.escaped(command))</code>, \(count(series.runs, "run")); without a thief it \(XMLText.escaped(facts.ending)) \
      after \(duration(UInt64(facts.seconds * 1e9))).</p>
      \(obstacle ?? "")<table><tr><th>Verdict</th><th>Window</th><th>Last words</th></tr>
      \(rows)
      </table>
      \(book.places.map { RaceHTMLReport.article($0, facts) }.joined(separator: "\n"))
      </body></html>

      """
  }

  private static func row(_ group: Enumeration.Group, _ facts: RunFacts) -> String {
    let window = group.windows[0]
    let advice = window.outcome?.undecided.map { ". What to do: \($0.advice)" } ?? ""
    let which = group.occurrences.isEmpty ? "" : ", \(group.occurrences)"
    let cells = [
      (window.outcome?.sentence ?? "not tried") + advice, window.summary + which,
      ([window.lastWords] + RaceTextReport.encounters(window.encounters)).filter { !$0.isEmpty }
        .joined(separator: "; "),
    ]
    return "<tr>" + cells.map { "<td>\(XMLText.escaped($0))</td>" }.joined() + "</tr>"
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
