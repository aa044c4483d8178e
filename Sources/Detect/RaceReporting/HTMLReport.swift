internal import PageKit
public import RaceLedger
public import ReportKit
internal import TerminalText

/// Findings as one self-contained page.
public enum RaceHTMLReport {
  static let templates = PageTemplates([
    (name: "check", text: PackageResources.check_mustache),
    (name: "finding", text: PackageResources.finding_mustache),
    (name: "series", text: PackageResources.series_mustache),
  ])

  /// Findings from which on the page has a filter.
  private static let manyFindings = 6
  /// Findings that are open when the page is opened.
  private static let mostOpen = 5

  /// The page.
  public static func text(_ book: Book, _ facts: RunFacts) -> String {
    let verdict =
      book.races.isEmpty
      ? (facts.hasPorts
        ? "No race in \(facts.portsFollowed)." : sentence(Undecided.nothingFollowed))
      : "Races at \(count(book.races.count, "place"))."
    return page(
      verdict, head: head(verdict, facts, theft: theft(facts)), sections(book, facts), facts)
  }

  static func page(
    _ verdict: String, head: Markup, _ sections: [Page.Section], _ facts: RunFacts
  ) -> String {
    Page(
      title: "bindstorm check: \(verdict)", kind: "check", head: head, sections: sections,
      version: facts.version
    ).html
  }

  /// A remark as a sentence.
  private static func sentence(_ remark: String) -> String {
    remark.prefix(1).uppercased() + remark.dropFirst() + "."
  }

  /// What the theft showed; nil if none was asked for.
  private static func theft(_ facts: RunFacts) -> PageView? {
    guard let outcome = facts.outcome else { return nil }
    let advice = outcome.undecided.map { " What to do: \($0.advice)." } ?? ""
    let met = RaceTextReport.encounters(facts.encounters).map { " \($0)." }.joined()
    var view = look(outcome)
    view["text"] = .text(outcome.sentence + "." + advice + met)
    return view
  }

  /// A sign and a colour for what a theft showed.
  static func look(_ outcome: TheftOutcome?) -> PageView {
    switch outcome?.word {
    case .survived?: ["kind": .text("good"), "sign": .text("\u{2713}")]
    case .fails?: ["kind": .text("bad"), "sign": .text("\u{2717}")]
    case .undecided?, nil: ["kind": .text("open"), "sign": .text("?")]
    }
  }

  /// What is above the findings.
  static func head(
    _ verdict: String, _ facts: RunFacts, theft: PageView?, notices: [String] = [],
    figures: [(name: String, value: String)]? = nil
  ) -> Markup {
    var notices = notices
    if facts.unobserved > 0 {
      notices.append("\(count(facts.unobserved, "call")) could not be looked into.")
    }
    let figures =
      figures ?? [
        ("ended", "\(facts.ending) after \(duration(UInt64(facts.seconds * 1e9)))"),
        ("mode", facts.mode), ("calls", "\(facts.calls)"),
        ("ports chosen by the kernel", "\(facts.probes)"),
        ("stolen", "\(facts.stolen)"),
      ]
    return templates.render(
      "check",
      [
        "verdict": .text(verdict), "theft": theft.map(PageView.Value.view) ?? .flag(false),
        "notices": .list(notices.map { ["text": .text($0)] }),
        "command": .text(facts.command.map(shellQuoted).joined(separator: " ")),
        "facts": .list(figures.map { ["name": .text($0.name), "value": .text($0.value)] }),
      ])
  }

  /// The places of races, and those that are only notes.
  static func sections(_ book: Book, _ facts: RunFacts) -> [Page.Section] {
    [
      ("races", book.races.count == 1 ? "Race" : "Races", book.races),
      ("notes", book.notes.count == 1 ? "Note" : "Notes", book.notes),
    ].compactMap { (id: String, title: String, places: [PlaceReport]) -> Page.Section? in
      guard !places.isEmpty else { return nil }
      let isRace = id == "races"
      let kinds = Dictionary(grouping: places) { $0.first.kind.rawValue }
      return Page.Section(
        id: id, title: title,
        body: templates.render(
          "finding",
          [
            "section": .text(id), "title": .text("\(title): \(places.count)"),
            "hasFilter": .flag(isRace && places.count >= manyFindings),
            "pills": .list(
              kinds.sorted { $0.key < $1.key }.map {
                ["value": .text($0.key), "count": .number($0.value.count)]
              }),
            "findings": .list(
              places.enumerated().map { place, report in
                finding(report, facts, isOpen: isRace && place < mostOpen)
              }),
          ]))
    }
  }

  private static func finding(
    _ place: PlaceReport, _ facts: RunFacts, isOpen: Bool
  ) -> PageView {
    let finding = place.first
    let words = PlaceWords(place: place, facts: facts)
    let isRace = finding.kind.isRace
    return [
      "class": .text(isRace ? "race" : "note"), "id": .text(finding.place),
      "kind": .text(finding.kind.rawValue), "look": .text(isRace ? "bad" : "none"),
      "sign": .text(isRace ? "\u{2717}" : "\u{2013}"), "isOpen": .flag(isOpen),
      // The kind stands beside it.
      "summary": .text(
        finding.summary.hasPrefix(finding.kind.rawValue + " ")
          ? String(finding.summary.dropFirst(finding.kind.rawValue.count + 1)) : finding.summary),
      "window": .text(words.window.isEmpty ? "" : "open for \(words.window)"),
      "chart": chart(words).map(PageView.Value.markup) ?? .flag(false),
      "rows": .list(
        rows(place, words).map { ["name": .text($0.name), "value": .text($0.value)] }),
      "stacks": .list(
        [("Probe", finding.probe.party), ("Re-bind", finding.rebinder)].compactMap(stack)),
      "remedy": .optional(Remedy.of(finding.kind)?.short),
      "force": .optional(facts.way(place)),
    ]
  }

  private static func rows(
    _ place: PlaceReport, _ words: PlaceWords
  ) -> [(name: String, value: String)] {
    let finding = place.first
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
    return rows
  }

  /// The port from its probe to its re-bind; nil where it was not let go in between.
  private static func chart(_ words: PlaceWords) -> Markup? {
    guard let lane = FindingLifelines.port(words) else { return nil }
    let finding = words.finding
    return TimelineChart(
      lanes: [lane],
      moments: [("probe", finding.probe.openedAt), ("re-bind", finding.reboundAt)],
      start: words.facts.startedAt,
      words: "Held by the probe, then open for \(words.window), then bound again: \(words.result)"
    ).markup
  }

  private static func stack(_ name: String, _ party: Party) -> PageView? {
    let frames = party.sourceStack + party.stack
    guard !frames.isEmpty else { return nil }
    let own = StackLines.lines(party, isVerbose: false).filter { !$0.hasSuffix("(-v)") }
      .map { $0.dropFirst(StackLines.indent.count) }
    let whole = frames.enumerated().map { "#\($0.offset) \($0.element.text)" }
    return [
      "name": .text(name), "own": .optional(own.isEmpty ? nil : own.joined(separator: "\n")),
      "whole": .text(whole.joined(separator: "\n")),
    ]
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
