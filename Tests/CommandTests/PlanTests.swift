import ForcedCalls
import Foundation
import PlanModel
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(20))) struct PlanCommandTests {
  /// A plan with one mistake.
  struct Broken: CustomTestStringConvertible {
    var what: String
    var text: String
    /// The text at the caret, where it stands last; the end of the file if empty.
    var caret: String
    var message: String
    var testDescription: String { what }

    init(_ what: String, _ text: String, at caret: String, _ message: String) {
      self.what = what
      self.text = text
      self.caret = caret
      self.message = message
    }

    /// Line and column of the caret, from 1.
    var place: (line: Int, column: Int) {
      let before =
        caret.isEmpty
        ? text[...] : text[..<text.range(of: caret, options: .backwards)!.lowerBound]
      let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
      return (lines.count, lines.last!.count + 1)
    }
  }

  private static func change(_ old: String, _ new: String) -> String {
    let whole = plan(["probe-then-bind"])
    precondition(whole.contains(old))
    return whole.replacing(old, with: new)
  }

  static let broken: [Broken] = [
    Broken(
      "unknown key", change("\"trials\"", "\"trails\""), at: "\"trails\"",
      "defaults.trails: unknown key \"trails\""),
    Broken(
      "wrong type", change("\"trials\": 10", "\"trials\": \"ten\""), at: "\"ten\"",
      "defaults.trials: expected a whole number from 1 to 10000000, found the string \"ten\""),
    Broken(
      "impossible value", change("\"trials\": 10", "\"trials\": 0"), at: "0\n",
      "defaults.trials: expected a number from 1 to 10000000, found 0"),
    Broken(
      "strategy that does not exist", change("probe-then-bind", "probe-then-bnd"),
      at: "\"probe-then-bnd\"",
      "strategies[0]: there is no strategy \"probe-then-bnd\""),
    Broken(
      "thief that does not exist",
      change("\"trials\": 10", "\"trials\": 10, \"thieves\": [\"bind-hld\"]"),
      at: "\"bind-hld\"", "did you mean 'bind-hold'?"),
    Broken(
      "fault that does not exist",
      change(
        "\"trials\": 10",
        "\"trials\": 10, \"faults\": [{\"kind\": \"kil\", \"at\": \"after-ready\"}]"),
      at: "\"kil\"", "did you mean 'kill'?"),
    Broken(
      "word that does not exist", change("\"sockets\": \"tcp\"", "\"sockets\": \"tpc\""),
      at: "\"tpc\"",
      "defaults.sockets: expected one of zmq, tcp, found \"tpc\"; did you mean 'tcp'?"),
    Broken(
      "duplicate scenario",
      change("{ \"name\": \"a\" }", "{ \"name\": \"a\" }, { \"name\": \"a\" }"), at: "\"a\" }]",
      "another scenario is called \"a\" already"),
    Broken(
      "duplicate key", change("\"version\": 1,", "\"version\": 1, \"version\": 1,"),
      at: "\"version\": 1,\n", "duplicate key \"version\""),
    Broken(
      "missing key", change("\"name\": \"small\",", ""), at: "{\n  \"version\"",
      "the key \"name\" is missing here"),
    Broken(
      "other version", change("\"version\": 1", "\"version\": 2"), at: "2,\n",
      "this bindstorm reads plans of version 1"),
    Broken(
      "stray comma", change("\"version\": 1,", "\"version\": 1,,"), at: ",\n  \"name\"",
      "found ','"),
    Broken(
      "range upside down", change("[42000, 42999]", "[42999, 42000]"), at: "[42999",
      "expected the first port to be below the last"),
    Broken(
      "demand that no outcome can show",
      plan(
        ["probe-then-bind"], scenario: #""expect": { "*": { "failure_rate_at_most": 0.001 } }"#),
      at: "{ \"failure_rate_at_most\"", "it needs 2995"),
    Broken(
      "window that waits for draws nobody makes",
      change("{ \"name\": \"a\" }", "{ \"name\": \"a\", \"window\": { \"foreign_draws\": 5 } }"),
      at: "{ \"name\"", "the window waits for 5 foreign draws, but its thieves draw 0"),
    Broken(
      "too many endpoints for the pool", change("[42000, 42999]", "[42000, 42003]"),
      at: "{ \"name\"", "8 endpoints do not fit into a pool of 4 ports"),
    Broken(
      "end in mid-plan", "{\n  \"version\": 1,\n  \"name\": ", at: "", "found the end of the file"
    ),
  ]

  @Test(arguments: broken)
  func `a broken plan is refused with its place and a caret`(broken: Broken) throws {
    let workplace = try Workplace(broken.text)
    let finished = try workplace.bindstorm(["validate", "plan.json"])
    #expect(finished.ending == .exit(64))
    #expect(finished.output == "")
    let lines = finished.errorOutput.split(separator: "\n", omittingEmptySubsequences: false)
    let place = broken.place
    let head = try #require(
      lines.firstIndex {
        $0.hasPrefix("plan.json:\(place.line):\(place.column): ") && $0.contains(broken.message)
      }, "not at \(place): \(finished.errorOutput)")
    try #require(lines.count > head + 2)
    let (source, marker) = (lines[head + 1], lines[head + 2])
    #expect(marker.last == "^" && marker.dropLast().allSatisfy { $0 == " " }, "\(marker)")
    let atCaret = broken.caret.prefix { $0 != "\n" }
    #expect(source.dropFirst(marker.count - 1).hasPrefix(atCaret), "\(source)\n\(marker)")
    // Nothing of it runs either.
    let run = try workplace.run()
    #expect(run.ending == .exit(64) && run.errorOutput == finished.errorOutput)
    #expect(workplace.scratch.names() == ["plan.json"])
  }

  @Test func `all plans are checked though one is broken`() throws {
    let workplace = try Workplace()
    _ = try workplace.scratch.write("{}", to: "broken.json")
    let finished = try workplace.bindstorm([
      "validate", "plan.json", "broken.json", "missing.json", "plan.json",
    ])
    #expect(finished.ending == .exit(64))
    let line = "plan.json: valid, 2 arms, 20 trials\n"
    #expect(finished.output == line + line)
    #expect(finished.errorOutput.contains("broken.json:1:1"))
    #expect(
      finished.errorOutput.contains(
        "cannot read the plan missing.json: No such file or directory"))
  }

  /// The plans that are shipped.
  static let shipped: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: Built.repository + "/Scenarios")) ?? [])
    .filter { $0.hasSuffix(".json") }.sorted()

  @Test func `shipped plans are found`() {
    #expect(Self.shipped.contains("vllm-40443.json") && Self.shipped.count >= 3)
  }

  @Test(arguments: shipped)
  func `a shipped plan is valid and expands`(name: String) throws {
    let path = Built.repository + "/Scenarios/" + name
    let workplace = try Workplace()
    #expect(try workplace.bindstorm(["validate", path]).ending == .exit(0))
    let table = try workplace.bindstorm(["plan", path])
    #expect(table.ending == .exit(0))
    #expect(table.output.contains("estimated time: "))
  }

  /// The estimates of the arms, in seconds.
  private func estimates(_ text: String) throws -> [Double] {
    let workplace = try Workplace(text)
    let expansion = try workplace.bindstorm(["plan", "plan.json", "--json"])
    #expect(expansion.ending == .exit(0), "\(expansion.errorOutput)")
    struct Expansion: Decodable {
      struct Arm: Decodable { var estimatedSeconds: Double }
      var predictions: [Arm]
    }
    return try JSONDecoder().decode(Expansion.self, from: Data(expansion.output.utf8))
      .predictions.map(\.estimatedSeconds)
  }

  @Test func `the estimated time is that of trials on this host, one row for equal ones`() throws {
    let workplace = try Workplace(plan(["wildcard-report-back", "probe-then-bind"], trials: 50))
    let table = try workplace.bindstorm(["plan", "plan.json"])
    #expect(table.ending == .exit(0), "\(table.errorOutput)")
    #expect(table.output.contains("measured: a few trials of 2 rows"), "\(table.output)")
    #expect(table.errorOutput.contains("up to 4 trials of each of 2 rows"))
    let unmeasured = try workplace.bindstorm(["plan", "plan.json", "--no-measure"])
    #expect(!unmeasured.output.contains("measured"))
    #expect(unmeasured.errorOutput.isEmpty)
  }

  @Test func `the estimated time counts each launch of a row`() throws {
    let at = { (launches: Int) in
      try self.estimates(
        plan(
          ["wildcard-report-back"],
          settings: """
            "sockets": "zmq", "depth": "startup", "startup": {"nodes": 2, "serial_launches": \(launches)}
            """
        ).replacing("\"sockets\": \"tcp\",", with: ""))[0]
    }
    let (one, row) = (try at(1), try at(1_000))
    #expect(abs(row / one - 1_000) < 1e-6, "\(one) \(row)")
  }

  @Test func `the estimated time counts what churn makes a launch wait for, and what it takes`()
    throws
  {
    let at = { (rate: Int, draws: Int) in
      try self.estimates(
        plan(
          ["wildcard-report-back"], trials: 10,
          scenario: """
            "window": {"foreign_draws": \(draws)}, "thieves": [
              {"kind": "bind-hold", "options": {"ports": 100}},
              {"kind": "bind-churn", "options": {"rate_per_second": \(rate), "hold_ms": 5}}]
            """))[0]
    }
    // Nine seconds for the draws that the other thief does not make, ten times.
    let (none, waiting) = (try at(100, 100), try at(100, 1_000))
    #expect(abs(waiting - none - 90) < 1e-6, "\(none) \(waiting)")
    #expect(try at(100_000, 0) > 1.5 * none)
  }

  /// Ten trials of 0.6 s each, or of the trial's own limit of 10 s.
  @Test func `the estimated time counts what a fault makes a trial wait for`() throws {
    let at = { (fault: String) in
      try self.estimates(
        plan(["wildcard-report-back"], scenario: "\"faults\": [\(fault)]"))[0]
    }
    let none = try self.estimates(plan(["wildcard-report-back"]))[0]
    let delay = #"{"kind": "delay", "at": "before-input-bind", "options": {"milliseconds": 600}}"#
    let hang = #"{"kind": "hang", "at": "before-output-bind", "every": 2}"#
    #expect(abs(try at(delay) - none - 6) < 1e-6)
    #expect(abs(try at(hang) - none - 50) < 1e-6)
    #expect(abs(try at(delay + ", " + hang) - none - 56) > 1, "they are injected at once")
  }

  /// One of 59 launches at 5 % would do, none may be lost; see `OddsTests` for the numbers.
  @Test func `the odds are a table, weakest cell first, and JSON`() throws {
    let demand = #""expect": {"*": {"failure_rate_at_most": 0.05}}"#
    let workplace = try Workplace(
      plan(["inherited-listener", "probe-then-bind"], trials: 60, scenario: demand))
    let text = try workplace.bindstorm(["plan", "plan.json", "--odds"])
    #expect(text.ending == .exit(0), "\(text.errorOutput)")
    let lines = text.output.split(separator: "\n")
    #expect(lines[1].hasPrefix("arm  scenario  strategy"), "\(lines)")
    // 8 addresses of 500 slots: 5.5 %, of which 60 launches have none with probability 0.034.
    #expect(lines[2].contains("probe-then-bind") && lines[2].contains("0.97"), "\(lines)")
    #expect(lines[3].contains("inherited-listener"), "\(lines)")
    #expect(
      text.output.contains("red by chance: 0.97 of all runs; weakest cell: a, probe-then-bind"))
    #expect(text.output.contains("2 cells, 120 launches, bear no trial without a usable record"))
    let json = try workplace.bindstorm(["plan", "plan.json", "--odds", "--json"])
    struct Expansion: Decodable {
      struct Odds: Decodable {
        struct Cell: Decodable { var red: Double, bearsWrongTrials: Int?, bearsInvalidTrials: Int }
        var cells: [Cell], red: Double, weakest: Int?
      }
      var odds: Odds?
    }
    let odds = try #require(
      try JSONDecoder().decode(Expansion.self, from: Data(json.output.utf8)).odds)
    #expect(odds.cells[0].red == 0 && odds.cells[0].bearsWrongTrials == 0)
    #expect(odds.weakest == 1 && abs(odds.red - 0.966) < 0.005, "\(odds.red)")
    let without = try workplace.bindstorm(["plan", "plan.json", "--json"])
    #expect(try JSONDecoder().decode(Expansion.self, from: Data(without.output.utf8)).odds == nil)
  }

  @Test(arguments: shipped)
  func `equal seeds expand to equal bytes in two processes, another seed to others`(
    name: String
  ) throws {
    let workplace = try Workplace()
    func expansion(_ seed: [String], _ environment: [String: String?] = [:]) throws -> String {
      let finished = try workplace.bindstorm(
        ["plan", Built.repository + "/Scenarios/" + name, "--json"] + seed,
        environment: environment)
      #expect(finished.ending == .exit(0), "\(finished.errorOutput)")
      return finished.output
    }
    let first = try expansion([])
    #expect(first.utf8.count > 1_000)
    #expect(try expansion([]) == first)
    let other = try expansion(["--seed", "18446744073709551615"])
    #expect(try expansion(["--seed", "18446744073709551615"]) == other)
    #expect(
      try expansion([], ["BINDSTORM_SEED": "18446744073709551615"]) == other,
      "the environment says the same as the flag")
    #expect(
      try expansion(["--seed", "18446744073709551615"], ["BINDSTORM_SEED": "3"]) == other,
      "the flag goes before the environment")
    func schedule(_ text: String) throws -> [String] {
      let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      return try #require(object?["schedule"] as? [String])
    }
    let (one, two) = (try schedule(first), try schedule(other))
    #expect(one.count > 1 && one != two)
  }

  @Test func `what may be named is listed`() throws {
    let workplace = try Workplace()
    let strategies = try workplace.bindstorm(["list", "strategies"])
    #expect(strategies.ending == .exit(0))
    for name in ["probe-then-bind", "wildcard-report-back", "inherited-listener"] {
      #expect(strategies.output.contains("\(name)\n    "))
    }
    #expect(strategies.output.contains("    report_timeout_ms: "))
    let thieves = try workplace.bindstorm(["list", "thieves"])
    #expect(thieves.output.contains("bind-hold\n") && thieves.output.contains("bind-churn\n"))
    #expect(thieves.output.contains("required"))
    let long = try workplace.bindstorm(["list", "thieves", "--long"])
    #expect(long.output.contains("    target_failure_rate: solves for ports\n"))
    #expect(long.output.contains("    model: no effect: connect()"))
    #expect(long.output.contains("    needs: namespace\n"))
    let names = thieves.output.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map(String.init)
    #expect(names.count >= 15)
    for name in names { #expect(long.output.contains("\(name)\n")) }
  }

  @Test func `a plan shows what was solved for, and why a thief has no model`() throws {
    let text = plan(["probe-then-bind"]).replacing(
      "{ \"name\": \"a\" }",
      with: """
        { "name": "a", "thieves": [{ "kind": "bind-hold", "target_failure_rate": 0.5 }] },
        { "name": "b", "thieves": [{ "kind": "base-port-scanner", "options": { "ports": 1, "base": 42100 } }, { "kind": "bind-hold", "options": { "ports": 1 } }] }
        """)
    let workplace = try Workplace(text)
    let shown = try workplace.bindstorm(["plan", "plan.json"]).output
    // 8 addresses in 500 slots, of which their own duplicates take a part.
    let ports = try #require(shown.firstMatch(of: /bind-hold\((\d+)\) for 50 %/))
    #expect((30...45).contains(Int(ports.1)!), "\(shown)")
    #expect(shown.contains("arm 1: base-port-scanner: it scans inside the pool"), "\(shown)")
    let run = try workplace.bindstorm(["run", "plan.json", "--quiet", "--results", "results"])
    #expect(run.output.contains("base-port-scanner: it scans inside the pool"), "\(run.output)")
    let resolved = try String(
      contentsOfFile: workplace.scratch.path + "/results/small/latest/resolved.json",
      encoding: .utf8)
    #expect(resolved.contains("\"targetFailureRate\""))
    #expect(resolved.firstMatch(of: /"name" ?: ?"ports",\s*"value" ?: ?(\d+)/)?.1 == ports.1)
  }

  @Test func `help names every exit code, and the version is one line`() throws {
    let workplace = try Workplace()
    let help = try workplace.bindstorm(["--help"])
    #expect(help.ending == .exit(0))
    for code in ["0", "1", "2", "64", "69", "70", "73", "74", "129", "130"] {
      #expect(
        help.output.split(separator: "\n").contains { $0.drop { $0 == " " }.hasPrefix("\(code) ") },
        "\(code)")
    }
    let version = try workplace.bindstorm(["--version"])
    #expect(version.ending == .exit(0) && version.output.split(separator: "\n").count == 1)
  }
}

@Suite(.serialized, .timeLimit(.minutes(20))) struct SchemaTests {
  private static let hasValidator: Bool = {
    let script = "from jsonschema import Draft202012Validator"
    return (try? Program.run(["python3", "-c", script]))?.ending == .exit(0)
  }()

  /// Judges plans with python's jsonschema. Returns for each what is wrong with it, "" if nothing is.
  private func judge(_ paths: [String]) throws -> [String] {
    let script = """
      import json, sys
      from jsonschema import Draft202012Validator
      schema = json.load(open(sys.argv[1]))
      Draft202012Validator.check_schema(schema)
      validator = Draft202012Validator(schema)
      for path in sys.argv[2:]:
          errors = [e.json_path + " " + e.message for e in validator.iter_errors(json.load(open(path)))]
          print(json.dumps("; ".join(errors)))
      """
    let schema = Built.repository + "/Scenarios/schema/plan-v1.schema.json"
    let finished = try Program.run(["python3", "-c", script, schema] + paths)
    try #require(finished.ending == .exit(0), "\(finished.errorOutput)")
    return try finished.output.split(separator: "\n").map {
      try JSONDecoder().decode(String.self, from: Data($0.utf8))
    }
  }

  @Test(.enabled(if: hasValidator, "needs python3 with jsonschema: `make setup-test` installs it"))
  func `every shipped plan names the schema and passes an independent validator`() throws {
    let paths = PlanCommandTests.shipped.map { Built.repository + "/Scenarios/" + $0 }
    let verdicts = try judge(paths)
    #expect(verdicts.count == paths.count)
    for (path, verdict) in zip(paths, verdicts) {
      #expect(verdict == "", "\(path)")
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains(#""$schema": "schema/plan-v1.schema.json""#), "\(path)")
    }
  }

  /// What a schema can know; names that exist and demands that can be shown are the loader's own.
  static let refusedByBoth: [(String, String)] = [
    ("\"trials\"", "\"trails\""), ("\"trials\": 10", "\"trials\": \"ten\""),
    ("\"trials\": 10", "\"trials\": 0"), ("\"trials\": 10", "\"trials\": 1.5"),
    ("\"trials\": 10", "\"trials\": 10000001"), ("\"version\": 1", "\"version\": 2"),
    ("\"name\": \"small\",", ""), ("\"small\"", "\"Small\""), ("\"small\"", "\"../small\""),
    ("\"sockets\": \"tcp\"", "\"sockets\": \"udp\""), ("[42000, 42999]", "[42000]"),
    ("[42000, 42999]", "[42000, 65536]"), ("\"range\": [42000, 42999]", "\"slots\": 0"),
    ("\"range\"", "\"slots\": 5, \"range\""), ("[\"probe-then-bind\"]", "[]"),
    ("\"api_servers\": 4", "\"api_servers\": 0"), ("{ \"name\": \"a\" }", "{}"),
    ("{ \"name\": \"a\" }", "{ \"name\": \"\" }"),
    ("{ \"name\": \"a\" }", "{ \"name\": \"a\", \"expect\": { \"*\": {} } }"),
    ("{ \"name\": \"a\" }", "{ \"name\": \"a\", \"depth\": \"boot\" }"),
    ("{ \"name\": \"a\" }", "{ \"name\": \"a\", \"thieves\": [{ \"options\": {} }] }"),
    ("{ \"name\": \"a\" }", "{ \"name\": \"a\", \"faults\": [\"kill\"] }"),
    ("{ \"name\": \"a\" }", "{ \"name\": \"a\", \"faults\": [{ \"kind\": \"kill\" }] }"),
    (
      "{ \"name\": \"a\" }",
      "{ \"name\": \"a\", \"faults\": [{ \"kind\": \"kill\", \"at\": \"later\" }] }"
    ),
    (
      "{ \"name\": \"a\" }",
      "{ \"name\": \"a\", \"faults\": [{ \"kind\": \"kill\", \"at\": \"after-ready\", \"probability\": 1.5 }] }"
    ),
    (
      "{ \"name\": \"a\" }",
      "{ \"name\": \"a\", \"faults\": [{ \"kind\": \"kill\", \"at\": \"after-ready\", \"every\": 0 }] }"
    ),
    (
      "{ \"name\": \"a\" }",
      "{ \"name\": \"a\", \"faults\": [{ \"kind\": \"kill\", \"at\": \"after-ready\", \"launch\": 64 }] }"
    ),
    (
      "{ \"name\": \"a\" }",
      "{ \"name\": \"a\", \"thieves\": [{ \"kind\": \"bind-hold\", \"target_failure_rate\": 1 }] }"
    ),
    (
      "{ \"name\": \"a\" }",
      "{ \"name\": \"a\", \"thieves\": [{ \"kind\": \"bind-hold\", \"target_failure_rate\": \"high\" }] }"
    ),
    (
      "{ \"name\": \"a\" }",
      "{ \"name\": \"a\", \"published\": [{ \"strategy\": \"probe-then-bind\" }] }"
    ),
  ]

  /// What may and what may not be forced on a program.
  static let forcings: [(check: String, isGood: Bool)] = [
    ("{}", true), (#"{"steal": "eager", "max": 0, "rebind": 2, "min_window_ms": 5}"#, true),
    (#"{"only": "90e2905c"}"#, true),
    (#"{"steal": "off", "inject": [{"call": "bind", "errno": "EADDRINUSE", "nth": 2}]}"#, true),
    (
      #"{"inject": [{"call": "connect", "delay_ms": 5, "ports": [1, 9], "process": "x"}]}"#, true
    ),
    (#"{"steal": "often"}"#, false), (#"{"max": -1}"#, false), (#"{"rebind": 0}"#, false),
    (#"{"only": ""}"#, false), (#"{"inject": []}"#, false), (#"{"inject": [{}]}"#, false),
    (#"{"inject": [{"call": "bind"}]}"#, false), (#"{"stael": "lazy"}"#, false),
    (#"{"inject": [{"call": "read", "errno": "EIO"}]}"#, false),
    (#"{"inject": [{"call": "bind", "errno": "EWHAT"}]}"#, false),
    (#"{"inject": [{"call": "bind", "delay_ms": 0}]}"#, false),
  ]

  @Test(.enabled(if: hasValidator, "needs python3 with jsonschema: `make setup-test` installs it"))
  func `schema and command agree on what may be forced, and on every error's name`() throws {
    let good = plan(["probe-then-bind"])
    let workplace = try Workplace(good)
    let errors = InjectableError.names.map {
      (check: #"{"inject": [{"call": "bind", "errno": "\#($0)"}]}"#, isGood: true)
    }
    let all = Self.forcings + errors
    for (number, forcing) in all.enumerated() {
      let name = number % 2 == 0 ? "check" : "exec"
      let strategy = #"{"name": "\#(name)", "command": ["x"], "check": \#(forcing.check)}"#
      _ = try workplace.scratch.write(
        good.replacing("\"probe-then-bind\"", with: strategy), to: "forced-\(number).json")
    }
    let names = all.indices.map { "forced-\($0).json" }
    let verdicts = try judge(names.map { workplace.scratch.path + "/" + $0 })
    let finished = try workplace.bindstorm(["validate"] + names)
    for (number, forcing) in all.enumerated() {
      #expect((verdicts[number] == "") == forcing.isGood, "\(forcing.check): \(verdicts[number])")
      #expect(
        finished.output.contains("\(names[number]): valid") == forcing.isGood,
        "\(forcing.check): \(finished.errorOutput)")
    }
  }

  @Test(.enabled(if: hasValidator, "needs python3 with jsonschema: `make setup-test` installs it"))
  func `what the schema refuses the command refuses, too`() throws {
    let good = plan(["probe-then-bind"])
    let workplace = try Workplace(good)
    var names: [String] = []
    for (number, (old, new)) in Self.refusedByBoth.enumerated() {
      try #require(good.contains(old), "\(old)")
      names.append("broken-\(number).json")
      _ = try workplace.scratch.write(good.replacing(old, with: new), to: names[number])
    }
    let paths = (names + ["plan.json"]).map { workplace.scratch.path + "/" + $0 }
    let verdicts = try judge(paths)
    #expect(verdicts.last == "", "the plan that the broken ones are made of is broken itself")
    let finished = try workplace.bindstorm(["validate"] + names + ["plan.json"])
    #expect(finished.ending == .exit(64))
    #expect(finished.output == "plan.json: valid, 1 arm, 10 trials\n")
    for (number, (old, new)) in Self.refusedByBoth.enumerated() {
      #expect(verdicts[number] != "", "the schema accepts \(new) for \(old)")
      #expect(
        finished.errorOutput.contains("\(names[number]):"), "the command accepts \(new) for \(old)")
    }
  }
}

/// A part of a plan, and where plans come from.
@Suite struct PlanSelectionTests {
  private static let text = """
    {
      "version": 1, "name": "small",
      "strategies": ["probe-then-bind", "wildcard-report-back", "inherited-listener"],
      "defaults": { "topology": { "api_servers": 2 }, "sockets": "tcp", "trials": 3 },
      "scenarios": [
        { "name": "quiet" },
        { "name": "stolen", "thieves": [{ "kind": "port-squatter" }],
          "expect": { "probe-then-bind": {
            "must_fail_control": true, "failure_rate_at_least": 0.1, "why": "w" } } }
      ]
    }
    """

  private func cells(_ workplace: Workplace, _ more: [String]) throws -> [String] {
    let finished = try workplace.bindstorm(["plan", "plan.json", "--json"] + more)
    #expect(finished.ending == .exit(0), "\(finished)")
    struct Document: Decodable {
      struct Plan: Decodable {
        var arms: [Cell]
        var title: String
        var seed: UInt64
      }
      struct Cell: Decodable {
        struct Strategy: Decodable { var label: String }
        var index: Int
        var scenario: String
        var strategy: Strategy
        var trials: Int
      }
      var plan: Plan
    }
    let plan = try JSONDecoder().decode(Document.self, from: Data(finished.output.utf8)).plan
    #expect(plan.arms.map(\.index) == Array(0..<plan.arms.count))
    if let pattern = more.first(where: { $0.contains("/") }) {
      #expect(plan.title.contains(pattern), "\(plan.title)")
    }
    return plan.arms.map { "\($0.scenario)/\($0.strategy.label) x\($0.trials)" }
  }

  @Test func `a part of a plan is selected by name`() throws {
    let workplace = try Workplace(Self.text)
    #expect(try cells(workplace, []).count == 6)
    #expect(
      try cells(workplace, ["--only", "stolen/wild*", "--trials", "7"])
        == ["stolen/wildcard-report-back x7"])
    #expect(
      try cells(workplace, ["--only", "probe-then-bind"])
        == ["quiet/probe-then-bind x3", "stolen/probe-then-bind x3"])
    #expect(
      try cells(workplace, ["--only", "quiet", "--skip", "*/inherited-listener"])
        == ["quiet/probe-then-bind x3", "quiet/wildcard-report-back x3"])
  }

  @Test func `a pattern that names nothing is refused, a missing control is told`() throws {
    let workplace = try Workplace(Self.text)
    let wrong = try workplace.run(["--only", "nonsense"])
    #expect(wrong.ending == .exit(64) && wrong.errorOutput.contains("quiet/probe-then-bind"))
    let nothing = try workplace.run(["--only", "quiet", "--skip", "quiet"])
    #expect(nothing.ending == .exit(64) && nothing.errorOutput.contains("leaves nothing"))
    #expect(try workplace.run(["--trials", "0"]).ending == .exit(64))
    let uncontrolled = try workplace.run(["--only", "stolen/inherited-listener"])
    #expect(uncontrolled.ending == .exit(0))
    #expect(uncontrolled.errorOutput.contains("without its control probe-then-bind"))
    #expect(uncontrolled.output.contains("--only stolen/inherited-listener"))
  }

  @Test func `a stored part is judged again as it was run`() throws {
    let workplace = try Workplace(Self.text)
    let run = try workplace.run(["--only", "stolen", "--trials", "2", "--seed", "random"])
    #expect(run.ending == .exit(0), "\(run)")
    let again = try workplace.bindstorm(["analyze", workplace.results + "/small/latest"])
    #expect(again.ending == .exit(0) && again.output.contains("--only stolen --trials 2"))
  }

  @Test func `a plan comes from standard input and by its shipped name`() throws {
    let workplace = try Workplace(Self.text)
    let piped = try Program.run(
      ["sh", "-c", "'\(Built.bindstorm)' plan - < plan.json"], folder: workplace.scratch.path)
    #expect(piped.ending == .exit(0) && piped.output.contains("stolen"), "\(piped)")
    let named = try Program.run([Built.bindstorm, "plan", "smoke"], folder: Built.repository)
    #expect(named.ending == .exit(0) && named.output.contains("smoke"))
    let unknown = try workplace.bindstorm(["plan", "smoke"])
    #expect(
      unknown.ending == .exit(64) && unknown.errorOutput.contains("cannot read the plan smoke"))
  }
}
