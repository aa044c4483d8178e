import Foundation
import TestSupport
import Testing

/// A run's `resolved.json` that somebody has edited.
@Suite(.serialized, .timeLimit(.minutes(20))) struct StoredPlanTests {
  /// JSON that can be edited.
  private enum JSON: Codable {
    case null
    case boolean(Bool)
    case whole(Int)
    case real(Double)
    case text(String)
    case list([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .null
      } else if let flag = try? value.decode(Bool.self) {
        self = .boolean(flag)
      } else if let number = try? value.decode(Int.self) {
        self = .whole(number)
      } else if let number = try? value.decode(Double.self) {
        self = .real(number)
      } else if let text = try? value.decode(String.self) {
        self = .text(text)
      } else if let list = try? value.decode([JSON].self) {
        self = .list(list)
      } else {
        self = .object(try value.decode([String: JSON].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var value = encoder.singleValueContainer()
      switch self {
      case .null: try value.encodeNil()
      case .boolean(let flag): try value.encode(flag)
      case .whole(let number): try value.encode(number)
      case .real(let number): try value.encode(number)
      case .text(let text): try value.encode(text)
      case .list(let list): try value.encode(list)
      case .object(let members): try value.encode(members)
      }
    }

    var isNumber: Bool {
      switch self {
      case .whole, .real: true
      default: false
      }
    }

    /// The paths to all that is in it, itself left out.
    var paths: [[Step]] {
      switch self {
      case .list(let list):
        list.enumerated().flatMap { place, inner in
          [[.place(place)]] + inner.paths.map { [.place(place)] + $0 }
        }
      case .object(let members):
        members.sorted { $0.key < $1.key }.flatMap { key, inner in
          [[.key(key)]] + inner.paths.map { [.key(key)] + $0 }
        }
      default: []
      }
    }

    subscript(path: ArraySlice<Step>) -> JSON? {
      guard let first = path.first else { return self }
      switch (self, first) {
      case (.list(let list), .place(let place)): return list[place][path.dropFirst()]
      case (.object(let members), .key(let key)): return members[key]?[path.dropFirst()]
      default: return nil
      }
    }

    /// With another value at the path; nil removes it.
    func replacing(_ path: ArraySlice<Step>, with value: JSON?) -> JSON? {
      guard let first = path.first else { return value }
      switch (self, first) {
      case (.list(var list), .place(let place)):
        let inner = list[place].replacing(path.dropFirst(), with: value)
        if let inner { list[place] = inner } else { list.remove(at: place) }
        return .list(list)
      case (.object(var members), .key(let key)):
        members[key] = members[key]?.replacing(path.dropFirst(), with: value)
        return .object(members)
      default: return self
      }
    }
  }

  private enum Step: Hashable {
    case key(String)
    case place(Int)
  }

  /// Every key there is, more or less. The program of the second strategy is none that speaks the protocol.
  private static let plan = """
    {
      "version": 1, "name": "small",
      "strategies": ["wildcard-report-back", "probe-then-bind",
        {"name": "exec", "command": ["/bin/true"], "check": {"rebind": 2, "min_window_ms": 1, "inject":
          [{"call": "bind", "errno": "EADDRINUSE", "delay_ms": 1, "nth": 1, "ports": [1, 2], "process": "x"}]}}],
      "defaults": {
        "topology": {"api_servers": 2}, "pool": {"range": [42000, 42999]}, "trials": 2, "timeout_ms": 30000
      },
      "scenarios": [
        {
          "name": "a", "sockets": "tcp", "window": {"milliseconds": 1, "foreign_draws": 2},
          "barrier": {"arrival_skew_us": 5},
          "thieves": [{"kind": "bind-churn", "options": {"rate_per_second": 2000, "hold_ms": 1}},
            {"kind": "bind-hold", "options": {"ports": 5}}],
          "faults": [{"kind": "pause", "at": "before-input-bind", "launch": 0, "index": 1, "probability": 0.5,
            "every": 2, "options": {"milliseconds": 1}}],
          "expect": {"probe-then-bind": {"failure_rate_at_least": 0.5, "confidence": 0.6},
            "wildcard-report-back": {"like": "probe-then-bind", "like_within": 0.9, "confidence": 0.6}},
          "published": [{"strategy": "probe-then-bind", "failures": 1, "out_of": 3, "source": "here"}],
          "skip": {"exec": "it takes its time"}
        },
        {
          "name": "b", "depth": "startup", "strategies": ["wildcard-report-back"],
          "startup": {"engines": 2, "nodes": 2, "serial_launches": 2,
            "reserved_ports": [{"node": 1, "range": [50000, 50001]}]},
          "faults": [{"kind": "pause", "at": "before-engine-connect", "node": 1, "options": {"milliseconds": 1}}]
        },
        {"name": "c", "depth": "allocate", "strategies": ["exec"]},
        {"name": "d", "strategies": ["probe-then-bind"],
          "thieves": [{"kind": "bind-hold", "target_failure_rate": 0.5}]}
      ]
    }
    """

  /// Reads back what was run in a workplace, with another plan.
  private static func analyzed(
    _ edited: JSON, _ workplace: Workplace, _ command: [String] = ["analyze"]
  ) throws -> Finished {
    try JSONEncoder().encode(edited).write(to: URL(filePath: workplace.latest("resolved.json")))
    return try workplace.bindstorm(command + [workplace.latest()])
  }

  private static func ran() throws -> (workplace: Workplace, resolved: JSON) {
    let workplace = try Workplace(plan)
    let run = try workplace.run(["--quiet"])
    let data = try Data(contentsOf: URL(filePath: workplace.latest("resolved.json")))
    #expect(run.ending == .exit(1) || run.ending == .exit(2), "\(run)")
    return (workplace, try JSONDecoder().decode(JSON.self, from: data))
  }

  /// Of each key one that stands there: not always the first, and in every run the same.
  private static func keys(_ resolved: JSON) -> [[Step]] {
    var found: [[Step]: [[Step]]] = [:]
    var order: [[Step]] = []
    for path in resolved.paths {
      let name = path.map { if case .place = $0 { Step.place(0) } else { $0 } }
      if found[name] == nil { order.append(name) }
      found[name, default: []].append(path)
    }
    return order.enumerated().map { number, name in
      let places = found[name]!
      return places[number % places.count]
    }
  }

  @Test func `whatever is edited, it is judged or refused by its key, and nothing traps`() throws {
    let (workplace, resolved) = try Self.ran()
    #expect(try [1, 2].contains { try Self.analyzed(resolved, workplace).ending == .exit($0) })
    let huge = JSON.whole(.max)
    for (number, path) in Self.keys(resolved).enumerated() {
      let isNumber = resolved[path[...]]?.isNumber == true
      let values: [JSON?] =
        [nil] + (isNumber ? [.whole(0), .whole(-1), huge] : [])
      for (place, value) in values.enumerated() {
        guard let edited = resolved.replacing(path[...], with: value) else { continue }
        let isExplained = (number + place) % 7 == 0
        let finished = try Self.analyzed(edited, workplace, [isExplained ? "explain" : "analyze"])
        let what = "\(path) \(value.map { "\($0)" } ?? "removed"): \(finished)"
        #expect([0, 1, 2, 64].contains { finished.ending == .exit($0) }, "\(what)")
        if finished.ending == .exit(64) {
          // Or by the line of an event that the plan has no place for any more.
          let places = ["/resolved.json:1:", "/events.jsonl:"]
          #expect(places.contains { finished.errorOutput.contains($0) }, "\(what)")
        }
      }
    }
  }

  @Test func `a key that no stored plan has is refused with its place`() throws {
    let (workplace, resolved) = try Self.ran()
    // Misspelt, an expectation would be none, and the row would miss nothing.
    let path: [Step] = [.key("arms"), .place(1)]
    guard case .object(var arm)? = resolved[path[...]] else { return }
    arm["expectatoin"] = arm.removeValue(forKey: "expectation")
    let edited = try #require(resolved.replacing(path[...], with: .object(arm)))
    let finished = try Self.analyzed(edited, workplace)
    #expect(finished.ending == .exit(64))
    #expect(
      finished.errorOutput.contains("error: arms[1].expectatoin: unknown key \"expectatoin\""),
      "\(finished.errorOutput)")
  }

  @Test func `a number out of its range is refused with its file and key`() throws {
    let (workplace, resolved) = try Self.ran()
    let cases: [(path: [Step], value: Int, message: String)] = [
      (
        [.key("arms"), .place(3), .key("startup"), .key("nodes")], 0,
        "arms[3].startup.nodes: expected a number from 1 to 16, found 0"
      ),
      (
        [.key("arms"), .place(0), .key("faults"), .place(0), .key("every")], 0,
        "arms[0].faults[0].every: expected a number from 1 to 10000000, found 0"
      ),
      (
        [.key("arms"), .place(3), .key("startup"), .key("engines")], 1,
        "arms[3]: 1 of 1 engine cores are on the head node, and of 1 other nodes each needs one"
      ),
      (
        [.key("arms"), .place(1), .key("index")], 0,
        "arms[1].index: expected 1, the arm's place, found 0"
      ),
    ]
    for (path, value, message) in cases {
      let edited = try #require(resolved.replacing(path[...], with: .whole(value)))
      let finished = try Self.analyzed(edited, workplace)
      #expect(finished.ending == .exit(64))
      #expect(finished.errorOutput.contains("resolved.json:1:"))
      #expect(finished.errorOutput.contains("error: \(message)"), "\(finished.errorOutput)")
    }
  }
}
