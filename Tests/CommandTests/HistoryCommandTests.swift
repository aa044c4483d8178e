import Foundation
import TestSupport
import Testing

/// The archive of runs, and what is asked of it.
@Suite struct HistoryCommandTests {
  /// Runs the small plan, and gives the folders of the runs in order.
  private static func runs(_ count: Int, _ workplace: Workplace) throws -> [String] {
    try (0..<count).map { number in
      let finished = try workplace.run(["--quiet", "--tag", "code=\(number)"])
      #expect(finished.ending == .exit(0), "\(finished)")
      return try FileManager.default.destinationOfSymbolicLink(
        atPath: "\(workplace.results)/small/latest")
    }
  }

  private static func asked(_ workplace: Workplace) -> [String: String?] {
    ["BINDSTORM_RESULTS": workplace.results]
  }

  /// Gives every cell of a run's matrix a number of failures.
  private static func set(failures: Int, in run: String, _ workplace: Workplace) throws {
    let path = "\(workplace.results)/small/\(run)/matrix.json"
    var matrix = try workplace.json(path)
    var arms = try #require(matrix["arms"] as? [[String: Any]])
    for arm in arms.indices {
      let count: [String: Any] = [
        "failed": failures, "recovered": 0, "counted": 1_000, "uncounted": 0,
      ]
      arms[arm]["sample"] = ["launches": count, "trials": count, "isByLaunch": true]
    }
    matrix["arms"] = arms
    try JSONSerialization.data(withJSONObject: matrix).write(to: URL(filePath: path))
  }

  @Test func `runs are remembered, and the archive can be made anew from their folders`() throws {
    let workplace = try Workplace()
    let runs = try Self.runs(2, workplace)
    let environment = Self.asked(workplace)
    let plans = try workplace.bindstorm(["history"], environment: environment)
    #expect(plans.output.contains("small  2"), "\(plans)")
    let lines = ["history", "small", "--scenario", "a", "--strategy", "inherited-listener"]
    let before = try workplace.bindstorm(lines, environment: environment)
    #expect(before.ending == .exit(0), "\(before)")
    for (number, run) in runs.enumerated() {
      #expect(before.output.contains("code=\(number)  small/\(run)"), "\(before)")
    }
    #expect(before.output.contains("together: 0/20 0 %"), "\(before)")

    for garbage in [nil, "no database"] as [String?] {
      let path = "\(workplace.results)/archive.sqlite"
      try FileManager.default.removeItem(atPath: path)
      try garbage?.write(toFile: path, atomically: true, encoding: .utf8)
      let lost = try workplace.bindstorm(lines, environment: environment)
      #expect(lost.ending == .exit(garbage == nil ? 64 : 74), "\(lost)")
      #expect(lost.errorOutput.contains("bindstorm archive rebuild"), "\(lost)")
      let rebuilt = try workplace.bindstorm(["archive", "rebuild"], environment: environment)
      #expect(rebuilt.ending == .exit(0) && rebuilt.output.contains("2 runs"), "\(rebuilt)")
      #expect(try workplace.bindstorm(lines, environment: environment).output == before.output)
    }
  }

  @Test func `a damaged archive is said, and the run keeps its verdict and its folder`() throws {
    let workplace = try Workplace()
    try FileManager.default.createDirectory(
      atPath: workplace.results, withIntermediateDirectories: true)
    try "no database".write(
      toFile: "\(workplace.results)/archive.sqlite", atomically: true, encoding: .utf8)
    let finished = try workplace.run(["--quiet"])
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.errorOutput.contains("is damaged; bindstorm archive rebuild"), "\(finished)")
    #expect(try workplace.text(workplace.latest("matrix.json")).isEmpty == false)
    // A gate that needs the archive cannot be answered.
    #expect(try workplace.run(["--quiet", "--gate", "pooled:3"]).ending == .exit(74))
  }

  @Test func `a gate tells a worse run from one that is not`() throws {
    let workplace = try Workplace()
    let environment = Self.asked(workplace)
    let runs = try Self.runs(3, workplace)
    let none = try workplace.bindstorm(
      ["gate", "small/\(runs[0])"], environment: environment)
    #expect(none.ending == .exit(2), "\(none)")
    #expect(none.output.contains("the baseline does not have it"), "\(none)")

    for (run, failures) in zip(runs, [20, 25, 90]) {
      try Self.set(failures: failures, in: run, workplace)
    }
    _ = try workplace.bindstorm(["archive", "rebuild"], environment: environment)
    let same = try workplace.bindstorm(["gate", "small/\(runs[1])"], environment: environment)
    #expect(same.ending == .exit(0), "\(same)")
    #expect(same.output.contains("gate: none worse of 2 cells"), "\(same)")
    for baseline in ["pooled:30", "small/\(runs[0])"] {
      let worse = try workplace.bindstorm(
        ["gate", "small", "--baseline", baseline], environment: environment)
      #expect(worse.ending == .exit(1), "\(worse)")
      #expect(worse.output.contains("gate: 2 worse of 2 cells"), "\(worse)")
    }
    let history = try workplace.bindstorm(["history", "small"], environment: environment)
    #expect(history.output.contains("changed with probability above 0.999"), "\(history)")

    // The next run loses nothing: it is better than those before, which is no alarm.
    let next = try workplace.run(["--quiet", "--gate", "pooled:30"])
    #expect(next.ending == .exit(0), "\(next)")
    #expect(next.output.contains("gate: none worse"), "\(next)")
  }

  @Test func `a mark starts the count anew and outlives the archive`() throws {
    let workplace = try Workplace()
    let environment = Self.asked(workplace)
    _ = try Self.runs(1, workplace)
    let marked = try workplace.bindstorm(
      ["history", "small", "--strategy", "inherited-listener", "--mark", "fixed by #7"],
      environment: environment)
    #expect(marked.ending == .exit(0), "\(marked)")
    _ = try workplace.bindstorm(["archive", "rebuild"], environment: environment)
    let history = try workplace.bindstorm(["history", "small"], environment: environment)
    #expect(history.output.contains("on inherited-listener: fixed by #7"), "\(history)")
    #expect(history.output.contains("1 result of 1 cell, before the mark"), "\(history)")
  }

  @Test func `documents name their formats`() throws {
    let workplace = try Workplace()
    let environment = Self.asked(workplace)
    _ = try Self.runs(1, workplace)
    for (words, format) in [
      (["history", "--json"], "bindstorm-history-plans/1"),
      (["history", "small", "--json"], "bindstorm-history/1"),
      (["gate", "small", "--json"], "bindstorm-gate/1"),
    ] {
      let finished = try workplace.bindstorm(words, environment: environment)
      let document = try JSONSerialization.jsonObject(with: Data(finished.output.utf8))
      #expect((document as? [String: Any])?["format"] as? String == format)
    }
  }

  @Test(arguments: [
    ["run", "plan.json", "--tag", "novalue"], ["run", "plan.json", "--tag", "a=1", "--tag", "a=2"],
    ["run", "plan.json", "--gate", "pooled:0"], ["run", "plan.json", "--gate-level", "1"],
    ["gate", "small", "--baseline", "pooled:x"], ["history", "--mark", "x"],
    ["history", "small", "--last", "0"], ["history", "small"],
  ]) func `wrong usage ends with 64`(words: [String]) throws {
    let workplace = try Workplace()
    let finished = try workplace.bindstorm(words, environment: Self.asked(workplace))
    #expect(finished.ending == .exit(64), "\(finished)")
  }
}
