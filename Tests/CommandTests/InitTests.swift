import Foundation
import TestSupport
import Testing

/// Plans that `init` writes.
@Suite struct InitTests {
  /// A folder with a plan that `init` wrote there.
  private static func written(_ options: [String], file: String = "mine.json") throws -> Workplace {
    let workplace = try Workplace()
    let finished = try workplace.bindstorm(["init", file] + options)
    #expect(finished.ending == .exit(0), "\(options): \(finished)")
    #expect(finished.output.hasPrefix("wrote \(file): "), "\(finished)")
    #expect(finished.output.contains("bindstorm run \(file)\n"), "\(finished)")
    return workplace
  }

  private struct Odds: Decodable {
    struct Plan: Decodable {
      struct Arm: Decodable {
        struct Strategy: Decodable { var label: String }
        var strategy: Strategy
        var trials: Int
      }
      var arms: [Arm]
    }
    struct Chances: Decodable {
      struct Cell: Decodable {
        var bearsInvalidTrials: Int
        var bearsWrongTrials: Int?
      }
      var red: Double
      var cells: [Cell]
    }
    var plan: Plan
    var odds: Chances
  }

  private static func odds(_ workplace: Workplace, _ file: String = "mine.json") throws -> Odds {
    let text = try workplace.bindstorm(["plan", file, "--odds", "--json"])
    #expect(text.ending == .exit(0), "\(text)")
    return try JSONDecoder().decode(Odds.self, from: Data(text.output.utf8))
  }

  @Test(arguments: [
    [], ["--api-servers", "24", "--foreign-draws", "300"],
    ["--api-servers", "2", "--foreign-draws", "600", "--launches", "4"],
    ["--api-servers", "24", "--foreign-draws", "0"], ["--target-rate", "0.2"],
    ["--strategy", "inherited-listener", "--strategy", "batch-dedupe", "--strategy", "ipc-path"],
    ["--foreign-draws", "300", "--", "python3", "a b.py", #"c"d"#],
  ])
  func `the plan is valid, and its trials decide every demand`(options: [String]) throws {
    let workplace = try Self.written(options)
    let valid = try workplace.bindstorm(["validate", "mine.json"])
    #expect(valid.ending == .exit(0), "\(valid)")
    let answer = try Self.odds(workplace)
    #expect(answer.odds.red <= 0.001)
    for cell in answer.odds.cells {
      #expect(cell.bearsInvalidTrials >= 1 && cell.bearsWrongTrials ?? 1 >= 1)
    }
    let labels = answer.plan.arms.map(\.strategy.label)
    #expect(labels.first == "probe-then-bind" && labels.count > 1)
    if options.contains("--") { #expect(labels == ["probe-then-bind", "mine"]) }
    if options.contains("batch-dedupe") { #expect(labels.contains("batch-dedupe")) }
  }

  /// By chance red in less than one of 1,000 runs: that is what the plan is made for.
  @Test func `the plan runs, and every expectation is met`() throws {
    let workplace = try Self.written(["--api-servers", "4", "--foreign-draws", "4000"])
    let finished = try workplace.bindstorm(["run", "mine.json", "--quiet"])
    #expect(finished.ending == .exit(0), "\(finished)")
  }

  @Test func `a file that is there is left alone unless it is to be replaced`() throws {
    let workplace = try Workplace()
    let path = try workplace.scratch.write("mine", to: "mine.json")
    let refused = try workplace.bindstorm(["init", "mine.json"])
    #expect(refused.ending == .exit(73))
    #expect(refused.errorOutput.contains("mine.json is there already; --force replaces it"))
    #expect(try workplace.text(path) == "mine")
    #expect(try workplace.bindstorm(["init", "mine.json", "--force"]).ending == .exit(0))
    #expect(try workplace.text(path).hasPrefix("{\n"))
    let nowhere = try workplace.bindstorm(["init", "no/such/folder/mine.json"])
    #expect(nowhere.ending == .exit(73), "\(nowhere)")
  }

  @Test func `standard output gets the plan alone`() throws {
    let workplace = try Workplace()
    let finished = try workplace.bindstorm(["init", "-"])
    #expect(finished.ending == .exit(0) && finished.errorOutput.isEmpty)
    let piped = try Program.run(
      [Built.bindstorm, "validate", "-"], folder: workplace.scratch.path, input: finished.output)
    #expect(piped.ending == .exit(0), "\(piped)")
  }

  @Test func `the schema that the plan names is there`() throws {
    let workplace = try Workplace()
    let scenarios = workplace.scratch.path + "/Scenarios"
    try FileManager.default.createDirectory(
      atPath: scenarios + "/schema", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: Built.repository + "/Scenarios/schema/plan-v1.schema.json",
      toPath: scenarios + "/schema/plan-v1.schema.json")
    for file in ["mine.json", "Scenarios/mine.json", "deep/er/mine.json"] {
      let folder = URL(filePath: workplace.scratch.path).appending(path: file)
        .deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      #expect(try workplace.bindstorm(["init", file]).ending == .exit(0))
      let plan = try workplace.json(workplace.scratch.path + "/" + file)
      let schema = try #require(plan["$schema"] as? String)
      #expect(FileManager.default.fileExists(atPath: folder.path + "/" + schema), "\(schema)")
    }
  }

  @Test func `a program that is named from here is found from the plan's folder`() throws {
    let workplace = try Workplace()
    let program = try workplace.scratch.write("", to: "adapter.py")
    try FileManager.default.createDirectory(
      atPath: workplace.scratch.path + "/plans", withIntermediateDirectories: true)
    let finished = try workplace.bindstorm([
      "init", "plans/a.json", "--foreign-draws", "300", "--", "python3", "adapter.py", "--x",
    ])
    #expect(finished.ending == .exit(0), "\(finished)")
    let text = try workplace.text(workplace.scratch.path + "/plans/a.json")
    let whole = URL(filePath: program).resolvingSymlinksInPath().path
    #expect(text.contains("[\"python3\", \"\(whole)\", \"--x\"]"), "\(text)")
  }

  @Test(
    arguments: [
      (["--strategy", "wildcard"], 64, "did you mean"), (["--strategy", "exec"], 64, "after --"),
      (["--api-servers", "0"], 64, "--api-servers must lie from 1"),
      (["--target-rate", "0.5", "--foreign-draws", "3"], 64, "remove it or --foreign-draws"),
      (["--strategy", "probe-then-bind"], 64, "is the control already"),
      (
        ["--api-servers", "24", "--target-rate", "0.01"], 2, "cannot be reached with foreign-draws"
      ),
      (["--api-servers", "1", "--foreign-draws", "0"], 2, "raise --foreign-draws"),
    ] as [([String], Int32, String)])
  func `what makes no plan is refused with the reason`(
    options: [String], code: Int32, words: String
  ) throws {
    let workplace = try Workplace()
    let finished = try workplace.bindstorm(["init", "mine.json"] + options)
    #expect(finished.ending == .exit(code), "\(finished)")
    #expect(finished.errorOutput.contains(words), "\(finished)")
    #expect(!FileManager.default.fileExists(atPath: workplace.scratch.path + "/mine.json"))
  }
}
