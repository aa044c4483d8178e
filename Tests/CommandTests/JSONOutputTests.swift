import Foundation
import TestSupport
import Testing

/// `--json`: one document on standard output, which says what the text says.
@Suite(.serialized) struct JSONOutputTests {
  /// A run whose racy row loses a port in each of its two trials, and its standard output.
  nonisolated(unsafe) private static let run = Result {
    let workplace = try Workplace(
      plan(
        ["fixed-ranges", "wildcard-report-back"], trials: 2,
        scenario: #""faults": [{"kind": "steal", "at": "before-input-bind"}]"#))
    return (workplace, try workplace.run(["--json", "--junit-file", "junit.xml"]))
  }

  private static func document(_ text: String) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }

  @Test func `run prints the matrix that it writes, and the rest on standard error`() throws {
    let (workplace, finished) = try Self.run.get()
    #expect(finished.ending == .exit(0), "\(finished.errorOutput)")
    #expect(finished.output == (try workplace.text(workplace.latest("matrix.json"))))
    #expect(try Self.document(finished.output)["format"] as? String == "bindstorm-matrix/2")
    #expect(finished.errorOutput.contains("results: "), "\(finished.errorOutput)")
    #expect(
      finished.errorOutput.contains("/a/fixed-ranges/0\n"), "\(finished.errorOutput)")
    #expect(
      try workplace.text(workplace.scratch.path + "/junit.xml")
        == workplace.text(workplace.latest("junit.xml")))
  }

  @Test func `analyze prints the same matrix`() throws {
    let (workplace, finished) = try Self.run.get()
    let again = try workplace.bindstorm([
      "analyze", workplace.latest(), "--json", "--json-file", "m.json", "--csv-file", "m.csv",
      "--markdown-file", "m.md",
    ])
    #expect(again.ending == .exit(0), "\(again.errorOutput)")
    #expect(again.output == finished.output)
    #expect(again.errorOutput.isEmpty)
    for (own, file) in [("m.json", "matrix.json"), ("m.csv", "matrix.csv"), ("m.md", "matrix.md")] {
      #expect(
        try workplace.text(workplace.scratch.path + "/" + own)
          == workplace.text(workplace.latest(file)), "\(file)")
    }
  }

  @Test func `explain of a trial has what its text has`() throws {
    let (workplace, _) = try Self.run.get()
    let place = workplace.latest("a/fixed-ranges/1")
    let text = try workplace.bindstorm(["explain", place]).output
    let json = try Self.document(try workplace.bindstorm(["explain", place, "--json"]).output)
    #expect(json["format"] as? String == "bindstorm-explain-trial/1")
    #expect(json["scenario"] as? String == "a" && json["strategy"] as? String == "fixed-ranges")
    #expect(json["arm"] as? Int == 0 && json["trial"] as? Int == 1)
    let launch = try #require((json["launches"] as? [[String: Any]])?.first)
    let evidence = try #require(launch["evidence"] as? String)
    #expect(text.contains("launch 0: \(launch["outcome"] as? String ?? "-"): \(evidence)\n"))

    let finding = try #require((json["findings"] as? [[String: Any]])?.first)
    #expect(finding["kind"] as? String == "lost-port")
    #expect(text.contains("PORT RACE: port \(finding["port"] as? Int ?? 0), fixed-ranges in a"))
    #expect(text.contains("Replay: \(finding["replay"] as? String ?? "-")\n"))
    let taker = try #require(finding["takenBy"] as? [String: Any])
    #expect(text.contains("Taken by: \(taker["description"] as? String ?? "-")\n"))
    let failed = try #require(finding["failedAtNanoseconds"] as? Int)
    #expect(text.contains("failed at +\(Self.milliseconds(failed)) ms: EADDRINUSE"))

    let timeline = try #require(json["timeline"] as? [[String: Any]])
    let lines = try timeline.map { item in
      let time = try #require(item["atNanoseconds"] as? Int)
      return "+\(Self.milliseconds(time)) ms  \(try #require(item["event"] as? String))\n"
    }
    #expect(lines.count > 5)
    #expect(text.hasSuffix(lines.joined()), "\(lines) and \(text)")
  }

  /// With three digits, as the text has it.
  private static func milliseconds(_ nanoseconds: Int) -> String {
    let micro = Int((Double(nanoseconds) / 1e3).rounded())
    let rest = String(micro % 1_000)
    return "\(micro / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }

  @Test func `explain of a run and of a cell counts what its text counts`() throws {
    let (workplace, _) = try Self.run.get()
    for (place, trials) in [("", 4), ("a/fixed-ranges", 2)] {
      let text = try workplace.bindstorm(["explain", workplace.latest(place)]).output
      let json = try Self.document(
        try workplace.bindstorm(["explain", workplace.latest(place), "--json"]).output)
      #expect(json["format"] as? String == "bindstorm-explain-run/1")
      #expect(json["trials"] as? Int == trials && json["lostPorts"] as? Int == 2)
      #expect(text.contains("\(trials) trials, 2 ports lost, "), "\(text)")
      let findings = try #require(json["findings"] as? [[String: Any]])
      let counts = findings.compactMap { $0["count"] as? Int }
      #expect(counts.reduce(0, +) == 2)
      for finding in findings {
        let first = try #require(finding["first"] as? [String: Any])
        #expect(text.contains("in trial \(first["trial"] as? String ?? "-")\n"), "\(text)")
      }
      #expect(json["failedTrials"] as? [Int] == (place.isEmpty ? nil : [0, 1]))
      #expect(text.contains("failed trials: 0, 1\n") == !place.isEmpty)
    }
  }

  @Test(arguments: ["strategies", "thieves", "faults", "outcomes"])
  func `list names the same in JSON and in text`(subject: String) throws {
    let text = try Program.run([Built.bindstorm, "list", subject]).output
    let json = try Self.document(
      try Program.run([Built.bindstorm, "list", subject, "--json"]).output)
    #expect(json["format"] as? String == "bindstorm-list/1")
    let entries = try #require(json[subject] as? [[String: Any]])
    let names = try entries.map { try #require($0["name"] as? String) }
    let lines = text.split(separator: "\n").map(String.init)
    #expect(names.count > 5)
    for (entry, name) in zip(entries, names) {
      #expect(lines.contains(name), "\(name)")
      let words = try #require((entry["summary"] ?? entry["meaning"]) as? String)
      #expect(lines.contains("    " + words), "\(words)")
      for option in entry["options"] as? [[String: Any]] ?? [] {
        #expect(text.contains("    \(option["name"] as? String ?? "-"): "), "\(option)")
      }
    }
  }

  /// Every key of every document is explained.
  @Test func `the document names every key`() throws {
    let (workplace, finished) = try Self.run.get()
    let manual = try String(
      contentsOfFile: Built.repository + "/Documentation/json.md", encoding: .utf8)
    var documents = [try Self.document(finished.output)]
    // Of the plan's own keys plan-keys.md has the list.
    documents[0]["plan"] = nil
    for line in [
      ["explain", workplace.latest("a/fixed-ranges/0")], ["explain", workplace.latest()],
      ["explain", workplace.latest("0")], ["list", "strategies"], ["list", "thieves"],
      ["list", "faults"], ["list", "outcomes"],
    ] {
      documents.append(try Self.document(try workplace.bindstorm(line + ["--json"]).output))
    }
    for key in Set(documents.flatMap(Self.keys)).sorted() {
      #expect(manual.contains("`\(key)`"), "\(key)")
    }
  }

  private static func keys(_ value: Any) -> [String] {
    if let object = value as? [String: Any] {
      // Names, not keys, are what these have.
      return object.flatMap { key, value in
        [key] + (["traits", "outcomes"].contains(key) && value is [String: Any] ? [] : keys(value))
      }
    }
    return (value as? [Any])?.flatMap(keys) ?? []
  }
}
