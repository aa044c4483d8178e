public import RaceLedger
public import ReportKit

/// Findings as JUnit XML: a failed case for each place, and one passed case if there is no place. What is not decided is an error.
public enum RaceJUnitReport {
  private static let className = "bindstorm.check"

  /// The document.
  public static func text(_ book: Book, _ facts: RunFacts) -> String {
    var document = JUnitDocument(
      title: "bindstorm check", suite: facts.command.joined(separator: " "),
      seconds: facts.seconds)
    document.cases = book.races.map { testCase($0, facts) }
    if document.cases.isEmpty { document.cases = [noRace(facts)] }
    return document.text
  }

  private static func testCase(_ place: PlaceReport, _ facts: RunFacts) -> JUnitDocument.Case {
    JUnitDocument.Case(
      className: "\(className).\(place.first.kind.rawValue)", name: place.first.summary,
      result: result(place, facts))
  }

  /// A place that was found is a failure, unless a thief was there and showed otherwise.
  private static func result(_ place: PlaceReport, _ facts: RunFacts) -> JUnitDocument.Result {
    let finding = place.first
    let kind = finding.kind.rawValue
    let text = RaceTextReport.text(Book(place), facts)
    let failed = JUnitDocument.Result.failed(type: kind, message: finding.summary, text: text)
    guard let outcome = facts.outcome, finding.canBeStolen else { return failed }
    let isStolen = place.stolen > 0
    if isStolen && outcome.isRed { return failed }
    if isStolen && outcome == .survived { return .passed }
    if case .othersNotTried? = outcome.undecided, place.stolen == place.count { return .passed }
    return .undecided(
      type: undecidedType, message: outcome.undecided?.reason ?? "nothing was stolen here",
      text: text)
  }

  /// The type of an error that stands for a case which is not decided.
  static let undecidedType = "not-decided"

  /// A series: a case for each window, and for each race that the run without a thief showed by itself.
  public static func text(_ series: Enumeration, _ facts: RunFacts) -> String {
    var document = JUnitDocument(
      title: "bindstorm check", suite: facts.command.joined(separator: " "),
      seconds: facts.seconds)
    document.cases = series.windows.map { window in
      let text = EnumerationReport.details(window, facts).joined(separator: "\n") + "\n"
      let message = window.outcome?.sentence ?? ""
      let result: JUnitDocument.Result =
        switch window.outcome?.word {
        case .survived?: .passed
        case .fails?: .failed(type: window.finding.kind.rawValue, message: message, text: text)
        case .undecided?, nil: .undecided(type: undecidedType, message: message, text: text)
        }
      return JUnitDocument.Case(
        className: "\(className).\(window.finding.kind.rawValue)",
        name: "\(window.summary), occurrence \(window.occurrence)", result: result,
        output: window.outcome == .survived ? message + "\n" + text : nil)
    }
    document.cases += series.shownPlaces.map { testCase($0, facts) }
    if let obstacle = series.obstacle, series.windows.isEmpty {
      document.cases += [
        JUnitDocument.Case(
          className: className, name: "no window",
          result: .undecided(
            type: undecidedType, message: obstacle.reason, text: obstacle.advice + "\n"))
      ]
    } else if document.cases.isEmpty {
      document.cases = [
        JUnitDocument.Case(className: className, name: "no window", result: .passed)
      ]
    }
    return document.text
  }

  /// A run in which nothing could be judged does not count as a passed test.
  private static func noRace(_ facts: RunFacts) -> JUnitDocument.Case {
    JUnitDocument.Case(
      className: className, name: "no port race",
      result: facts.outcome?.undecided.map {
        .undecided(type: undecidedType, message: $0.reason, text: $0.advice + "\n")
      } ?? (facts.hasPorts ? .passed : .skipped(message: Undecided.nothingFollowed)))
  }
}

extension ReportFormat where Document == RunFindings {
  public static var junit: Self {
    Self(
      "JUnit XML",
      text: { findings in
        if let series = findings.series { return RaceJUnitReport.text(series, findings.facts) }
        return RaceJUnitReport.text(findings.book, findings.facts)
      })
  }
}
