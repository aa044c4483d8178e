import Foundation
import TestSupport
import Testing

/// The JSON Schemas of what bindstorm writes, and real documents of it.
@Suite struct DocumentSchemaTests {
  private static let folder = Built.repository + "/Documentation/schema"

  private static let hasValidator =
    (try? Program.run(["python3", "-c", "from jsonschema import Draft202012Validator"]))?.ending
    == .exit(0)

  /// What is wrong with documents, one a line. Published schemas let keys be added; here a key that is not in the schema
  /// is wrong, so that none is forgotten.
  private static func faults(_ schema: String, in files: [String], lines: Bool = false) throws
    -> String
  {
    let script = """
      import gzip, json, sys
      from jsonschema import Draft202012Validator
      def close(node):
          if isinstance(node, dict):
              if "properties" in node and "index" not in node.get("required", []) \
      and not {"version", "arms"} <= node["properties"].keys():
                  node.setdefault("additionalProperties", False)
              for value in node.values(): close(value)
          if isinstance(node, list):
              for value in node: close(value)
      schema = json.load(open(sys.argv[1]))
      Draft202012Validator.check_schema(schema)
      close(schema)
      validator = Draft202012Validator(schema)
      for name in sys.argv[3:]:
          text = (gzip.open if name.endswith(".gz") else open)(name, "rt").read()
          for number, part in enumerate(text.splitlines() if sys.argv[2] == "lines" else [text]):
              for error in validator.iter_errors(json.loads(part)):
                  print(name, number + 1, error.json_path, error.message[:300])
      """
    let finished = try Program.run(
      ["python3", "-c", script, "\(folder)/\(schema)", lines ? "lines" : "whole"] + files)
    try #require(finished.ending == .exit(0), "\(finished)")
    return finished.output
  }

  @Test(.enabled(if: hasValidator, "needs python3 with jsonschema: `make setup-test` installs it"))
  func `the matrix and the events of runs of every kind are valid`() throws {
    let workplace = try Workplace()
    #expect(try workplace.run(["--quiet"]).ending == .exit(0))
    let losing = plan(
      ["probe-then-bind", "wildcard-report-back", "inherited-listener"], trials: 60,
      scenario: """
        "forced": true, "window": { "foreign_draws": 300 },
        "thieves": [{ "kind": "bind-hold", "options": { "ports": 300 } }],
        "expect": {
          "wildcard-report-back": { "better_than": "probe-then-bind" },
          "inherited-listener": { "like": "wildcard-report-back", "like_within": 0.5 }
        }
        """, name: "losing")
    _ = try workplace.scratch.write(losing, to: "losing.json")
    var folders = [workplace.latest()]
    for (file, name) in [
      ("losing.json", "losing"),
      (Built.repository + "/Scenarios/smoke.json", "smoke"),
    ] {
      let run = try workplace.bindstorm(
        ["run", file, "--results", workplace.results, "--quiet", "--sequential"])
      #expect(run.status < 3, "\(run)")
      folders.append(workplace.latest(of: name))
    }
    let startup = try workplace.bindstorm([
      "run", Built.repository + "/Scenarios/vllm-40596-stress.json", "--trials", "1", "--quiet",
      "--results", workplace.results,
    ])
    #expect(startup.status < 3, "\(startup)")
    folders.append(workplace.latest(of: "vllm-40596-stress"))
    let matrices =
      folders.map { $0 + "/matrix.json" } + [Built.repository + "/Tests/Snapshots/matrix.json"]
    #expect(try Self.faults("matrix-v2.schema.json", in: matrices) == "")
    let records = folders.flatMap { folder in
      ["events.jsonl", "events.jsonl.gz"].map { folder + "/" + $0 }
        .filter(FileManager.default.fileExists)
    }
    #expect(records.count == folders.count)
    #expect(try Self.faults("events-v1.schema.json", in: records, lines: true) == "")
  }

  @Test(.enabled(if: hasValidator, "needs python3 with jsonschema: `make setup-test` installs it"))
  func `what check writes is valid`() throws {
    let workplace = try Workplace()
    _ = try workplace.scratch.write(
      """
      import socket
      with socket.socket() as probe:
          probe.bind(("127.0.0.1", 0))
          port = probe.getsockname()[1]
      with socket.socket() as own:
          own.bind(("127.0.0.1", port))
          own.listen()
      """, to: "launch.py")
    for (number, options) in [[], ["--steal", "lazy"]].enumerated() {
      let checked = try workplace.bindstorm(
        ["check"] + options + ["--json", "\(number).json", "--", "python3", "launch.py"])
      #expect(checked.ending == .exit(66), "\(checked)")
    }
    let files = (0...1).map { workplace.scratch.path + "/\($0).json" }
    #expect(
      try Self.faults(
        "check-v1.schema.json", in: files + [Built.repository + "/Tests/Snapshots/check.json"])
        == "")
  }

  @Test(.enabled(if: hasValidator, "needs python3 with jsonschema: `make setup-test` installs it"))
  func `a document with a wrong value is not valid`() throws {
    let workplace = try Workplace()
    _ = try workplace.run(["--quiet"])
    let path = workplace.latest("matrix.json")
    let text = try workplace.text(path).replacing(
      "\"isIsolated\" : true", with: "\"isIsolated\" : 1")
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    #expect(try Self.faults("matrix-v2.schema.json", in: [path]).contains("$.isIsolated"))
  }
}
