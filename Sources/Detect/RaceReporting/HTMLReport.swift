public import RaceLedger
public import ReportKit
internal import TerminalText

/// Findings as one self-contained page.
public enum RaceHTMLReport {
  static let style = """
    :root { color-scheme: light dark; --line: #8884; --bad: #c22; --note: #888; }
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
    h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 0; } code, pre { font: 13px/1.45 ui-monospace, monospace; }
    article { border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: 4px; margin: 1rem 0; padding: .8rem 1rem; }
    article.note { border-left-color: var(--note); }
    dl { display: grid; grid-template-columns: 8rem 1fr; gap: .2rem 1rem; margin: .6rem 0; } dt { color: var(--note); } dd { margin: 0; overflow-wrap: anywhere; }
    .bar { display: flex; height: 1.2rem; margin: .6rem 0; font-size: 11px; text-align: center; border-radius: 3px; overflow: hidden; }
    .bar span { min-width: 4.5rem; color: #fff; padding: 0 .3rem; white-space: nowrap; } .held { background: #2a7; } .open { background: var(--bad); } .again { background: #27b; }
    pre { overflow-x: auto; margin: .3rem 0; } summary { cursor: pointer; }
    """

  /// The page.
  public static func text(_ book: Book, _ facts: RunFacts) -> String {
    let command = facts.command.map(shellQuoted).joined(separator: " ")
    let verdict =
      book.races.isEmpty
      ? (facts.hasPorts
        ? "No race in \(facts.portsFollowed)." : sentence(Undecided.nothingFollowed))
      : "Races at \(book.races.count) \(book.races.count == 1 ? "place" : "places")."
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>bindstorm check: \(XMLText.escaped(verdict))</title><style>\(style)</style></head><body>
      <h1>\(XMLText.escaped(verdict))</h1>
      <p><code>\(XMLText.escaped(command))</code> \(XMLText.escaped(facts.ending)) after \(duration(UInt64(facts.seconds * 1e9))).
      \(count(facts.calls, "call")) caught in \(XMLText.escaped(facts.mode)) mode, \(count(facts.probes, "port")) chosen by the kernel, \
      \(count(facts.stolen, "re-bind")) found the port stolen, \(count(book.suppressed, "finding")) suppressed\
      \(facts.unobserved > 0 ? ", <strong>\(count(facts.unobserved, "call")) could not be looked into</strong>" : "").</p>
      \(theft(facts))\(book.places.map { article($0, facts) }.joined(separator: "\n"))
      </body></html>

      """
  }

  /// A remark as a sentence.
  private static func sentence(_ remark: String) -> String {
    remark.prefix(1).uppercased() + remark.dropFirst() + "."
  }

  /// What the theft showed, as a paragraph; empty if none was asked for.
  private static func theft(_ facts: RunFacts) -> String {
    guard let outcome = facts.outcome else { return "" }
    let advice = outcome.undecided.map { " What to do: \($0.advice)." } ?? ""
    let met = RaceTextReport.encounters(facts.encounters).map { " \($0)." }.joined()
    return
      "<p><strong>\(XMLText.escaped(outcome.sentence + "." + advice))</strong>\(XMLText.escaped(met))</p>\n"
  }

  static func article(_ place: PlaceReport, _ facts: RunFacts) -> String {
    let finding = place.first
    let words = PlaceWords(place: place, facts: facts)
    var rows = [
      (
        "Probe",
        "\(words.origin(finding.probe)) \(words.time(finding.probe.openedAt, finding.probe.party)): \(words.who(finding.probe.party))"
      ),
      ("Released", words.release),
      (
        words.isConnect ? "Connected" : words.call,
        "\(finding.rebindAddress) \(words.time(finding.reboundAt, finding.rebinder)): \(words.who(finding.rebinder)), \(words.result)"
      ),
    ]
    if let owner = words.owner { rows.append(("Held by", owner)) }
    if let tests = words.tests { rows.append(("Tests", tests)) }
    if finding.offset != 0 { rows.append(("Number", "\(finding.key.port) = \(words.sum)")) }
    rows.append(("Proof", finding.proof.rawValue))
    if let thief = words.thief { rows.append(("Thief", thief)) }
    rows.append(("Seen", "\(count(place.count, "time")), \(place.stolen) stolen"))
    var html = """
      <article class="\(finding.kind.isRace ? "race" : "note")" id="\(XMLText.escaped(finding.place))">
      <h2>\(XMLText.escaped(finding.summary))</h2>
      """
    if !words.window.isEmpty {
      html +=
        #"<div class="bar"><span class="held" style="flex:2">probe holds</span><span class="open" style="flex:3">open for \#(XMLText.escaped(words.window))</span><span class="again" style="flex:2">re-bind</span></div>"#
    }
    html +=
      "<dl>" + rows.map { "<dt>\($0.0)</dt><dd>\(XMLText.escaped($0.1))</dd>" }.joined() + "</dl>"
    for (name, party) in [("Probe", finding.probe.party), ("Re-bind", finding.rebinder)] {
      let frames = party.sourceStack + party.stack
      guard !frames.isEmpty else { continue }
      let own = StackLines.lines(party, isVerbose: false).filter { !$0.hasSuffix("(-v)") }
      if !own.isEmpty {
        html += "<pre>\(name):\n\(XMLText.escaped(own.joined(separator: "\n")))</pre>"
      }
      let text = frames.enumerated().map { "#\($0.offset) \($0.element.text)" }
        .joined(separator: "\n")
      html +=
        "<details><summary>\(name): whole stack</summary><pre>\(XMLText.escaped(text))</pre></details>"
    }
    if let remedy = Remedy.of(finding.kind) {
      html += "<p>How to fix it: \(XMLText.escaped(remedy.short))</p>"
    }
    if let way = facts.way(place) {
      html += "<p>Force it: <code>\(XMLText.escaped(way))</code></p>"
    }
    return html + "</article>"
  }
}

extension ReportFormat where Document == RunFindings {
  public static var html: Self {
    Self(
      "HTML",
      text: { findings in
        if let series = findings.series { return SeriesHTMLReport.text(series, findings.facts) }
        return RaceHTMLReport.text(findings.book, findings.facts)
      })
  }
}
