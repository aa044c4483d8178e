/// The settings' type, in Swift.
enum StartupEmitter {
  static var swift: String {
    let properties = PlanKeys.startup.map {
      "  /// \($0.summary)\($0.unit.isEmpty ? "" : " Unit: \($0.unit).")\($0.rangeText)\n"
        + "  public var \($0.property): \($0.type)\n"
    }
    let parameters = PlanKeys.startup.map { key in
      switch key.standard {
      case .value(let value): "\(key.property): \(key.type) = \(value)"
      case .computed(let expression, _):
        expression.contains("apiServers")
          ? "\(key.property): \(key.type)" : "\(key.property): \(key.type)? = nil"
      }
    }
    let assignments = PlanKeys.startup.map { key in
      if case .computed(let expression, _) = key.standard, !expression.contains("apiServers") {
        "    self.\(key.property) = \(key.property) ?? (\(expression))\n"
      } else {
        "    self.\(key.property) = \(key.property)\n"
      }
    }
    return swiftHead + """
      /// \(PlanKeys.startupSummary)
      public struct Startup: Sendable, Equatable, Codable {
      \(properties.joined())
        public init(
          \(parameters.joined(separator: ",\n    "))
        ) {
      \(assignments.joined())  }
      }

      """
  }
}

extension PlanKey {
  fileprivate var rangeText: String {
    switch kind {
    case .whole(let range), .milliseconds(let range):
      " \(range.lowerBound)...\(range.upperBound)."
    default: ""
    }
  }

  /// Reads the key's value from a node of the plan.
  var reading: String {
    switch kind {
    case .flag: "boolean()"
    case .whole(let range): "integer(\(range.lowerBound)...\(range.upperBound))"
    case .milliseconds(let range): "number(\(range.lowerBound)...\(range.upperBound))"
    case .word(let type, _): "word(\(type).self)"
    case .reservations: "reservations()"
    }
  }
}

/// How the settings are read from a plan, and what stored ones may be, in Swift.
enum StartupReadingEmitter {
  static var swift: String {
    let properties = PlanKeys.startup.map { "  private var \($0.property): \($0.type)?\n" }
    let keys = PlanKeys.startup.map { "    \"\($0.key)\",\n" }
    let reads = PlanKeys.startup.map {
      "    if let value = object[\"\($0.key)\"]?.\($0.reading) { \($0.property) = value }\n"
    }
    let arguments = PlanKeys.startup.map { key in
      switch key.standard {
      case .value(let value): "\(key.property): \(key.property) ?? \(value)"
      case .computed(let expression, _):
        expression.contains("apiServers")
          ? "\(key.property): \(key.property) ?? \(expression)" : "\(key.property): \(key.property)"
      }
    }
    let limits = PlanKeys.startup.compactMap { key -> String? in
      switch key.kind {
      case .whole(let range):
        "    (\"\(key.property)\", .whole(\(range.lowerBound)...\(range.upperBound))),\n"
      case .milliseconds(let range):
        "    (\"\(key.property)\", .real(\(range.lowerBound)...\(range.upperBound))),\n"
      default: nil
      }
    }
    return swiftHead + """
      internal import PlanModel

      /// The settings of `startup` in a plan; what is not given keeps its value.
      struct StartupSettings {
        static let keys = [
      \(keys.joined())  ]

        /// All of them, where they were resolved before.
        private let known: Startup?
      \(properties.joined())
        /// Nothing given.
        init() { known = nil }

        /// As they were resolved before, whatever is read.
        init(_ startup: Startup) { known = startup }

        mutating func read(_ node: PlanNode) {
          guard let object = node.object(keys: Self.keys) else { return }
      \(reads.joined())  }

        /// - Parameter apiServers: of a launch.
        func resolved(apiServers: Int) -> Startup {
          if let known { return known }
          return Startup(
            \(arguments.joined(separator: ",\n      ")))
        }

        /// What the numbers of a stored one may be, by property.
        static let storedLimits: [(path: String, limits: StoredLimits)] = [
      \(limits.joined())  ]
      }

      """
  }
}

/// How the settings travel to the workers.
enum StartupOrderEmitter {
  /// In C.
  static var slot: Slot {
    Slot(
      "bs_startup_order", "How the rest of the start-up goes: a plan's `startup`.",
      PlanKeys.startup.flatMap { key -> [Member] in
        if case .reservations = key.kind {
          return [
            Member("uint32_t", "\(key.member)_count", ""),
            Member(
              "uint32_t", key.member, count: "3 * BS_MAX_RESERVATIONS",
              accessor: "bs_reservations_of", "node, first and last port"),
          ]
        }
        return [Member("uint32_t", key.member, "")]
      })
  }

  static var swift: String {
    let written = PlanKeys.startup.map { "    \(write($0))\n" }
    let read = PlanKeys.startup.map { "\($0.property): \(self.read($0))" }
    return swiftHead + """
      internal import CSharedRegion
      internal import PlanModel

      extension Startup {
        /// The order's part of it.
        var order: bs_startup_order {
          var order = bs_startup_order()
      \(written.joined())    return order
        }

        /// Reads it from an order.
        init(_ original: bs_startup_order) {
          var order = original
          self.init(
            \(read.joined(separator: ",\n      ")))
        }
      }

      """
  }

  private static func write(_ key: PlanKey) -> String {
    switch key.kind {
    case .flag: "order.\(key.member) = \(key.property) ? 1 : 0"
    case .whole: "order.\(key.member) = UInt32(\(key.property))"
    case .milliseconds: "order.\(key.member) = UInt32(\(key.property) * 1_000)"
    case .word(let type, _):
      "order.\(key.member) = UInt32(\(type).allCases.firstIndex(of: \(key.property))!)"
    case .reservations:
      "order.\(key.member)_count = NodeReservation.write(\(key.property), to: bs_reservations_of(&order))"
    }
  }

  private static func read(_ key: PlanKey) -> String {
    switch key.kind {
    case .flag: "order.\(key.member) != 0"
    case .whole: "Int(order.\(key.member))"
    case .milliseconds: "Double(order.\(key.member)) / 1_000"
    case .word(let type, _): "\(type).allCases[Int(order.\(key.member))]"
    case .reservations:
      "NodeReservation.read(order.\(key.member)_count, from: bs_reservations_of(&order))"
    }
  }
}

/// The keys in the JSON Schema and in the documents.
enum PlanKeyDocuments {
  static let schemaPath = "Scenarios/schema/plan-v1.schema.json"

  /// The schema with the keys' part made anew; the rest stays as it is.
  static func schema(from schema: String) -> String {
    guard let start = schema.firstRange(of: "    \"startup\": {\n      \"description\""),
      let end = schema[start.lowerBound...].firstRange(of: "\n    },\n")
    else { preconditionFailure("\(schemaPath) has no definition of startup") }
    let properties = PlanKeys.startup.map { "        \"\($0.key)\": \($0.schema)" }
    let text = """
          "startup": {
            "description": "\(escaped(PlanKeys.startupSummary))",
            "type": "object",
            "additionalProperties": false,
            "properties": {
      \(properties.joined(separator: ",\n"))
            }
          },

      """
    return schema.replacingCharacters(in: start.lowerBound..<end.upperBound, with: text)
  }

  static var markdown: String {
    let rows = PlanKeys.startup.map {
      "| `\($0.key)` | \($0.documentedType) | \($0.unit) | \($0.documentedStandard) | \($0.summary) |"
    }
    return """
      # Keys of `startup`

      <!-- Made by `make generate` from Sources/Schema/Definitions; change that. -->

      \(PlanKeys.startupSummary)

      | key | value | unit | if absent | meaning |
      |---|---|---|---|---|
      \(rows.joined(separator: "\n"))

      """
  }

  static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    var result = self
    result.replaceSubrange(range, with: text)
    return result
  }
}

extension PlanKey {
  /// Its value in JSON where the plan does not give it; nil if that is computed.
  private var standardInJSON: String? {
    guard case .value(let value) = standard else { return nil }
    switch kind {
    case .word(_, let words): return "\"\(words.first { value == ".\($0)" } ?? words[0])\""
    case .reservations: return nil
    default: return value.replacing("_", with: "")
    }
  }

  fileprivate var documentedStandard: String {
    if case .computed(_, let words) = standard { return words }
    return standardInJSON.map { "`\($0)`" } ?? "none"
  }

  fileprivate var documentedType: String {
    switch kind {
    case .flag: "true or false"
    case .whole(let range): "\(range.lowerBound) to \(range.upperBound)"
    case .milliseconds(let range): "\(range.lowerBound) to \(range.upperBound), fractions allowed"
    case .word(_, let words): words.map { "`\"\($0)\"`" }.joined(separator: ", ")
    case .reservations: "list of `{\"node\": N, \"range\": [FIRST, LAST]}`, at most 16"
    }
  }

  fileprivate var schema: String {
    var items: [String] = []
    switch kind {
    case .flag: items.append("\"type\": \"boolean\"")
    case .whole(let range):
      items.append(
        "\"type\": \"integer\", \"minimum\": \(range.lowerBound), \"maximum\": \(range.upperBound)")
    case .milliseconds(let range):
      items.append(
        "\"type\": \"number\", \"minimum\": \(range.lowerBound), \"maximum\": \(range.upperBound)")
    case .word(_, let words):
      items.append("\"enum\": [\(words.map { "\"\($0)\"" }.joined(separator: ", "))]")
    case .reservations:
      items.append(
        "\"type\": \"array\", \"maxItems\": 16, \"items\": { \"type\": \"object\", \"additionalProperties\": false, "
          + "\"required\": [\"node\", \"range\"], \"properties\": { \"node\": { \"type\": \"integer\", \"minimum\": 0, "
          + "\"maximum\": 15 }, \"range\": { \"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, \"items\": "
          + "{ \"type\": \"integer\", \"minimum\": 1, \"maximum\": 65535 } } } }")
    }
    if let standardInJSON { items.append("\"default\": \(standardInJSON)") }
    var sentence = summary
    if case .computed(_, let words) = standard { sentence += " If absent: \(words)." }
    items.append("\"description\": \"\(PlanKeyDocuments.escaped(sentence))\"")
    return "{ \(items.joined(separator: ", ")) }"
  }
}
