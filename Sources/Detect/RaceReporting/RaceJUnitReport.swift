public import RaceLedger
public import ReportKit

/// Findings as JUnit XML: a failed case for each place, and one passed case if there is no place.
public enum RaceJUnitReport {
  private static let className = "bindstorm.check"

  /// The document.
  public static func text(_ book: Book, _ facts: RunFacts) -> String {
    var document = JUnitDocument(
      title: "bindstorm check", suite: facts.command.joined(separator: " "),
      time: "\(facts.seconds)")
    document.cases = book.races.map { place in
      let finding = place.first
      let kind = finding.kind.rawValue
      let text = RaceTextReport.text(Book(place), facts)
      return JUnitDocument.Case(
        className: "\(className).\(kind)", name: finding.summary,
        result: .failed(type: kind, message: finding.summary, text: text))
    }
    if document.cases.isEmpty { document.cases = [noRace(facts)] }
    return document.text
  }

  /// A run in which nothing could be judged does not count as a passed test.
  private static func noRace(_ facts: RunFacts) -> JUnitDocument.Case {
    JUnitDocument.Case(
      className: className, name: "no port race",
      result: facts.hasPorts
        ? .passed
        : .skipped(message: RunFacts.nothingFollowed))
  }
}

extension ReportFormat where Document == RunFindings {
  public static var junit: Self {
    Self("JUnit XML", text: { RaceJUnitReport.text($0.book, $0.facts) })
  }
}
