public import RaceLedger

/// What `bindstorm check` found in a run: the document of its report formats.
public struct RunFindings {
  public let book: Book
  public let facts: RunFacts

  public init(_ book: Book, _ facts: RunFacts) {
    self.book = book
    self.facts = facts
  }
}
