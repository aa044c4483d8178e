import JSON
import PlanModel
import Testing

@testable import PlanReading

/// Plans that are large or wrong in thousands of places: what is said stays short, and the work grows with the file alone.
@Suite struct InputLimitTests {
  private func failure(_ text: String) -> PlanErrors? {
    do throws(PlanErrors) {
      _ = try TestVocabulary.load(text)
      return nil
    } catch {
      return error
    }
  }

  private func plan(strategies: String, more: String = "", scenarios: String) -> String {
    """
    {"version": 1, "name": "x", "strategies": [\(strategies)], "defaults": {"trials": 300, \
    "topology": {"api_servers": 2}\(more)}, "scenarios": [\(scenarios)]}
    """
  }

  private func list(_ count: Int, _ element: (Int) -> String) -> String {
    (0..<count).map(element).joined(separator: ",")
  }

  @Test func `of thousands of errors in one line the first are shown, and the others counted`()
    throws
  {
    let text = plan(
      strategies: list(1_000) { "\"unknown\($0)\"" },
      scenarios: list(5_000) { "{\"name\": \"a\($0)\", \"nope\": 1}" })
    let errors = try #require(failure(text))
    #expect(errors.errors.count == PlanErrors.mostShown)
    // One of each strategy, and one of each scenario.
    #expect(errors.more == 1_000 + 5_000 - PlanErrors.mostShown)
    #expect(errors.errors.map(\.path) == (0..<PlanErrors.mostShown).map { "strategies[\($0)]" })
    #expect(errors.description.hasSuffix("\nand 5950 more errors"))
    #expect(errors.description.utf8.count < 50_000)
  }

  /// Reported last, since what it inherits is checked first.
  @Test func `the first errors of the file are kept in whatever order they are found`() throws {
    let text =
      "{\"version\": 1, \"name\": \"x\",\n\"scenarios\": [\(list(200) { _ in "{\"name\": 1}" })],\n"
      + "\"strategies\": [\"probe-then-bind\"],\n\"defaults\": {\"trials\": \"x\"}, \"seed\": -1}"
    let errors = try #require(failure(text))
    #expect(errors.errors.allSatisfy { $0.position.line == 2 })
    #expect(
      zip(errors.errors, errors.errors.dropFirst()).allSatisfy { $0.position <= $1.position })
  }

  @Test func `a long line is cut around the caret`() throws {
    let blanks = String(repeating: " ", count: 5_000)
    let errors = try #require(
      failure(
        plan(
          strategies: "\"probe-then-bind\"",
          scenarios: "{\(blanks)\"é\": 0, \(blanks)\"name\": \"x\"}")))
    let lines = errors.errors[0].rendered.split(separator: "\n")
    #expect(errors.errors.map(\.path) == ["scenarios[0].é"])
    #expect(errors.errors[0].position.column > 5_000)
    let place = lines[1].unicodeScalars.count - lines[1].unicodeScalars.drop { $0 != "\"" }.count
    #expect(lines[2].unicodeScalars.count == place + 1)
    #expect(lines[1].hasPrefix("  ... ") && lines[1].hasSuffix(" ..."))
    #expect(lines[1].unicodeScalars.count < 260)
  }

  @Test func `a long word is cut in the message and in the path, and has no suggestion`() throws {
    let word = String(repeating: "trials", count: 100_000)
    let errors = try #require(failure(TestVocabulary.text(scenario: "\"\(word)\": 1,")))
    #expect(errors.errors.count == 1)
    #expect(errors.errors[0].suggestion == nil)
    #expect(errors.description.utf8.count < 6_000)
    #expect(errors.description.contains("unknown key \"trialstrials"))
    #expect(
      errors.description.contains("...") && errors.description.contains("known here: name, why"))
  }

  @Test(arguments: [
    (String(repeating: "x", count: 61), true), (String(repeating: "x", count: 64), false),
  ])
  func `words up to 64 bytes have suggestions`(_ word: String, _ isSuggested: Bool) {
    #expect((Suggestion.closest(to: word + "x", among: [word]) == word) == isSuggested)
  }

  @Test func `a plan with too many strategies is refused`() throws {
    let named = { (count: Int) in
      plan(
        strategies: list(count) { "{\"name\": \"probe-then-bind\", \"label\": \"s\($0)\"}" },
        scenarios: "{\"name\": \"a\"}")
    }
    #expect(failure(named(1_024)) == nil)
    let errors = try #require(failure(named(1_025)))
    #expect(errors.errors.map(\.path) == ["strategies"])
    #expect(errors.errors[0].message == "expected at most 1024 strategies, found 1025")
  }

  @Test func `what a plan becomes must fit into what is read back`() throws {
    let text = String(repeating: "x", count: 110_000)
    let errors = try #require(
      failure(
        plan(
          strategies: list(30) { "{\"name\": \"probe-then-bind\", \"label\": \"s\($0)\"}" },
          scenarios: list(10) { "{\"name\": \"a\($0)\", \"why\": \"\(text)\"}" })))
    #expect(errors.errors.map(\.path) == ["scenarios[3]"])
    #expect(errors.errors[0].message.hasPrefix("the plan is too large: "))
    #expect(errors.errors[0].message.contains("more than 12 MiB"))
  }

  @Test func `documents of too many values or levels are refused where they exceed the limit`()
    throws
  {
    let wide = "[" + list(JSONParser.mostValues) { _ in "0" } + "]"
    let errors = try #require(failure(wide))
    #expect(errors.errors.map(\.message) == ["more than 500000 values"])
    #expect(errors.errors[0].position.column == 2 * JSONParser.mostValues)
    let deep = String(repeating: "[", count: 100_000)
    #expect(try #require(failure(deep)).errors.map(\.message) == ["nested more than 64 deep"])
  }

  /// Each of these took time with the square of its size.
  @Test(.timeLimit(.minutes(10)), arguments: ["expect", "skip"])
  func `tens of thousands of unknown rows are all counted`(_ key: String) throws {
    let value = key == "skip" ? "\"why\"" : "{\"failure_rate_at_most\": 0.5}"
    let text = plan(
      strategies: list(1_000) { "{\"name\": \"probe-then-bind\", \"label\": \"s\($0)\"}" },
      scenarios: "{\"name\": \"a\", \"\(key)\": {\(list(20_000) { "\"t\($0)\": \(value)" })}}")
    let errors = try #require(failure(text))
    #expect(errors.errors.count + errors.more == 20_000)
  }
}
