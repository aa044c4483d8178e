import Foundation
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(10))) struct CalibrateTests {
  private static let thief =
    #""window": { "foreign_draws": 20 }, "thieves": [{ "kind": "bind-hold", "options": { "ports": 20 } }]"#

  private static func workplace(_ strategy: String = "probe-then-bind", _ more: String = thief)
    throws
    -> Workplace
  {
    try Workplace(plan([strategy], settings: "\"timeout_ms\": 4000", scenario: more))
  }

  /// An interval of 15 points on both sides. It leaves out the rate in one measurement of 20 although the value is
  /// right, and twelve values are tried: never reaching it has probability 0.05^12.
  @Test(.enabled(if: Kernel.allowsNamespaces, "needs network namespaces"))
  func `the calibrated plan is valid, has the rate and keeps the rest`() throws {
    let place = try Self.workplace()
    let before = try place.text(place.scratch.path + "/plan.json")
    let finished = try place.bindstorm([
      "calibrate", "plan.json", "--target-rate", "0.7", "--within", "0.15", "-o", "new.json",
    ])
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.output.contains("CALIBRATED: ports"), "\(finished.output)")
    #expect(finished.errorOutput.contains("trials with"), "\(finished.errorOutput)")
    let after = try place.text(place.scratch.path + "/new.json")
    #expect(after.contains("calibrated: bind-hold has ports "), "\(after)")
    #expect(before.split(separator: "\n").prefix(7) == after.split(separator: "\n").prefix(7))
    #expect(try place.bindstorm(["validate", "new.json"]).ending == .exit(0))
    let again = try place.bindstorm([
      "calibrate", "new.json", "--target-rate", "0.3", "--within", "0.15", "-o", "-",
    ])
    #expect(again.ending == .exit(0), "\(again)")
    #expect(again.output.components(separatedBy: "calibrated: ").count == 2, "\(again.output)")
  }

  @Test func `a rate that cannot be reached has its reason and a way out`() throws {
    let place = try Self.workplace()
    let low = try place.bindstorm([
      "calibrate", "plan.json", "--target-rate", "0.01", "--within", "0.005", "-o", "x",
    ])
    #expect(low.ending == .exit(2) && low.output.contains("NOT CALIBRATED"), "\(low)")
    #expect(low.output.contains("by theory with 1 already"), "\(low.output)")
    #expect(low.output.contains("by theory api-servers 2 gives"), "\(low.output)")
    #expect(!FileManager.default.fileExists(atPath: place.scratch.path + "/x"))
    let without = try Self.workplace("probe-then-bind", "\"why\": \"quiet\"")
    let quiet = try without.bindstorm(["calibrate", "plan.json", "--target-rate", "0.8"])
    #expect(quiet.ending == .exit(2), "\(quiet)")
    #expect(quiet.output.contains("no thief whose intensity could be turned"), "\(quiet.output)")
    #expect(quiet.output.contains("a thief bind-hold with that many ports"), "\(quiet.output)")
  }

  @Test(arguments: [
    [], ["--target-rate", "1"], ["--target-rate", "0.5", "--self"], ["--self", "-o", "x"],
    ["--target-rate", "0.5", "--only", "nothing"], ["--target-rate", "0.5", "--within", "0.5"],
    ["--self", "--trials", "5"],
  ]) func `what makes no sense is refused`(arguments: [String]) throws {
    let finished = try Self.workplace().bindstorm(["calibrate", "plan.json"] + arguments)
    #expect(finished.ending == .exit(64) && !finished.errorOutput.isEmpty, "\(finished)")
  }

  @Test(.enabled(if: Kernel.allowsUserNamespaces, "needs user namespaces to forbid things in"))
  func `without a namespace the result is headed by that fact`() throws {
    let place = try Self.workplace(
      "probe-then-bind", #""thieves": [{ "kind": "port-squatter", "options": { "ports": 2 } }]"#)
    let line = Kernel.withoutNetworkNamespaces([
      Built.bindstorm, "calibrate", "--self", "plan.json", "--trials", "10", "--comparisons", "20",
    ])
    let text = try Program.run(line, folder: place.scratch.path)
    #expect(text.output.hasPrefix("NOT ISOLATED"), "\(text)")
    let document = try Program.run(line + ["--json"], folder: place.scratch.path)
    #expect(document.output.contains(#""isIsolated" : false"#), "\(document)")
    // The default plan's thief; an interval of 49 points on both sides has any rate in it.
    let thieves = try Self.workplace()
    let calibrated = try Program.run(
      Kernel.withoutNetworkNamespaces([
        Built.bindstorm, "calibrate", "plan.json", "--target-rate", "0.5", "--within", "0.3", "-o",
        "new.json",
      ]), folder: thieves.scratch.path)
    #expect(calibrated.output.hasPrefix("NOT ISOLATED"), "\(calibrated)")
    #expect(
      calibrated.errorOutput.components(separatedBy: "no network namespace").count
        == calibrated.errorOutput.components(separatedBy: " trials with ").count,
      "one warning for each measurement: \(calibrated.errorOutput)")
    if calibrated.ending == .exit(0) {
      #expect(try thieves.text(thieves.scratch.path + "/new.json").contains("; NOT ISOLATED"))
    }
  }

  /// A squatter makes every launch fail on both sides: no method can see a difference.
  @Test(.enabled(if: Kernel.allowsNamespaces, "needs network namespaces"))
  func `a strategy beside itself gives no alarm where nothing is left to chance`() throws {
    let place = try Self.workplace(
      "probe-then-bind", #""thieves": [{ "kind": "port-squatter", "options": { "ports": 2 } }]"#)
    let finished = try place.bindstorm([
      "calibrate", "--self", "plan.json", "--trials", "10", "--comparisons", "20",
    ])
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.errorOutput.contains("400 trials at depth bind"), "\(finished.errorOutput)")
    #expect(
      finished.output.components(separatedBy: "0/20").count == 4
        && finished.output.contains("as stated") && finished.output.contains("100 % fail"),
      "\(finished.output)")
  }
}
