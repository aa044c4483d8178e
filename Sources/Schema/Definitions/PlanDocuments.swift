/// The JSON Schema of plans.
enum PlanSchema {
  static let path = "Scenarios/schema/plan-v1.schema.json"

  static var text: String {
    let sections = PlanSections.all.filter {
      $0.name != PlanSections.plan.name && $0.name != PlanSections.scenario.name
        && $0.name != PlanSections.settings.name
    }
    let settings = PlanSections.settings.keys.filter {
      if case .section = $0.kind { false } else { true }
    }
    let parts =
      settings.map { "    \"\($0.key)\": \($0.schema)" }
      + [object(of: PlanSections.scenario, extra: references(to: PlanSections.settings.keys))]
      + sections.map { object(of: $0) }
    return """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://bindstorm.dev/schema/plan-v1.schema.json",
        "title": "bindstorm plan, version 1",
      \(body(of: PlanSections.plan, indent: 2)),
        "$defs": {
      \(parts.joined(separator: ",\n"))
        }
      }

      """
  }

  /// Lines of `properties` that refer to the keys' own definitions.
  static func references(to keys: [PlanKey], indent: Int = 8) -> String {
    keys.map { key in
      var target = key.key
      if case .section(let name, _) = key.kind { target = name }
      return String(repeating: " ", count: indent)
        + "\"\(key.key)\": { \"$ref\": \"#/$defs/\(target)\" }"
    }.joined(separator: ",\n")
  }

  static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }

  private static func object(of section: PlanSection, extra: String = "") -> String {
    "    \"\(section.name)\": {\n\(body(of: section, indent: 6, extra: extra))\n    }"
  }

  private static func body(of section: PlanSection, indent: Int, extra: String = "") -> String {
    let space = String(repeating: " ", count: indent)
    let required = section.keys.filter { if case .required = $0.standard { true } else { false } }
    var lines = [
      "\"description\": \"\(escaped(section.summary))\"", "\"type\": \"object\"",
      "\"additionalProperties\": false",
    ]
    // Keys that `defaults` may give are not required.
    if !required.isEmpty && section.form != .settings {
      lines.append("\"required\": [\(required.map { "\"\($0.key)\"" }.joined(separator: ", "))]")
    }
    if !section.constraint.isEmpty { lines.append(section.constraint) }
    let properties = section.keys.map { "\(space)  \"\($0.key)\": \($0.schema)" }
    lines.append(
      "\"properties\": {\n" + (properties + (extra.isEmpty ? [] : [extra])).joined(separator: ",\n")
        + "\n\(space)}")
    return lines.map { space + $0 }.joined(separator: ",\n")
  }
}

/// The keys of plans, for people.
enum PlanKeyDocument {
  static var markdown: String {
    """
    # Keys of a plan

    <!-- Made by `make generate` from Sources/Schema/Definitions; change that. -->

    A plan is a JSON object. `bindstorm validate PLAN` names every mistake with its line, and
    [the JSON Schema](../\(PlanSchema.path)) lets an editor do so. A key that is not listed here is a mistake.

    \(PlanSections.all.map(section).joined(separator: "\n"))
    """
  }

  private static func section(_ section: PlanSection) -> String {
    let rows = section.keys.map {
      "| `\($0.key)` | \($0.documentedType) | \($0.unit) | \($0.documentedStandard) | \($0.summary) |"
    }
    let words = section.keys.compactMap { key -> String? in
      guard case .word(let type) = key.kind else { return nil }
      let lines = PlanWords.words(of: type).map { "- `\"\($0.word)\"`: \($0.summary)" }
      return "`\(key.key)`:\n\n\(lines.joined(separator: "\n"))\n"
    }
    return """
      ## \(section.name)

      \(section.summary)

      | key | value | unit | if absent | meaning |
      |---|---|---|---|---|
      \(rows.joined(separator: "\n"))

      \(words.isEmpty ? "" : words.joined(separator: "\n") + "\n")
      """.trimmingLastNewline
  }
}

extension String {
  fileprivate var trimmingLastNewline: String { hasSuffix("\n\n") ? String(dropLast()) : self }
}

extension PlanKey {
  /// Its value in JSON if the plan does not give it. Nil if the value is computed, belongs to an object, or cannot be
  /// written in a plan.
  private var standardInJSON: String? {
    guard case .value(let value) = standard else { return nil }
    switch kind {
    case .word(let type):
      return PlanWords.words(of: type).first { value == ".\($0.name)" }.map { "\"\($0.word)\"" }
    case .foreignWord(_, let words):
      return words.first { value == ".\($0)" }.map { "\"\($0)\"" }
    case .whole(let range):
      let number = value.replacing("_", with: "")
      return Int(number).map(range.contains) == true ? number : nil
    case .flag, .real, .between, .milliseconds: return value.replacing("_", with: "")
    case .text: return value
    case .section, .own, .list: return nil
    }
  }

  fileprivate var documentedStandard: String {
    switch standard {
    case .computed(_, let words), .none(let words): words
    case .required: "must be given"
    case .value:
      if case .section = kind {
        "as its keys say"
      } else {
        standardInJSON.map { $0 == "\"\"" ? "nothing" : "`\($0)`" } ?? "none"
      }
    }
  }

  fileprivate var documentedType: String {
    switch kind {
    case .flag: "true or false"
    case .text: "text"
    case .whole(let range): "\(range.lowerBound) to \(range.upperBound)"
    case .real(let range): "\(range.lowerBound) to \(range.upperBound)"
    case .between(let range): "above \(range.lowerBound) and below \(range.upperBound)"
    case .milliseconds(let range): "\(range.lowerBound) to \(range.upperBound), fractions allowed"
    case .word(let type):
      PlanWords.words(of: type).map { "`\"\($0.word)\"`" }.joined(separator: ", ")
    case .foreignWord(_, let words): words.map { "`\"\($0)\"`" }.joined(separator: ", ")
    case .section(let name, _): "[\(name)](#\(name))"
    case .list(let name, _, let count):
      "list of [\(name)](#\(name))"
        + (count.upperBound == .max ? "" : ", at most \(count.upperBound)")
    case .own(_, _, let words): words
    }
  }

  fileprivate var schema: String {
    var items: [String] = []
    switch kind {
    case .flag: items.append("\"type\": \"boolean\"")
    case .text: items.append("\"type\": \"string\"")
    case .whole(let range):
      items.append(
        "\"type\": \"integer\", \"minimum\": \(range.lowerBound), \"maximum\": \(range.upperBound)")
    case .milliseconds(let range):
      items.append(
        "\"type\": \"number\", \"minimum\": \(range.lowerBound), \"maximum\": \(range.upperBound)")
    case .real(let range):
      items.append(
        "\"type\": \"number\", \"minimum\": \(range.lowerBound), \"maximum\": \(range.upperBound)")
    case .between(let range):
      items.append(
        "\"type\": \"number\", \"exclusiveMinimum\": \(range.lowerBound), \"exclusiveMaximum\": \(range.upperBound)"
      )
    case .word(let type):
      let words = PlanWords.words(of: type).map { "\"\($0.word)\"" }
      items.append("\"enum\": [\(words.joined(separator: ", "))]")
    case .foreignWord(_, let words):
      items.append("\"enum\": [\(words.map { "\"\($0)\"" }.joined(separator: ", "))]")
    case .section(let name, _): items.append("\"$ref\": \"#/$defs/\(name)\"")
    case .list(let name, _, let count): items.append(list(of: name, count))
    case .own(_, let schema, _): items.append(schema)
    }
    if let standardInJSON, standardInJSON != "\"\"" {
      items.append("\"default\": \(standardInJSON)")
    }
    items.append("\"description\": \"\(PlanSchema.escaped(sentence))\"")
    return "{ \(items.joined(separator: ", ")) }"
  }

  private var sentence: String {
    if case .computed(_, let words) = standard { return summary + " If absent: \(words)." }
    return summary
  }

  private func list(of name: String, _ count: ClosedRange<Int>) -> String {
    // A choice with options may also be given by its name alone.
    let isChoice = name == PlanSections.strategy.name || name == PlanSections.thief.name
    let reference = "{ \"$ref\": \"#/$defs/\(name)\" }"
    let name = "{ \"type\": \"string\", \"pattern\": \"^[a-z0-9]+(-[a-z0-9]+)*$\" }"
    return "\"type\": \"array\""
      + (count.lowerBound > 0 ? ", \"minItems\": \(count.lowerBound)" : "")
      + (count.upperBound < .max ? ", \"maxItems\": \(count.upperBound)" : "")
      + ", \"items\": " + (isChoice ? "{ \"oneOf\": [\(name), \(reference)] }" : reference)
  }
}
