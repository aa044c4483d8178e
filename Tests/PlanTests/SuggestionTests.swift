import Testing

@testable import PlanReading

@Suite struct SuggestionTests {
  @Test(
    arguments: [
      ("trails", "trials"), ("trial", "trials"), ("TRIALS", "trials"), ("tirals", "trials"),
      ("topolgy", "topology"), ("barier", "barrier"), ("fresh", nil), ("x", nil), ("", nil),
      ("seed", nil),
    ] as [(String, String?)])
  func `a misspelt word suggests its neighbour, a strange one nothing`(
    _ word: String, _ expected: String?
  ) {
    #expect(Suggestion.closest(to: word, among: ["barrier", "topology", "trials"]) == expected)
  }

  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1),
    ("abcd", "acbd", 1), ("ca", "abc", 3), ("same", "same", 0),
  ])
  func `distances are those of the textbook`(_ a: String, _ b: String, _ edits: Int) {
    #expect(Suggestion.distance(a, b) == edits)
    #expect(Suggestion.distance(b, a) == edits)
  }

  @Test func `equally close candidates are taken in the order of the alphabet`() {
    #expect(Suggestion.closest(to: "cat", among: ["hat", "bat"]) == "bat")
  }

  @Test func `the nearest names come first, then those that hold the word`() {
    let cells = ["busy/probe", "busy/probes", "quiet/probe", "quiet/inherited-listener"]
    #expect(Suggestion.nearest(to: "busy/prob", among: cells) == ["busy/probe", "busy/probes"])
    #expect(Suggestion.nearest(to: "inherited", among: cells) == ["quiet/inherited-listener"])
    #expect(Suggestion.nearest(to: "probe", among: cells, atMost: 2).count == 2)
    #expect(Suggestion.nearest(to: "zzzzzz", among: cells) == [])
    #expect(Suggestion.nearest(to: "", among: cells) == [])
    #expect(Suggestion.nearest(to: String(repeating: "a", count: 200), among: cells) == [])
  }
}
