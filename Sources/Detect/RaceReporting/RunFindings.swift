public import RaceLedger

/// What `bindstorm check` found in a run: the document of its report formats.
public struct RunFindings {
  public let book: Book
  public let facts: RunFacts
  /// The windows of a series of runs; nil for a single run.
  public let series: Enumeration?

  public init(_ book: Book, _ facts: RunFacts) {
    self.book = book
    self.facts = facts
    series = nil
  }

  /// - Parameter facts: of the run without a thief.
  public init(_ series: Enumeration, _ facts: RunFacts) {
    book = Book(series.windows.map(\.finding) + series.shown)
    self.facts = facts
    self.series = series
  }
}
