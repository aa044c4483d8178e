/// How events are written and read, in Swift.
enum CodingEmitter {
  static var swift: String {
    let events = Events.all.filter { $0.event != nil }
    let encoded = events.map {
      "    case .\($0.eventCase!)(let record): encode(record, into: &buffer)\n"
    }
    let decoded = events.map {
      "    case \"\($0.event!)\": return .\($0.eventCase!)(try \($0.decoder)(&fields))\n"
    }
    return swiftHead + """
      internal import PlanModel

      extension EventEncoder {
        /// Appends an event without its newline.
        static func encodeObject(_ event: Event, into buffer: inout ByteBuffer) {
          switch event {
      \(encoded.joined())    }
        }

      \(Events.all.map(encoder).joined(separator: "\n"))}

      extension EventDecoder {
        /// The event of that word with those fields.
        static func event(
          _ word: String, _ fields: inout EventFields
        ) throws(Failure) -> Event {
          switch word {
      \(decoded.joined())    default: throw Failure(reason: "unknown event \\"\\(word)\\"")
          }
        }

      \(Events.all.map(decoder).joined(separator: "\n"))}

      """
  }

  // MARK: Writing

  private static func encoder(_ record: Record) -> String {
    var lines: [String] = []
    var start = record.event.map { "{\\\"event\\\":\\\"\($0)\\\"," } ?? "{"
    for field in record.fields {
      if let absent = field.absent, !field.isAlwaysWritten {
        precondition(start.isEmpty, "the first field of \(record.type) must always be there")
        lines += optional(field, absent)
      } else {
        let name = "\(start.isEmpty ? "," : start)\\\"\(field.json)\\\":"
        lines.append("buffer.append(\"\(name)\")")
        lines.append(write("record.\(field.name)", field.kind))
        start = ""
      }
    }
    let body = lines.map { "    \($0)\n" }.joined()
    return """
        private static func encode(_ record: \(record.type), into buffer: inout ByteBuffer) {
      \(body)    buffer.append(125)
        }

      """
  }

  /// A field that is left out at its standard value.
  private static func optional(_ field: Field, _ absent: String) -> [String] {
    let name = "buffer.append(\",\\\"\(field.json)\\\":\")"
    let value = "record.\(field.name)"
    switch field.kind {
    case .columns(_, let columns):
      return columnsWritten(field, columns)
    case .status, .optionalRecord:
      return [
        "if let value = \(value) {", "  \(name)", "  \(write("value", field.kind))", "}",
      ]
    default:
      let isThere = ["[]", "\"\""].contains(absent) ? "!\(value).isEmpty" : "\(value) != \(absent)"
      return ["if \(isThere) {", "  \(name)", "  \(write(value, field.kind))", "}"]
    }
  }

  private static func columnsWritten(_ field: Field, _ columns: [String]) -> [String] {
    guard case .columns(let type, _) = field.kind else { return [] }
    let fields = Events.all.first { $0.type == type }!.fields
    let lists = zip(columns, fields).flatMap { (column, inner) -> [String] in
      let element =
        inner.isStatus ? "$0.\(inner.name).map { Int($0) } ?? -1" : "Int($0.\(inner.name))"
      return [
        "  buffer.append(\",\\\"\(field.json)\(column)\\\":\")",
        "  buffer.append(list: record.\(field.name).map { \(element) })",
      ]
    }
    return ["if !record.\(field.name).isEmpty {"] + lists + ["}"]
  }

  private static func write(_ value: String, _ kind: Field.Kind) -> String {
    switch kind {
    case .number("UInt64"), .time: "buffer.append(decimal: \(value))"
    case .number("Int"): "buffer.append(decimal: \(value))"
    case .number, .status: "buffer.append(decimal: Int(\(value)))"
    case .port: "buffer.append(decimal: UInt64(\(value)))"
    case .flag: "buffer.append(\(value) ? \"true\" : \"false\")"
    case .text: "buffer.append(quoted: \(value))"
    case .lines: "buffer.append(quoted: \(value).joined(separator: \"\\n\"))"
    case .ports, .numbers: "buffer.append(list: \(value))"
    // A set of another module has no literal.
    case .word(let set):
      ClosedSets.all.contains { $0.type == set }
        ? "buffer.append(word: \(value).word)" : "buffer.append(quoted: \(value).rawValue)"
    case .record, .optionalRecord: "encode(\(value), into: &buffer)"
    case .columns: preconditionFailure("columns are written in one piece")
    }
  }

  // MARK: Reading

  private static func decoder(_ record: Record) -> String {
    let arguments = record.fields.map { "\($0.name): \(read($0))" }
    let helpers = record.fields.compactMap(helper)
    return """
        private static func \(record.decoder)(
          _ fields: inout EventFields
        ) throws(Failure) -> \(record.type) {
          \(record.type)(
            \(arguments.joined(separator: ",\n      ")))
        }

      \(helpers.joined())
      """
  }

  private static func read(_ field: Field) -> String {
    let standard = field.isAlwaysWritten ? nil : field.absent
    let argument = "\"\(field.json)\"" + (standard.map { ", default: \($0)" } ?? "")
    return switch field.kind {
    case .number("Int"): "try fields.count(\(argument)\(leastArgument(field)))"
    case .number, .time, .port: "try fields.number(\(argument))"
    case .flag: "try fields.boolean(\(argument))"
    case .text: "try fields.text(\(argument))"
    case .lines:
      "try fields.text(\"\(field.json)\", default: \"\").split(separator: \"\\n\").map(String.init)"
    case .numbers: "try fields.counts(\(argument))"
    case .ports:
      standard == nil
        ? "try fields.numbers(\(argument), default: nil)" : "try fields.numbers(\(argument))"
    case .status: "try fields.numberIfPresent(\"\(field.json)\")"
    case .word(let set):
      "try fields.word(\"\(field.json)\"" + (standard.map { ", default: \(set)\($0)" } ?? "") + ")"
    case .record(let type):
      "try fields.object(\"\(field.json)\", \(Record.decoder(of: type)))"
    case .optionalRecord(let type):
      "try fields.objectIfPresent(\"\(field.json)\", \(Record.decoder(of: type)))"
    case .columns: "try \(field.name)(&fields)"
    }
  }

  private static func leastArgument(_ field: Field) -> String {
    field.least == 0 ? "" : ", least: \(field.least)"
  }

  /// Reads lists that belong together.
  private static func helper(_ field: Field) -> String? {
    guard case .columns(let type, let columns) = field.kind else { return nil }
    let fields = Events.all.first { $0.type == type }!.fields
    let lists = zip(columns, fields).map { (column, inner) -> String in
      let element = inner.isStatus ? "Int32" : inner.type
      let read = element == "Int" ? "counts" : "numbers"
      let least = element == "Int" ? leastArgument(inner) : ""
      return
        "    let \(inner.name): [\(element)] = try fields.\(read)(\"\(field.json)\(column)\", default: []\(least))\n"
    }
    let first = fields[0].name
    let counts = fields.dropFirst().map { "\($0.name).count" }.joined(separator: ", ")
    let arguments = fields.map { inner in
      "\(inner.name): \(inner.isStatus ? "\(inner.name)[$0] < 0 ? nil : " : "")\(inner.name)[$0]"
    }
    return """
        private static func \(field.name)(_ fields: inout EventFields) throws(Failure) -> [\(type)] {
      \(lists.joined())    guard [\(counts)].allSatisfy({ $0 == \(first).count }) else {
            throw Failure(reason: "the lists of \(field.name) differ in length")
          }
          return \(first).indices.map {
            \(type)(\(arguments.joined(separator: ", ")))
          }
        }

      """
  }
}

extension Field {
  /// Whether it is a wait status; in a list, -1 means that there is none.
  fileprivate var isStatus: Bool {
    if case .status = kind { return true }
    return false
  }
}

extension Record {
  /// Name of the function that reads it.
  var decoder: String { Self.decoder(of: type) }

  static func decoder(of type: String) -> String { type.prefix(1).lowercased() + type.dropFirst() }
}
