import Foundation
import ForcedCalls
import JSON
import LinuxFacts
import PortModel
import Testing

@testable import Faults
@testable import PlanModel
@testable import PlanReading
@testable import Strategies

/// Good plans: what becomes of them.
@Suite struct PlanLoaderTests {
  @Test func `a plan without defaults and options gets the documented values`() throws {
    let plan = try TestVocabulary.load(
      """
      {"version": 1, "name": "p", "strategies": ["probe-then-bind"],
       "scenarios": [{"name": "s", "trials": 3, "topology": {"api_servers": 2}}]}
      """)
    let arm = Arm(
      index: 0, scenario: "s", why: "",
      strategy: Choice(name: "probe-then-bind", label: "probe-then-bind"), depth: .bind,
      topology: Topology(launches: 1, apiServers: 2), pool: PortPool(low: 32_768, high: 60_999),
      window: Window(milliseconds: 0, foreignDraws: 0),
      barrier: Barrier(kind: .futex, arrivalSkewMicroseconds: 0), workers: .fresh, sockets: .zmq,
      ownershipCheck: .full, timeoutMilliseconds: 10_000, thieves: [], trials: 3, expectation: nil,
      published: [])
    #expect(plan == ResolvedPlan(version: 1, name: "p", title: "p", seed: 1, arms: [arm]))
  }

  /// Defaults that set everything.
  static let defaults = """
    {"depth": "allocate", "topology": {"launches": 3, "api_servers": 5},
     "pool": {"range": [40000, 49999]}, "window": {"milliseconds": 1.5, "foreign_draws": 7},
     "barrier": {"kind": "spin", "arrival_skew_us": 20}, "workers": "pooled", "sockets": "tcp",
     "ownership_check": "off", "trials": 11, "timeout_ms": 1234,
     "thieves": [{"kind": "bind-hold", "label": "greedy", "options": {"ports": 7}}]}
    """

  static func arm(_ scenario: String) throws -> Arm {
    let plan = try TestVocabulary.load(
      """
      {"version": 1, "name": "p", "defaults": \(defaults), "strategies": ["probe-then-bind"],
       "scenarios": [{"name": "s"\(scenario)}]}
      """)
    return try #require(plan.arms.first)
  }

  static func inherited() -> Arm {
    Arm(
      index: 0, scenario: "s",
      strategy: Choice(name: "probe-then-bind", label: "probe-then-bind"), depth: .allocate,
      topology: Topology(launches: 3, apiServers: 5), pool: PortPool(low: 40_000, high: 49_999),
      window: Window(milliseconds: 1.5, foreignDraws: 7),
      barrier: Barrier(kind: .spin, arrivalSkewMicroseconds: 20), workers: .pooled, sockets: .tcp,
      ownershipCheck: .off, timeoutMilliseconds: 1_234,
      thieves: [
        Choice(name: "bind-hold", label: "greedy", options: [OptionValue(name: "ports", value: 7)])
      ], trials: 11)
  }

  @Test func `a scenario inherits every default`() throws {
    #expect(try Self.arm("") == Self.inherited())
  }

  @Test func `a scenario overrides one default at a time and keeps the others`() throws {
    let changes: [(String, (inout Arm) -> Void)] = [
      ("\"depth\": \"bind\"", { $0.depth = .bind }),
      ("\"topology\": {\"launches\": 2}", { $0.topology.launches = 2 }),
      ("\"topology\": {\"api_servers\": 9}", { $0.topology.apiServers = 9 }),
      ("\"pool\": {\"slots\": 616}", { $0.pool = PortPool(low: 32_768, high: 33_999) }),
      ("\"window\": {\"milliseconds\": 0}", { $0.window.milliseconds = 0 }),
      ("\"window\": {\"foreign_draws\": 2}", { $0.window.foreignDraws = 2 }),
      ("\"barrier\": {\"kind\": \"sleep\"}", { $0.barrier.kind = .sleep }),
      ("\"barrier\": {\"arrival_skew_us\": 0}", { $0.barrier.arrivalSkewMicroseconds = 0 }),
      ("\"workers\": \"fresh\"", { $0.workers = .fresh }),
      ("\"sockets\": \"zmq\"", { $0.sockets = .zmq }),
      ("\"ownership_check\": \"kernel\"", { $0.ownershipCheck = .kernel }),
      ("\"trials\": 12", { $0.trials = 12 }),
      ("\"timeout_ms\": 10", { $0.timeoutMilliseconds = 10 }),
      ("\"why\": \"because\"", { $0.why = "because" }),
      (
        "\"thieves\": [], \"window\": {\"foreign_draws\": 0}",
        {
          $0.thieves = []
          $0.window.foreignDraws = 0
        }
      ),
    ]
    for (text, change) in changes {
      var expected = Self.inherited()
      change(&expected)
      #expect(try Self.arm(", " + text) == expected, "\(text)")
    }
  }

  @Test func `a pool of n slots is a range of which bind(0) serves n first`() throws {
    for slots in [5, 6, 617, 14_116, 16_384] {
      let plan = try TestVocabulary.load(
        TestVocabulary.text(scenario: "\"pool\": {\"slots\": \(slots)},"))
      let pool = plan.arms[0].pool
      #expect(EphemeralRange(pool.low...pool.high).slots() == slots)
    }
  }

  @Test func `arms are every strategy under every scenario, in the order of the plan`() throws {
    let plan = try TestVocabulary.load(
      """
      {"version": 1, "name": "p", "title": "four arms", "seed": 18446744073709551615,
       "defaults": {"trials": 300, "topology": {"api_servers": 2}},
       "strategies": [
         "probe-then-bind",
         {"name": "wildcard-report-back", "label": "impatient", "options": {"report_timeout_ms": 1}},
         {"name": "wildcard-report-back", "options": {"attempts": 9}}],
       "scenarios": [
         {"name": "b",
          "expect": {
            "*": {"failure_rate_at_most": 0.5, "why": "the rest"},
            "probe-then-bind": {
              "failure_rate_at_least": 0.25, "confidence": 0.99, "must_fail_control": true}},
          "published": [
            {"strategy": "impatient", "failures": 1, "out_of": 9, "per": "trial", "source": "x"},
            {"strategy": "impatient", "failures": 2, "out_of": 9, "source": "y"}]},
         {"name": "a", "strategies": ["impatient"]}]}
      """)
    #expect(plan.title == "four arms")
    #expect(plan.seed == .max)
    #expect(plan.arms.map(\.index) == [0, 1, 2, 3])
    #expect(plan.arms.map(\.scenario) == ["b", "b", "b", "a"])
    #expect(
      plan.arms.map(\.strategy.label)
        == ["probe-then-bind", "impatient", "wildcard-report-back", "impatient"])
    #expect(plan.arms[1].strategy.name == "wildcard-report-back")
    // Options are complete and in the registry's order, whatever the plan gives.
    #expect(
      plan.arms[1].strategy.options
        == [
          OptionValue(name: "report_timeout_ms", value: 1), OptionValue(name: "attempts", value: 1),
        ]
    )
    #expect(
      plan.arms[2].strategy.options
        == [
          OptionValue(name: "report_timeout_ms", value: 5_000),
          OptionValue(name: "attempts", value: 9),
        ])
    #expect(
      plan.arms[0].expectation
        == Expectation(failureRateAtLeast: 0.25, confidence: 0.99, isMustFailControl: true))
    let rest = Expectation(failureRateAtMost: 0.5, confidence: 0.95, why: "the rest")
    #expect(plan.arms[1].expectation == rest)
    #expect(plan.arms[2].expectation == rest)
    #expect(plan.arms[3].expectation == nil)
    #expect(
      plan.arms.map(\.published) == [
        [],
        [
          PublishedFigure(failures: 1, outOf: 9, per: .trial, source: "x"),
          PublishedFigure(failures: 2, outOf: 9, per: .launch, source: "y"),
        ], [], [],
      ])
  }

  @Test func `a demand may need exactly as many launches as there are`() throws {
    // The least n with (1 - p)^n <= 1 - confidence, worked out by repeated multiplication.
    for (bound, confidence) in [(0.01, 0.95), (0.3, 0.9), (0.5, 0.75), (0.02, 0.999)] {
      var (product, needed) = (1.0, 0)
      while product > (1 - confidence) * (1 + 1e-12) {
        product *= 1 - bound
        needed += 1
      }
      let text = { (trials: Int) in
        TestVocabulary.text(
          scenario:
            "\"trials\": \(trials), \"expect\": {\"*\": {\"failure_rate_at_most\": \(bound), \"confidence\": \(confidence)}},"
        )
      }
      _ = try TestVocabulary.load(text(needed))
      let errors = TestVocabulary.errors(text(needed - 1))
      try #require(errors.count == 1)
      #expect(errors[0].message.hasSuffix("it needs \(needed)"))
    }
    // Parallel launches are not independent: trials count.
    func parallel(_ trials: Int, _ demand: String) -> [String] {
      TestVocabulary.errors(
        TestVocabulary.text(
          scenario:
            "\"trials\": \(trials), \"topology\": {\"launches\": 5}, \"expect\": {\"*\": {\(demand)}},"
        )
      ).map(\.message)
    }
    #expect(parallel(59, "\"failure_rate_at_most\": 0.05").isEmpty)
    #expect(
      parallel(58, "\"failure_rate_at_most\": 0.05") == [
        "failure_rate_at_most cannot be shown at confidence 0.95 by 58 trials, whatever they do; it needs 59"
      ])
    // Five launches that all fail show one in five at best, if they fail together.
    #expect(parallel(60, "\"failure_rate_at_least\": 0.19").isEmpty)
    #expect(
      parallel(60, "\"failure_rate_at_least\": 0.2") == [
        "failure_rate_at_least 0.2 cannot be shown by any number of trials"
      ])
  }

  @Test func `a misspelt thief is one mistake, not two`() {
    let errors = TestVocabulary.errors(
      TestVocabulary.text(
        scenario:
          "\"window\": {\"foreign_draws\": 9}, \"thieves\": [{\"kind\": \"bind-hld\", \"options\": {\"ports\": 9}}],"
      ))
    #expect(errors.map(\.path) == ["scenarios[0].thieves[0].kind"])
  }

  @Test func `a churning thief's draws are not limited by a quota`() throws {
    _ = try TestVocabulary.load(
      TestVocabulary.text(
        scenario:
          "\"window\": {\"foreign_draws\": 50}, \"thieves\": [{\"kind\": \"bind-churn\", \"options\": {\"rate_per_second\": 9, \"hold_ms\": 0}}],"
      ))
  }

  @Test func `equal plans in other words resolve to equal plans`() throws {
    let dense = TestVocabulary.text().split(separator: "\n").joined()
    #expect(try TestVocabulary.load(dense) == TestVocabulary.load(TestVocabulary.text()))
  }
}

/// The plans in `Scenarios`, with the strategies and thieves that there really are.
@Suite struct ShippedPlanTests {
  static let vocabulary = Vocabulary(
    strategies: StrategyRegistry.descriptors, thieves: ThiefRegistry.descriptors,
    faults: FaultRegistry.descriptors)

  /// Name and content of every shipped plan.
  static let plans: [(name: String, bytes: [UInt8])] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Scenarios")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
      (try? Data(contentsOf: folder.appending(path: name))).map { (name, Array($0)) }
    }
  }()

  static func load(_ bytes: [UInt8]) throws(PlanErrors) -> ResolvedPlan {
    try PlanLoader.load(bytes, file: "plan.json", vocabulary: vocabulary)
  }

  @Test func `every shipped plan loads and is called like its file`() throws {
    #expect(Self.plans.count >= 3, "the folder is not where this test looks")
    for (name, bytes) in Self.plans {
      let plan = try Self.load(bytes)
      #expect(name == plan.name + ".json")
      #expect(!plan.arms.isEmpty)
      #expect(plan.arms.map(\.index) == Array(plan.arms.indices))
      for arm in plan.arms {
        #expect(!arm.why.isEmpty, "\(name): \(arm.scenario) does not say what it is for")
      }
    }
  }

  /// `single-api-server` has one, whatever the topology says.
  @Test func `a fault's victim must be there in every arm`() throws {
    func problems(_ index: Int, _ more: String = "") -> [String] {
      let text = """
        {"version": 1, "name": "p", "strategies": ["fixed-ranges", "single-api-server"], "scenarios": [{
        "name": "s", "topology": {"api_servers": 4}, "trials": 9\(more),
        "faults": [{"kind": "kill", "at": "after-ready", "index": \(index)}]}]}
        """
      do throws(PlanErrors) {
        _ = try Self.load(Array(text.utf8))
        return []
      } catch {
        return error.errors.map { "\($0.path): \($0.message)" }
      }
    }
    #expect(problems(0) == [])
    let missing = problems(3)
    try #require(missing.count == 1, "\(missing)")
    #expect(
      missing[0].hasPrefix(
        "scenarios[0].faults[0].index: there is no api-server 3 with \"single-api-server\"; its launches have 1, counted from 0"
      ), "\(missing[0])")
    #expect(problems(4).count == 1)
    #expect(problems(3, #", "strategies": ["fixed-ranges"]"#) == [])
    #expect(problems(3, #", "skip": {"single-api-server": "has one"}"#) == [])
  }

  @Test func `mutated plans load or say what is wrong at a place in the file`() throws {
    var generator = SeededGenerator(seed: 8259)
    var (loaded, refused) = (0, 0)
    let fragments = [
      "\"", "{", "}", "[", "]", ",", ":", "-", "0", "1e308", "1e-9", "null", "true", "\\", "\\u",
      "\\ud800", "\u{FEFF}", "é", "\n", "\r\n", "\t", "99999999999999999999", "\"*\"", "-1", "0.5",
      "[[[[", "\"trials\"", "\"pool\"", "\"slots\"", "\"thieves\"", "\"must_fail_control\"",
    ].map { Array($0.utf8) }
    // A few in each run of the tests; `make fuzz` goes on for as long as one likes.
    for round in 0..<1_000 {
      var bytes = Self.plans[Int(generator.next(below: UInt64(Self.plans.count)))].bytes
      for _ in 0...generator.next(below: 3) {
        let at = Int(generator.next(below: UInt64(bytes.count)))
        let end = min(bytes.count, at + Int(generator.next(below: 24)))
        let fragment = fragments[Int(generator.next(below: UInt64(fragments.count)))]
        switch generator.next(below: 6) {
        case 0: bytes.insert(contentsOf: fragment, at: at)
        case 1: bytes.replaceSubrange(at..<end, with: fragment)
        case 2: bytes.removeSubrange(at..<end)
        case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 4: bytes[at] = UInt8(truncatingIfNeeded: generator.next())
        default:
          // A number elsewhere keeps the document well-formed more often.
          let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
          if !digits.isEmpty {
            let digit = digits[Int(generator.next(below: UInt64(digits.count)))]
            bytes[digit] = 0x30 + UInt8(generator.next(below: 10))
          }
        }
        if bytes.isEmpty { bytes = [0x20] }
      }
      do throws(PlanErrors) {
        let plan = try Self.load(bytes)
        loaded += 1
        #expect(!plan.arms.isEmpty)
      } catch {
        refused += 1
        let lines = String(decoding: bytes, as: UTF8.self).unicodeScalars
          .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(!error.errors.isEmpty)
        #expect(
          zip(error.errors, error.errors.dropFirst()).allSatisfy { $0.position <= $1.position })
        for problem in error.errors {
          let isInside =
            (1...lines.count).contains(problem.position.line)
            && (1...lines[problem.position.line - 1].count + 1).contains(problem.position.column)
          #expect(isInside, "round \(round): \(problem)")
          #expect(problem.rendered.hasPrefix("plan.json:\(problem.position.line):"))
        }
      }
    }
    // The mutations are neither all harmless nor all fatal.
    #expect(loaded > 25)
    #expect(refused > 250)
  }
}

@Suite struct ForcingTests {
  @Test func `what is forced on a program reaches the workers as it was planned`() {
    let forcings: [Forcing?] = [
      nil, Forcing(),
      Forcing(
        steal: .eager, max: 0, rebind: 3, minWindowMilliseconds: 20, only: "a -> b (main x.py:3)",
        injections: [
          CallInjection(
            .connect, error: LinuxErrno.number(named: "ECONNREFUSED"), delay: 5_000_000, nth: 2,
            ports: 0...65_535, process: "python3 x"), CallInjection(.listen, delay: 1_000_000),
        ]),
    ]
    for forcing in forcings {
      let command = AdapterCommand(words: ["x", "", "é"], folder: "/a b", forcing: forcing)
      #expect(AdapterCommand(bytes: command.bytes) == command)
    }
    #expect(Forcing(text: "") == nil)
    #expect(Forcing(text: "lazy 1 0\n") == nil)
    #expect(Forcing(text: "lazy 1 0 0\n\nbind") == nil)
  }
}
