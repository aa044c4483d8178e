import Foundation
import JSON
import Testing

@testable import PlanModel
@testable import PlanReading

/// Plans with one mistake each, and exactly what is said of it.
@Suite struct BrokenPlanTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var plan: String
    var line: Int
    var column: Int
    var path: String
    var message: String
    var suggestion: String?
    var testDescription: String { "\(path): \(message)" }

    /// A mistake in the scenario of `TestVocabulary.text`, in line 7.
    static func scenario(
      _ text: String, _ column: Int, _ path: String, _ message: String, _ suggestion: String? = nil
    ) -> Case {
      Case(
        plan: TestVocabulary.text(scenario: text + ","), line: 7, column: column,
        path: "scenarios[0]" + (path.hasPrefix("[") ? path : ".\(path)"), message: message,
        suggestion: suggestion)
    }

    /// A mistake of the scenario as a whole, in line 5.
    static func whole(_ text: String, _ message: String) -> Case {
      Case(
        plan: TestVocabulary.text(scenario: text + ","), line: 5, column: 15,
        path: "scenarios[0]", message: message)
    }

    /// A mistake at the top of the plan, in line 2.
    static func top(
      _ text: String, _ column: Int, _ path: String, _ message: String, _ suggestion: String? = nil
    ) -> Case {
      Case(
        plan: TestVocabulary.text(top: text + ","), line: 2, column: column, path: path,
        message: message, suggestion: suggestion)
    }

    /// A mistake in the `check` of a strategy, in line 4, where `place` begins.
    static func forced(
      _ check: String, at place: String, _ path: String, _ message: String,
      _ suggestion: String? = nil
    ) -> Case {
      let strategies = "[{\"name\": \"exec\", \"command\": [\"x\"], \"check\": \(check)}]"
      let line = "\"strategies\": " + strategies
      let start = line.range(of: check)!.lowerBound
      let column = line[..<line[start...].range(of: place)!.lowerBound].count + 1
      return document(
        BrokenPlanTests.plan(strategies: strategies), 4, column, "strategies[0].check\(path)",
        message, suggestion)
    }

    /// A mistake in a whole document of one or more lines.
    static func document(
      _ text: String, _ line: Int, _ column: Int, _ path: String, _ message: String,
      _ suggestion: String? = nil
    ) -> Case {
      Case(
        plan: text, line: line, column: column, path: path, message: message,
        suggestion: suggestion)
    }
  }

  /// The members that a plan needs, one a line.
  static func plan(
    version: String = "1", name: String = "\"demo\"", strategies: String = "[\"probe-then-bind\"]",
    scenarios: String = "[{\"name\": \"quiet\"}]"
  ) -> String {
    """
    {"version": \(version),
    "name": \(name),
    "defaults": {"trials": 300, "topology": {"api_servers": 2}},
    "strategies": \(strategies),
    "scenarios": \(scenarios)}
    """
  }

  static let names = "1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"

  static let documents: [Case] = [
    .document("[]", 1, 1, "", "expected an object, found an array"),
    .document(
      "{\"version\": 1,\n\"name\": \"x\",}", 2, 13, "",
      "expected a key (no comma before '}'), found '}'"),
    .document(
      "{\"name\": \"x\", \"strategies\": [\"probe-then-bind\"], \"scenarios\": [], \"version\": 1}",
      1, 63, "scenarios", "expected at least one element, found an empty array"),
    .document(
      plan(version: "2"), 1, 13, "version", "this bindstorm reads plans of version 1"),
    .document(
      plan(version: "\"1\""), 1, 13, "version",
      "expected a whole number from 0 to 9223372036854775807, found the string \"1\""),
    .document(
      plan(name: "\"My Plan\""), 2, 9, "name", "expected \(names), found the string \"My Plan\""),
    .document(
      plan(name: "\"../up\""), 2, 9, "name", "expected \(names), found the string \"../up\""),
    .document(plan(name: "\"\""), 2, 9, "name", "expected \(names), found the string \"\""),
    .document(plan(name: "7"), 2, 9, "name", "expected a string, found the number 7"),
    .document(
      plan(strategies: "\"probe-then-bind\""), 4, 15, "strategies",
      "expected an array, found the string \"probe-then-bind\""),
    .document(
      plan(strategies: "[\"prob-then-bind\"]"), 4, 16, "strategies[0]",
      "there is no strategy \"prob-then-bind\"",
      "probe-then-bind"),
    .document(
      plan(strategies: "[\"probe-then-bind\", \"quantum\"]"), 4, 35, "strategies[1]",
      "there is no strategy \"quantum\""),
    .document(
      plan(strategies: "[\"probe-then-bind\", {\"name\": \"probe-then-bind\"}]"), 4, 35,
      "strategies[1]", "another strategy is called \"probe-then-bind\" already"),
    .document(
      plan(strategies: "[{\"name\": \"exec\"}]"), 4, 16, "strategies[0]",
      "strategy \"exec\" needs the key \"command\""),
    .document(
      plan(strategies: "[{\"name\": \"exec\", \"command\": \"python3 x.py\"}]"), 4, 44,
      "strategies[0].command", "expected an array, found the string \"python3 x.py\""),
    .document(
      plan(strategies: "[{\"name\": \"exec\", \"command\": [\"\", \"x\"]}]"), 4, 45,
      "strategies[0].command[0]", "expected the program, found an empty string"),
    .document(
      plan(strategies: "[{\"name\": \"exec\", \"command\": [\"x\", \"a\\u0000b\"]}]"), 4, 50,
      "strategies[0].command[1]", "a command's words cannot hold the character U+0000"),
    .document(
      plan(
        strategies:
          "[{\"name\": \"exec\", \"command\": [\"\(String(repeating: "x", count: 9_000))\"]}]"),
      4, 44, "strategies[0].command", "at most 8192 fit"),
    .document(
      plan(strategies: "[{\"name\": \"probe-then-bind\", \"command\": [\"x\"]}]"), 4, 55,
      "strategies[0].command", "strategy \"probe-then-bind\" takes no command; these do: exec"),
    .document(
      plan(strategies: "[{\"name\": \"probe-then-bind\", \"check\": {}}]"), 4, 53,
      "strategies[0].check",
      "strategy \"probe-then-bind\" runs no program whose calls could be forced"),
    .forced("[]", at: "[]", "", "expected an object, found an array"),
    .forced(
      "{\"stael\": \"lazy\"}", at: "\"stael", ".stael",
      "unknown key \"stael\"", "steal"),
    .forced(
      "{\"steal\": \"eagre\"}", at: "\"eagre", ".steal",
      "expected one of off, lazy, eager, found \"eagre\"", "eager"),
    .forced("{\"max\": -1}", at: "-1", ".max", "expected a number from 0 to 1000000, found -1"),
    .forced("{\"rebind\": 0}", at: "0}", ".rebind", "expected a number from 1 to 1000, found 0"),
    .forced("{\"only\": \"\"}", at: "\"\"", ".only", "expected text of one line, found none"),
    .forced(
      "{\"steal\": \"off\"}", at: "{", "",
      "nothing is forced: \"steal\" is \"off\", and there is no \"inject\""),
    .forced(
      "{\"steal\": \"off\", \"max\": 1, \"inject\": [{\"call\": \"bind\", \"delay_ms\": 1}]}",
      at: "1, ", ".max", "nothing is stolen with \"steal\": \"off\""),
    .forced(
      "{\"inject\": []}", at: "[]", ".inject", "expected at least one element, found an empty array"
    ),
    .forced(
      "{\"inject\": [{\"errno\": \"EIO\"}]}", at: "{\"errno", ".inject[0]",
      "the key \"call\" is missing here"),
    .forced(
      "{\"inject\": [{\"call\": \"bind\"}]}", at: "{\"call", ".inject[0]",
      "expected \"errno\", \"delay_ms\" or both"),
    .forced(
      "{\"inject\": [{\"call\": \"bind\", \"errno\": \"EADDRINUES\"}]}", at: "\"EADDRINUES",
      ".inject[0].errno", "there is no error \"EADDRINUES\" to inject", "EADDRINUSE"),
    .forced(
      "{\"inject\": [{\"call\": \"listen\", \"delay_ms\": 1, \"ports\": [1, 2]}]}", at: "[1, 2]",
      ".inject[0].ports", "listen names no port"),
    .forced(
      "{\"inject\": [{\"call\": \"bind\", \"delay_ms\": 1, \"ports\": [2, 1]}]}", at: "[2, 1]",
      ".inject[0].ports", "the first port, 2, lies above the last, 1"),
    .forced(
      "{\"inject\": [{\"call\": \"bind\", \"delay_ms\": 1, \"process\": \"a,b\"}]}",
      at: "\"a,b", ".inject[0].process", "a comma is not allowed here"),
    .document(
      plan(strategies: "[{\"name\": \"probe-then-bind\", \"label\": \"\"}]"), 4, 53,
      "strategies[0].label", "the label is empty"),
    .document(
      plan(strategies: "[{\"name\": \"probe-then-bind\", \"label\": \"*\"}]"), 4, 53,
      "strategies[0].label", "\"*\" cannot be a label: in \"expect\" it stands for the rest"),
    .document(
      plan(strategies: "[{\"label\": \"x\"}]"), 4, 16, "strategies[0]",
      "the key \"name\" is missing here"),
    .document(
      plan(strategies: "[{\"name\": \"lease\"}]"), 4, 16, "strategies[0]",
      "strategy \"lease\" needs the option \"lease_ports\" (size of the lease)"),
    .document(
      plan(strategies: "[{\"name\": \"lease\", \"options\": {}}]"), 4, 45, "strategies[0].options",
      "strategy \"lease\" needs the option \"lease_ports\" (size of the lease)"),
    .document(
      plan(strategies: "[{\"name\": \"lease\", \"options\": {\"lease_ports\": 11}}]"), 4, 61,
      "strategies[0].options.lease_ports", "expected a number from 1 to 10, found 11"),
    .document(
      plan(
        strategies:
          "[{\"name\": \"wildcard-report-back\", \"options\": {\"report_timeout\": 7}}]"),
      4, 61, "strategies[0].options.report_timeout",
      "unknown key \"report_timeout\"",
      "report_timeout_ms"),
    .document(
      plan(scenarios: "[{\"name\": \"a\"},\n{\"name\": \"a\"}]"), 6, 10, "scenarios[1].name",
      "another scenario is called \"a\" already"),
    .document(
      plan(scenarios: "[{\"name\": \"\"}]"), 5, 24, "scenarios[0].name", "the name is empty"),
    .document(
      plan(scenarios: "[{}]"), 5, 15, "scenarios[0]", "the key \"name\" is missing here"),
    .document(
      "{\"version\": 1, \"name\": \"x\", \"strategies\": [\"probe-then-bind\"], \"scenarios\": [\n"
        + "{\"name\": \"a\", \"topology\": {\"api_servers\": 2}}]}",
      2, 1, "scenarios[0]", "the key \"trials\" is missing here and in the defaults"),
    .document(
      "{\"version\": 1, \"name\": \"x\", \"strategies\": [\"probe-then-bind\"], \"scenarios\": [\n"
        + "{\"name\": \"a\", \"trials\": 2, \"topology\": {\"launches\": 2}}]}",
      2, 1, "scenarios[0]", "\"topology.api_servers\" is missing here and in the defaults"),
    .document(
      "{\n\"version\": 1, \"name\": \"x\", \"strategies\": [\"probe-then-bind\"]}", 1, 1, "",
      "the key \"scenarios\" is missing here"),
    .top(
      "\"scenarois\": 1", 1, "scenarois", "unknown key \"scenarois\"",
      "scenarios"),
    .top("\"seed\": -1", 9, "seed", "expected a whole number from 0 to 18446744073709551615"),
    .top("\"seed\": 18446744073709551616", 9, "seed", "found the number 18446744073709551616"),
    .top("\"title\": null", 10, "title", "expected a string, found null"),
    .top("\"$schema\": 1", 12, "$schema", "expected a string, found the number 1"),
  ]

  static let scenarios: [Case] = [
    .scenario("\"pol\": {}", 1, "pol", "unknown key \"pol\"", "pool"),
    .scenario("\"a b\": {}", 1, "['a b']", "unknown key \"a b\""),
    .scenario("\"trials\": \"300\"", 11, "trials", "found the string \"300\""),
    .scenario("\"trials\": 0", 11, "trials", "expected a number from 1 to 10000000, found 0"),
    .scenario(
      "\"trials\": 1.5", 11, "trials",
      "expected a whole number from 1 to 10000000, found the number 1.5"),
    .scenario("\"trials\": 1e3", 11, "trials", "found the number 1e3"),
    .scenario("\"trials\": 99999999999999999999", 11, "trials", "expected a whole number"),
    .scenario(
      "\"topology\": {\"api_server\": 2}", 14, "topology.api_server",
      "unknown key \"api_server\"", "api_servers"),
    .scenario(
      "\"topology\": {\"launches\": 65}", 26, "topology.launches", "from 1 to 64, found 65"),
    .scenario("\"topology\": 2", 13, "topology", "expected an object, found the number 2"),
    .whole(
      "\"topology\": {\"launches\": 5, \"api_servers\": 1000}",
      "5 launches of 1000 API servers are 5000; at most 4096 fit"),
    .scenario(
      "\"pool\": {\"range\": [40000, 40999], \"slots\": 9}", 9, "pool",
      "expected either \"range\" or \"slots\""),
    .scenario("\"pool\": {}", 9, "pool", "expected either \"range\" or \"slots\""),
    .scenario(
      "\"pool\": {\"range\": [40000]}", 19, "pool.range",
      "expected the first and the last port, found 1 elements"),
    .scenario(
      "\"pool\": {\"range\": [41000, 40000]}", 19, "pool.range",
      "expected the first port to be below the last, found 41000 and 40000"),
    .scenario(
      "\"pool\": {\"range\": [80, 40000]}", 20, "pool.range[0]", "from 1024 to 65535, found 80"),
    .scenario(
      "\"pool\": {\"range\": [40000, 65536]}", 27, "pool.range[1]",
      "from 1024 to 65535, found 65536"),
    .scenario("\"pool\": {\"slots\": 16385}", 19, "pool.slots", "from 1 to 16384, found 16385"),
    .whole("\"pool\": {\"slots\": 1}", "4 endpoints do not fit into a pool of 2 ports"),
    .scenario(
      "\"window\": {\"millisecond\": 1}", 12, "window.millisecond", "unknown key \"millisecond\"",
      "milliseconds"),
    .scenario(
      "\"window\": {\"milliseconds\": -0.5}", 28, "window.milliseconds",
      "expected a number from 0.0 to 3600000.0, found -0.5"),
    .scenario(
      "\"window\": {\"milliseconds\": 1e999}", 28, "window.milliseconds", "found the number 1e999"),
    .whole(
      "\"window\": {\"foreign_draws\": 5}",
      "the window waits for 5 foreign draws, but its thieves draw 0"),
    .whole(
      "\"window\": {\"foreign_draws\": 9}, \"thieves\": [{\"kind\": \"bind-hold\", \"options\": {\"ports\": 8}}]",
      "the window waits for 9 foreign draws, but its thieves draw 8"),
    .scenario("\"depth\": \"bnd\"", 10, "depth", "expected one of allocate, bind", "bind"),
    .scenario("\"depth\": true", 10, "depth", "expected a string, found a boolean"),
    .scenario(
      "\"depth\": \"listen\"", 10, "depth",
      "expected one of allocate, bind, startup, found \"listen\""),
    .whole(
      "\"depth\": \"allocate\"", "strategy \"wildcard-report-back\" has no depth \"allocate\""),
    .scenario("\"workers\": \"fersh\"", 12, "workers", "expected one of fresh, pooled", "fresh"),
    .scenario("\"sockets\": \"udp\"", 12, "sockets", "expected one of zmq, tcp, found \"udp\""),
    .scenario(
      "\"ownership_check\": \"fulll\"", 20, "ownership_check", "expected one of full, kernel, off",
      "full"),
    .scenario(
      "\"barrier\": {\"kind\": \"futx\"}", 21, "barrier.kind", "expected one of futex, spin, sleep",
      "futex"),
    .scenario(
      "\"barrier\": {\"arrival_skew\": 4}", 13, "barrier.arrival_skew", "unknown key",
      "arrival_skew_us"),
    .scenario("\"timeout_ms\": 9", 15, "timeout_ms", "from 10 to 3600000, found 9"),
    .scenario(
      "\"thieves\": [\"bind-hodl\"]", 13, "thieves[0]",
      "there is no thief \"bind-hodl\"", "bind-hold"),
    .scenario(
      "\"thieves\": [\"bind-hold\"]", 13, "thieves[0]",
      "thief \"bind-hold\" needs the option \"ports\" (ports it takes)"),
    .scenario(
      "\"thieves\": [{\"kind\": \"bind-hold\", \"ports\": 4}]", 44, "thieves[0].ports",
      "\"ports\" is an option", "options.ports"),
    .scenario("\"thieves\": {}", 12, "thieves", "expected an array, found an object"),
    .scenario("\"strategies\": []", 15, "strategies", "expected at least one element"),
    .scenario(
      "\"strategies\": [\"wildcard-reportback\"]", 16, "strategies[0]",
      "\"wildcard-reportback\" is not among the plan's strategies: probe-then-bind, wildcard-report-back",
      "wildcard-report-back"),
    .scenario(
      "\"strategies\": [\"probe-then-bind\", \"probe-then-bind\"]", 35, "strategies[1]",
      "\"probe-then-bind\" is listed twice"),
  ]

  static let demands: [Case] = [
    .scenario(
      "\"expect\": {\"probe-then-bnd\": {\"failure_rate_at_most\": 0.5}}", 12,
      "expect['probe-then-bnd']",
      "no strategy \"probe-then-bnd\" in this scenario; there are probe-then-bind, wildcard-report-back, and * for the rest",
      "probe-then-bind"),
    .scenario(
      "\"expect\": {\"*\": {}}", 17, "expect['*']",
      "expected \"failure_rate_at_most\", \"failure_rate_at_least\", \"like\" or \"better_than\""),
    .scenario(
      "\"expect\": {\"probe-then-bind\": {\"better_than\": \"probe-then-bind\"}}", 47,
      "expect['probe-then-bind'].better_than",
      "expected the label of another strategy in this scenario, found \"probe-then-bind\""),
    .scenario(
      "\"expect\": {\"*\": {\"better_than\": \"probe-then-bind\"}}", 33, "expect['*'].better_than",
      "\"*\" stands for \"probe-then-bind\" as well, which would be compared with itself; give \"probe-then-bind\" a demand of its own"
    ),
    .scenario(
      "\"expect\": {\"wildcard-report-back\": {\"better_than\": \"probe-then-bind\", \"like\": \"probe-then-bind\"}}",
      36, "expect['wildcard-report-back']",
      "a row is compared with one other row: give \"like\" or \"better_than\""),
    .scenario(
      "\"expect\": {\"wildcard-report-back\": {\"better_than\": \"probe-then-bind\", \"better_by\": 1}}",
      84, "expect['wildcard-report-back'].better_by",
      "expected a difference of rates between 0 and 1"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.5, \"better_by\": 0.2}}", 60,
      "expect['*'].better_by", "\"better_by\" needs \"better_than\""),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.5, \"like_level\": 0.01}}", 61,
      "expect['*'].like_level", "\"like_level\" needs \"like\""),
    .scenario(
      "\"expect\": {\"wildcard-report-back\": {\"like\": \"probe-then-bind\", \"like_level\": 0}}",
      78, "expect['wildcard-report-back'].like_level", "expected a level between 0 and 0.5"),
    // 1 / C(2n, n): 1/6 with 2 of each, 1/20 with 3, 1/70 with 4.
    .scenario(
      "\"trials\": 3, \"expect\": {\"wildcard-report-back\": {\"better_than\": \"probe-then-bind\", \"confidence\": 0.96}}",
      65, "expect['wildcard-report-back'].better_than",
      "better_than \"probe-then-bind\" cannot be shown at level 0.04 by 3 launches of each, whatever they do; it needs 4"
    ),
    .scenario(
      "\"expect\": {\"probe-then-bind\": {\"like\": \"probe-then-bind\"}}", 40,
      "expect['probe-then-bind'].like",
      "expected the label of another strategy in this scenario, found \"probe-then-bind\""),
    .scenario(
      "\"expect\": {\"*\": {\"like\": \"probe-then-bind\"}}", 26, "expect['*'].like",
      "\"*\" stands for \"probe-then-bind\" as well, which would be compared with itself; give \"probe-then-bind\" a demand of its own"
    ),
    .scenario(
      "\"expect\": {\"wildcard-report-back\": {\"like\": \"probe-then-bind\", \"like_within\": 0.009}}",
      36, "expect['wildcard-report-back']",
      "like_within 0.009 cannot be shown at confidence 0.95 by 300 launches, whatever they do; it needs 332"
    ),
    .scenario(
      "\"expect\": {\"wildcard-report-back\": {\"like\": \"probe-then-bind\", \"like_within\": 0}}",
      79, "expect['wildcard-report-back'].like_within",
      "expected a difference of rates between 0 and 1"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.5, \"like_within\": 0.2}}", 62,
      "expect['*'].like_within", "\"like_within\" needs \"like\""),
    .scenario(
      "\"expect\": {\"wildcard-report-back\": {\"failure_rate_at_least\": 0.5, "
        + "\"must_fail_control\": true, \"like\": \"probe-then-bind\"}}", 36,
      "expect['wildcard-report-back']", "a must-fail control is compared with no other row"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.5, \"false_alarm\": 0.2}}", 62,
      "expect['*'].false_alarm", "\"false_alarm\" needs \"sequential_rate\""),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.5, \"sequential_rate\": 0.5}}", 66,
      "expect['*'].sequential_rate",
      "expected a rate below {\"failure_rate_at_most\": 0.5}, at which that is clearly met"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.001, \"sequential_rate\": 0.0001}}", 17,
      "expect['*']",
      "300 launches are too few for the sequential test to meet the demand, whatever they do"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.5, \"must_fail_control\": true}}", 17,
      "expect['*']", "a must-fail control needs \"failure_rate_at_least\""),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.2, \"failure_rate_at_least\": 0.5}}", 17,
      "expect['*']", "expected at least 0.5 and at most 0.2 cannot both hold"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 1.5}}", 42,
      "expect['*'].failure_rate_at_most", "expected a number from 0.0 to 1.0, found 1.5"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.5, \"confidence\": 95}}", 61,
      "expect['*'].confidence", "expected a number from 0.5 to 0.999999, found 95"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.5, \"must_fail_control\": \"yes\"}}", 68,
      "expect['*'].must_fail_control", "expected true or false, found the string \"yes\""),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0.009}}", 17, "expect['*']",
      "failure_rate_at_most cannot be shown at confidence 0.95 by 300 launches, whatever they do; it needs 332"
    ),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_least\": 0.991}}", 17, "expect['*']",
      "failure_rate_at_least cannot be shown at confidence 0.95 by 300 launches, whatever they do; it needs 332"
    ),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 1e-9}}", 17, "expect['*']",
      "by 300 launches, whatever they do; it needs 2995732273"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 0}}", 17, "expect['*']",
      "failure_rate_at_most 0 cannot be shown by any number of launches"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_least\": 1}}", 17, "expect['*']",
      "failure_rate_at_least 1 cannot be shown by any number of launches"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_most\": 1}}", 42, "expect['*'].failure_rate_at_most",
      "no rate can miss this: it demands nothing"),
    .scenario(
      "\"expect\": {\"*\": {\"failure_rate_at_least\": 0, \"must_fail_control\": true}}", 43,
      "expect['*'].failure_rate_at_least", "no rate can miss this: it demands nothing"),
    .scenario("\"expect\": []", 11, "expect", "expected an object, found an array"),
    .scenario(
      "\"published\": [{\"strategy\": \"probe\", \"failures\": 1, \"out_of\": 2, \"source\": \"x\"}]",
      28, "published[0].strategy", "no strategy \"probe\" in this scenario",
      "probe-then-bind"),
    .scenario(
      "\"published\": [{\"strategy\": \"probe-then-bind\", \"failures\": 3, \"out_of\": 2, \"source\": \"x\"}]",
      15, "published[0]", "3 failures out of 2 are impossible"),
    .scenario(
      "\"published\": [{\"strategy\": \"probe-then-bind\", \"failures\": 1, \"out_of\": 2}]", 15,
      "published[0]", "the key \"source\" is missing here"),
    .scenario(
      "\"published\": [{\"strategy\": \"probe-then-bind\", \"failures\": 1, \"out_of\": 0, \"source\": \"x\"}]",
      72, "published[0].out_of", "expected a number from 1 to 1000000000, found 0"),
    .scenario(
      "\"published\": [{\"strategy\": \"probe-then-bind\", \"failures\": 1, \"out_of\": 2, \"per\": \"trail\", \"source\": \"x\"}]",
      82, "published[0].per", "expected one of launch, trial, found \"trail\"", "trial"),
  ]

  /// A mistake in the one fault of the scenario of `TestVocabulary.text`, beside other settings of it.
  private static func fault(
    _ members: String, _ at: String, _ path: String, _ message: String,
    _ suggestion: String? = nil, settings: String = ""
  ) -> Case {
    let text = "\"faults\": [{\(members)}]\(settings)"
    let column = text.distance(
      from: text.startIndex, to: text.firstRange(of: at)!.lowerBound)
    return .scenario(
      text, column + 1, "faults[0]" + (path.isEmpty ? "" : ".\(path)"), message, suggestion)
  }

  private static let twoNodes = ", \"depth\": \"startup\", \"startup\": {\"nodes\": 2}"

  static let faults: [Case] = [
    .scenario("\"faults\": {}", 11, "faults", "expected an array, found an object"),
    .scenario("\"faults\": [\"kill\"]", 12, "faults[0]", "expected an object"),
    fault(
      "\"kind\": \"kil\", \"at\": \"after-ready\"", "\"kil\"", "kind",
      "there is no fault \"kil\"", "kill"),
    fault("\"at\": \"after-ready\"", "{", "", "the key \"kind\" is missing here"),
    fault("\"kind\": \"kill\"", "{", "", "the key \"at\" is missing here"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-redy\"", "\"after-redy\"", "at",
      "expected one of after-probe, after-spawn, before-input-bind", "after-ready"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"evry\": 2", "\"evry\"", "evry",
      "unknown key \"evry\"", "every"),
    fault(
      "\"kind\": \"pause\", \"at\": \"after-ready\"", "{", "",
      "fault \"pause\" needs the option \"milliseconds\""),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"options\": {\"signal\": \"SIGKIL\"}",
      "\"SIGKIL\"", "options.signal", "SIGKILL, SIGTERM", "SIGKILL"),
    fault(
      "\"kind\": \"closed-channel\", \"at\": \"after-ready\"", "\"after-ready\"", "at",
      "fault \"closed-channel\" cannot be injected there, only at before-report, after-report"),
    fault(
      "\"kind\": \"kill\", \"at\": \"before-engine-connect\"", "\"before-engine-connect\"", "at",
      "only depth \"startup\" comes to before-engine-connect"),
    fault(
      "\"kind\": \"kill\", \"at\": \"before-handshake-reply\"", "\"before-handshake-reply\"", "at",
      "only depth \"startup\" comes to before-handshake-reply"),
    fault(
      "\"kind\": \"closed-channel\", \"at\": \"before-report\"", "{", "",
      "what fault \"closed-channel\" does lasts as long as its process: workers must be fresh",
      settings: ", \"workers\": \"pooled\""),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-probe\"", "{", "", "depth \"allocate\" has no faults",
      settings: ", \"depth\": \"allocate\", \"strategies\": [\"probe-then-bind\"]"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"launch\": 1", "1", "launch",
      "there is no launch 1; there are 1, counted from 0"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"launch\": 64", "64", "launch",
      "expected a number from 0 to 63, found 64"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"index\": 2", "2", "index",
      "there is no api-server 2; a launch has 2, counted from 0"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-spawn\", \"index\": 1", "1", "index",
      "there is no launcher 1; a launch has 1, counted from 0"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"index\": 4096", "4096", "index",
      "expected a number from 0 to 4095, found 4096"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"node\": 0", "0", "node",
      "only engine cores are on several nodes, not the api-server"),
    fault(
      "\"kind\": \"kill\", \"at\": \"before-engine-connect\", \"node\": 2", "2", "node",
      "there is no node 2; there are 2, counted from 0", settings: twoNodes),
    fault(
      "\"kind\": \"kill\", \"at\": \"before-engine-connect\", \"node\": 0", "0", "node",
      "node 0 has no engine core",
      settings: ", \"depth\": \"startup\", \"startup\": {\"nodes\": 2, \"local_engines\": 0}"),
    fault(
      "\"kind\": \"kill\", \"at\": \"before-engine-connect\", \"index\": 0, \"node\": 0", "0}",
      "node",
      "expected \"index\" or \"node\", not both", settings: twoNodes),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"probability\": 1.5", "1.5", "probability",
      "expected a number from 0.0 to 1.0, found 1.5"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"probability\": -0.1", "-0.1", "probability",
      "expected a number from 0.0 to 1.0, found -0.1"),
    fault(
      "\"kind\": \"kill\", \"at\": \"after-ready\", \"every\": 0", "0", "every",
      "expected a number from 1 to 10000000, found 0"),
    .scenario(
      "\"faults\": ["
        + Array(repeating: "{\"kind\": \"kill\", \"at\": \"after-ready\"}", count: 17)
        .joined(separator: ", ") + "]", 11, "faults", "expected at most 16 faults, found 17"),
  ]

  @Test(arguments: documents + scenarios + demands + faults)
  func `every mistake is reported once, at its place`(_ broken: Case) throws {
    let errors = TestVocabulary.errors(broken.plan)
    try #require(errors.count == 1, "\(errors)")
    #expect(errors[0].position == TextPosition(line: broken.line, column: broken.column))
    #expect(errors[0].path == broken.path)
    #expect(errors[0].message.contains(broken.message), "\(errors[0].message)")
    #expect(errors[0].suggestion == broken.suggestion)
    #expect(errors[0].file == "demo.json")
    let lines = broken.plan.split(separator: "\n", omittingEmptySubsequences: false)
    // Of a long line the part around the mistake.
    let line = lines[broken.line - 1]
    let shown = errors[0].sourceLine
    #expect(shown.hasSuffix("...") ? line.contains(shown.dropLast(3)) : line == shown)
  }

  @Test func `the plan around the mistakes is good`() throws {
    _ = try TestVocabulary.load(TestVocabulary.text())
    _ = try TestVocabulary.load(Self.plan())
  }

  @Test func `a misspelt key is reported beside what is missing for it`() {
    let short = { (thief: String) in
      TestVocabulary.errors(TestVocabulary.text(scenario: "\"thieves\": [\(thief)],")).map {
        "\($0.position.column) \($0.path): \($0.message) \($0.suggestion ?? "-")"
      }
    }
    #expect(
      short("{\"kind\": \"bind-hold\", \"options\": {\"prots\": 3}}") == [
        "47 scenarios[0].thieves[0].options.prots: unknown key \"prots\" ports"
      ])
    #expect(
      short("{\"name\": \"bind-hold\"}") == [
        "13 scenarios[0].thieves[0]: the key \"kind\" is missing here -",
        "14 scenarios[0].thieves[0].name: unknown key \"name\"; known here: kind, label, target_failure_rate, options -",
      ])
  }

  @Test
  func `a key under a wrong name is one mistake, and a key elsewhere is missing all the same`() {
    func messages(_ defaults: String, _ second: String = "") -> [String] {
      TestVocabulary.errors(
        "{\"version\": 1, \"name\": \"x\", \"strategies\": [\"probe-then-bind\"], \"defaults\": {\(defaults)},"
          + "\"scenarios\": [{\"name\": \"a\"}\(second)]}"
      ).map { "\($0.path): \($0.message)" }
    }
    let topology = "\"topology\": {\"api_servers\": 2}"
    #expect(messages("\"trails\": 3, \(topology)") == ["defaults.trails: unknown key \"trails\""])
    #expect(
      messages("\"trials\": 3, \"toplogy\": {\"api_servers\": 2}")
        == ["defaults.toplogy: unknown key \"toplogy\""])
    #expect(
      messages("\"trials\": 3, \"topology\": {\"api_server\": 2}")
        == ["defaults.topology.api_server: unknown key \"api_server\""])
    #expect(
      messages(topology, ", {\"name\": \"b\", \"trails\": 3}") == [
        "scenarios[0]: the key \"trials\" is missing here and in the defaults",
        "scenarios[1].trails: unknown key \"trails\"",
      ])
  }

  @Test func `too many thieves are refused`() {
    let thief = "{\"kind\": \"bind-hold\", \"options\": {\"ports\": 1}}"
    let list = { (count: Int) in
      TestVocabulary.text(
        scenario:
          "\"thieves\": [\([String](repeating: thief, count: count).joined(separator: ","))],")
    }
    #expect(TestVocabulary.errors(list(64)).isEmpty)
    #expect(
      TestVocabulary.errors(list(65)).map(\.message) == ["expected at most 64 thieves, found 65"])
  }

  @Test func `all mistakes are reported in one go, in the order of the file`() {
    let errors = TestVocabulary.errors(
      """
      {"version": 3, "name": "Bad Name", "sede": 4,
      "strategies": ["probe-then-bind", "nonsense"],
      "scenarios": [
        {"name": "a", "trials": 3, "timeout_ms": 0, "topology": {"api_servers": 1}},
        {"name": "a", "trials": 9, "pool": {"slots": 0}, "topology": {"api_servers": 1},
         "expect": {"*": {"failure_rate_at_most": 0.01}}}],
      "defaults": {"workers": "old", "timeout_ms": 1}}
      """)
    #expect(
      errors.map { "\($0.position.line):\($0.position.column) \($0.path)" } == [
        "1:13 version", "1:24 name", "1:36 sede", "2:35 strategies[1]",
        "4:44 scenarios[0].timeout_ms",
        "5:12 scenarios[1].name", "5:48 scenarios[1].pool.slots", "6:20 scenarios[1].expect['*']",
        "7:25 defaults.workers", "7:46 defaults.timeout_ms",
      ])
  }

  /// The scenarios inherit what is wrong, and are not to blame for it.
  @Test func `a wrong value among the defaults is one mistake, not one more in every scenario`() {
    let paths = TestVocabulary.errors(
      """
      {"version": 1, "name": "x", "strategies": ["probe-then-bind"],
       "defaults": {"trials": "5", "topology": {"api_servers": "x"}},
       "scenarios": [{"name": "a"}, {"name": "b"}]}
      """
    ).map(\.path)
    #expect(paths == ["defaults.trials", "defaults.topology.api_servers"])
  }

  @Test func `the rendering has place, message, line and caret`() {
    let text = TestVocabulary.text(scenario: "\t\"é\": 0, \"trails\": 4,")
    let errors = PlanErrors(errors: TestVocabulary.errors(text))
    #expect(errors.errors.count == 2)
    #expect(errors.description.contains("\n  \t\"é\": 0, \"trails\": 4,\n  \t        ^"))
    #expect(
      errors.description.contains(
        "demo.json:7:10: error: scenarios[0].trails: unknown key \"trails\"; did you mean 'trials'?\n"
      ))
    #expect(errors.description.contains("unknown key \"é\"; known here: name, why, strategies"))
  }

  @Test func `a file with CRLF line ends shows the line of the mistake`() {
    let text = TestVocabulary.text(scenario: "\"trials\": 0,")
      .unicodeScalars.map { $0 == "\n" ? "\r\n" : String($0) }.joined()
    let errors = TestVocabulary.errors(text)
    #expect(errors.map(\.position) == [TextPosition(line: 7, column: 11)])
    #expect(errors.map(\.sourceLine) == ["\"trials\": 0,"])
  }

  /// Of the file's own line as well; the caret stays below its column.
  @Test func `what a file holds is shown in an error, never obeyed by the terminal`() throws {
    let text = "{\"version\": 1, \"na\u{1B}[2Jme\": \"x\u{9B}31m\"}"
    let rendered = try #require(TestVocabulary.errors(text).first).rendered
    #expect(
      rendered.unicodeScalars.allSatisfy {
        ($0.value >= 0x20 || $0 == "\n") && !(0x7F...0x9F).contains($0.value)
      }, "\(rendered)")
    #expect(rendered.contains("␛[2J"))
    let lines = rendered.split(separator: "\n")
    #expect(lines.last?.count == lines[lines.count - 2].prefix { $0 != "␛" }.count + 1)
  }

}
