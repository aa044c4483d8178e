/// The JSON Schema of a line of `events.jsonl`.
enum EventSchema {
  static let path = "Documentation/schema/events-v1.schema.json"

  static var text: String {
    let events = Events.all.filter { $0.event != nil }
    let choices = events.map { "    { \"$ref\": \"#/$defs/\($0.type)\" }" }
    let definitions = Events.all.map { "    \"\($0.type)\": \(object($0))" }
    return """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bindstorm event, version 1",
        "description": "A line of events.jsonl. Made by `make generate` from Sources/Schema/Definitions; Documentation/events.md explains it.",
        "oneOf": [
      \(choices.joined(separator: ",\n"))
        ],
        "$defs": {
      \(definitions.joined(separator: ",\n"))
        }
      }

      """
  }

  private static func object(_ record: Record) -> String {
    var properties = record.event.map { ["\"event\": { \"const\": \"\($0)\" }"] } ?? []
    var required = record.event.map { _ in ["\"event\""] } ?? []
    for field in record.fields {
      if case .columns(let type, let columns) = field.kind {
        let inner = Events.all.first { $0.type == type }!.fields
        properties += zip(columns, inner).map { column, inner in
          "\"\(field.json + column)\": { \"type\": \"array\", \"items\": { \(value(inner)) } }"
        }
        continue
      }
      properties.append(
        "\"\(field.json)\": { \(value(field)), \"description\": \"\(escaped(field.summary))\" }")
      if field.absent == nil || field.isAlwaysWritten { required.append("\"\(field.json)\"") }
    }
    return """
      {
            "type": "object", "additionalProperties": false,
            "description": "\(escaped(record.summary))",
            "required": [\(required.joined(separator: ", "))],
            "properties": {
              \(properties.joined(separator: ",\n        "))
            }
          }
      """
  }

  /// The keywords for a field's value.
  private static func value(_ field: Field) -> String {
    switch field.kind {
    case .number("Int"):
      "\"type\": \"integer\", \"minimum\": \(field.least), \"maximum\": \(Field.mostCount)"
    case .number("Int32"), .status: "\"type\": \"integer\""
    case .number, .time: "\"type\": \"integer\", \"minimum\": 0"
    case .port: port
    case .flag: "\"type\": \"boolean\""
    case .text, .lines: "\"type\": \"string\""
    case .ports: "\"type\": \"array\", \"items\": { \(port) }"
    case .numbers: "\"type\": \"array\", \"items\": { \"type\": \"integer\" }"
    case .word(let set): words(of: set)
    case .record(let type), .optionalRecord(let type): "\"$ref\": \"#/$defs/\(type)\""
    case .columns: preconditionFailure("columns are several values")
    }
  }

  private static func words(of type: String) -> String {
    guard let set = (ClosedSets.all + PlanWords.all).first(where: { $0.type == type }) else {
      preconditionFailure("there are no words of \(type)")
    }
    return "\"enum\": [\(set.cases.map { "\"\($0.word)\"" }.joined(separator: ", "))]"
  }

  private static let port = "\"type\": \"integer\", \"minimum\": 0, \"maximum\": 65535"

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }
}
