import Foundation
import TestSupport
import Testing

/// The commands that answer a question without running anything.
@Suite struct AnswerCommandTests {
  private static func answer(_ line: [String], ends: Ending = .exit(0)) throws -> String {
    let finished = try Program.run([Built.bindstorm] + line)
    #expect(finished.ending == ends, "\(line): \(finished)")
    return finished.output + finished.errorOutput
  }

  private struct Prediction: Decodable {
    struct Point: Decodable {
      var value: Int
      var answer: Answer
    }
    struct Answer: Decodable {
      var perLaunch: Double
      var simulatedTrials: Int?
    }
    var points: [Point]
    var expectedFailuresPerDay: Double?
  }

  private static func prediction(_ line: [String]) throws -> Prediction {
    try JSONDecoder().decode(
      Prediction.self, from: Data(try answer(["predict", "--json"] + line).utf8))
  }

  @Test func `predict answers the report's question, sweeps, and counts a day's failures`() throws {
    let one = try Self.prediction([
      "--api-servers", "24", "--foreign-draws", "300", "--launches-per-day", "1000",
    ])
    #expect(abs(one.points[0].answer.perLaunch - 0.6714) < 1e-4)
    #expect(abs((one.expectedFailuresPerDay ?? 0) - 671.4) < 0.1)
    let sweep = try Self.prediction(["--sweep", "foreign-draws=0..1000:500"])
    #expect(sweep.points.map(\.value) == [0, 500, 1_000])
    let text = try Self.answer(["predict", "--sweep", "launches=1..3"])
    #expect(text.contains("launches of 16 API servers") && text.contains("by closed formula"))
  }

  @Test func `what has no formula is simulated and says so`() throws {
    let line = ["--strategy", "batch-dedupe", "--launches", "3", "--trials", "2000"]
    let seen = try Self.prediction(line).points[0].answer
    #expect(seen.simulatedTrials == 2_000 && seen.perLaunch > 0)
    #expect(try Self.answer(["predict"] + line).contains("simulated: 2000 trials"))
    let unknown = try Self.answer(["predict", "--strategy", "exec"], ends: .exit(64))
    #expect(unknown.contains("no rate is known"))
  }

  @Test func `a rate out of reach names the reason and what reaches it`() throws {
    let text = try Self.answer(
      ["predict", "--api-servers", "24", "--rate", "0.06"], ends: .exit(2))
    #expect(text.contains("48 addresses collide among themselves"))
    #expect(text.contains("it is reached with api-servers 21 instead"))
  }

  @Test(arguments: [
    ["predict", "--rate", "1"], ["predict", "--sweep", "foreign-draws=5..1"],
    ["predict", "--sweep", "ports=1..5"], ["predict", "--sweep", "foreign-draws=0..60000:1"],
    ["predict", "--api-servers", "0"], ["predict", "--pool", "60999-32768"],
    ["predict", "--pool", "1-70000"], ["predict", "--strategy", "nonsense"],
    ["predict", "--trials", "0"], ["predict", "--launches-per-day", "0"], ["power"],
    ["power", "--clean", "0"], ["power", "--clean", "5", "--at-most", "0.1"],
    ["power", "--at-most", "1"], ["power", "--tell", "0.5"], ["power", "--tell", "0.5", "0.5"],
    ["power", "--tell", "0.5", "2"], ["power", "--clean", "5", "--confidence", "1"],
    ["power", "--against", "0.5", "--at-most", "0.1"], ["compare"], ["compare", "/nonexistent"],
    ["compare", "a", "b", "c"], ["compare", "a", "b", "--all-pairs"],
    ["compare", "a", "--level", "0"], ["compare", "a", "--markdown", "--json"],
  ])
  func `a question that has no answer is refused`(line: [String]) throws {
    #expect(try !Self.answer(line, ends: .exit(64)).isEmpty)
  }

  @Test func `power tells what clean runs prove and how many are needed`() throws {
    #expect(try Self.answer(["power", "--clean", "15"]).contains("18.1 %"))
    let text = try Self.answer(["power", "--at-most", "0.01", "--seconds-per-run", "3"])
    #expect(text.contains("299  runs no run may fail, 15.0 min"))
    let json = try Self.answer(["power", "--tell", "0.8", "0", "--json"])
    #expect(try JSONSerialization.jsonObject(with: Data(json.utf8)) is [String: Any])
  }

  /// The verdict words are those of two runs: the newer one loses every launch, the older one none.
  @Test func `compare tells strategies of a run and two runs apart`() throws {
    let steal = #""thieves": [{ "kind": "port-squatter" }]"#
    func runs(_ extra: String) throws -> (Workplace, String) {
      let workplace = try Workplace(
        plan(
          ["probe-then-bind", "wildcard-report-back"], trials: 12,
          scenario: extra))
      let finished = try workplace.run()
      #expect(finished.ending == .exit(0), "\(finished)")
      return (workplace, workplace.results + "/small/latest")
    }
    let (quiet, older) = try runs("")
    let (stolen, newer) = try runs(steal)
    let one = try Self.answer(["compare", newer, "--fail-on-worse"])
    #expect(one.contains("better") && one.contains("took turns"), "\(one)")
    let two = try Self.answer(["compare", older, newer, "--fail-on-worse"], ends: .exit(1))
    #expect(two.contains("worse") && two.contains("drift"), "\(two)")
    let same = try Self.answer(["compare", older, older, "--within", "0.5"])
    #expect(same.contains("equal within the margin"), "\(same)")
    let markdown = try Self.answer(["compare", newer, "--markdown", "--all-pairs"])
    #expect(markdown.contains("| better | wildcard-report-back |"), "\(markdown)")
    let json = try Self.answer(["compare", newer, "--json"])
    #expect(try JSONSerialization.jsonObject(with: Data(json.utf8)) is [String: Any])
    let unknown = try Self.answer(["compare", newer, "--reference", "x"], ends: .exit(64))
    #expect(unknown.contains("it has probe-then-bind, wildcard-report-back"))
    withExtendedLifetime((quiet, stolen)) {}
  }
}
