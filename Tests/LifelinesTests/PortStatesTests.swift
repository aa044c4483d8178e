import Lifelines
import Testing

/// One row of states for a port that several claim.
@Suite struct PortStatesTests {
  private func words(_ claims: [Lifeline.Span]) -> [String] {
    PortStates.merged(claims).map { "\($0.name) \($0.from)-\($0.to)" }
  }

  @Test func `claims that follow each other stay as they are`() {
    let claims: [Lifeline.Span] = [
      .init(.held, "a", from: 1, to: 3), .init(.open, "free", from: 3, to: 5),
      .init(.held, "b", from: 5, to: 9),
    ]
    #expect(words(claims) == ["a 1-3", "free 3-5", "b 5-9"])
    #expect(PortStates.merged(claims) == claims)
    #expect(PortStates.merged([]).isEmpty)
  }

  @Test func `whoever took the port hides who held it, and a holder hides that it is free`() {
    #expect(
      words([
        .init(.open, "free", from: 0, to: 10), .init(.held, "owner", from: 4, to: 10),
        .init(.taken, "thief", from: 6, to: 8), .init(.chosen, "chosen", from: 0, to: 2),
      ]) == ["chosen 0-2", "free 2-4", "owner 4-6", "thief 6-8", "owner 8-10"])
  }

  @Test func `two that hold it at one time are both named`() {
    #expect(
      words([
        .init(.held, "a", from: 0, to: 4), .init(.held, "b", from: 2, to: 6),
        .init(.held, "a", from: 2, to: 3),
      ]) == ["a 0-2", "a and b 2-4", "b 4-6"])
  }

  @Test func `nothing is said of times of which nothing is known`() {
    #expect(
      words([.init(.held, "a", from: 0, to: 1), .init(.held, "a", from: 3, to: 4)])
        == ["a 0-1", "a 3-4"])
  }
}
