/// The closed sets, in Swift.
enum ClosedSetEmitter {
  static var swift: String { swiftHead + ClosedSets.all.map(type).joined(separator: "\n") }

  private static func type(_ set: ClosedSet) -> String {
    let parts = set.type.split(separator: ".").map(String.init)
    let cases = set.cases.map {
      "  /// \($0.summary)\n  case \($0.name)\($0.name == $0.word ? "" : " = \"\($0.word)\"")\n"
    }
    let words = set.cases.map { "    case .\($0.name): \"\($0.word)\"\n" }
    var text = """
      /// \(set.summary)
      public enum \(parts.last!): String, Sendable, Codable, CaseIterable {
      \(cases.joined())
        /// The raw value as a literal: writing it neither allocates nor hashes.
        var word: StaticString {
          switch self {
      \(words.joined())    }
        }

      """
    if set.cPrefix != nil {
      let numbers = set.cases.enumerated().map { "    case \($0): self = .\($1.name)\n" }
      text += """

          /// The case that a worker wrote as a number; nil for a number that none has.
          public init?(number: UInt32) {
            switch number {
        \(numbers.joined())    default: return nil
            }
          }

        """
    }
    text += "}\n"
    guard parts.count > 1 else { return text }
    let inner = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n")
    return "extension \(parts[0]) {\n\(inner)}\n"
  }
}

/// The records, in Swift.
enum RecordEmitter {
  static var swift: String {
    swiftHead + "public import PlanModel\n\n" + event
      + Events.all.map(type).joined(separator: "\n")
  }

  private static var event: String {
    let cases = Events.all.compactMap { record in
      record.eventCase.map { "  /// \(record.summary)\n  case \($0)(\(record.type))\n" }
    }
    return """
      /// One line of `events.jsonl`. Events are the only thing that passes from running to judging.
      ///
      /// Times are CLOCK_MONOTONIC nanoseconds; 0 means "did not happen". A trial's events are appended together when it
      /// ends, in the order below, between its `trial-started` and its `trial-ended`; a trial without its `trial-ended` was
      /// cut off and is not judged.
      public enum Event: Sendable, Equatable {
      \(cases.joined())}


      """
  }

  private static func type(_ record: Record) -> String {
    let properties = record.fields.map {
      "  /// \($0.summary)\n  public var \($0.name): \($0.type)\n"
    }
    let parameters = record.fields.map { field in
      "\(field.name): \(field.type)" + (field.absent.map { " = \($0)" } ?? "")
    }
    let assignments = record.fields.map { "    self.\($0.name) = \($0.name)\n" }
    return """
      /// \(record.summary)
      public struct \(record.type): Sendable, Equatable, Codable {
      \(properties.joined())
        public init(
          \(parameters.joined(separator: ",\n    "))
        ) {
      \(assignments.joined())  }
      }

      """
  }
}

extension Field {
  /// The Swift type.
  var type: String {
    switch kind {
    case .number(let type): type
    case .time: "UInt64"
    case .port: "UInt16"
    case .flag: "Bool"
    case .text: "String"
    case .lines: "[String]"
    case .ports: "[UInt16]"
    case .numbers: "[Int]"
    case .status: "Int32?"
    case .word(let set): set
    case .record(let type): type
    case .optionalRecord(let type): "\(type)?"
    case .columns(let type, _): "[\(type)]"
    }
  }
}

/// How the recorder makes records from the region's slots, in Swift.
enum SlotRecordEmitter {
  static var swift: String {
    swiftHead
      + "internal import CSharedRegion\ninternal import History\ninternal import PlanModel\n\n"
      + Events.all.filter { $0.slot != nil }.map(initializer).joined(separator: "\n")
  }

  private static func initializer(_ record: Record) -> String {
    let given = record.fields.filter { $0.member == nil }
    let parameters = given.map { "\($0.name): \($0.type)" + ($0.absent.map { " = \($0)" } ?? "") }
    let arguments = record.fields.map { "\($0.name): \(value($0))" }
    return """
      extension \(record.type) {
        /// Takes what a worker left in its slot.
        init(
          \((["_ slot: \(record.slot!)"] + parameters).joined(separator: ",\n    "))
        ) {
          self.init(
            \(arguments.joined(separator: ",\n      ")))
        }
      }

      """
  }

  private static func value(_ field: Field) -> String {
    guard let member = field.member else { return field.name }
    let converted =
      switch field.kind {
      case .flag: "slot.\(member) != 0"
      case .word(let set): "\(set)(number: slot.\(member)) ?? \(field.absent ?? ".none")"
      case .status: "slot.\(member)"
      case .port: "UInt16(truncatingIfNeeded: slot.\(member))"
      default: "\(field.type)(slot.\(member))"
      }
    guard let condition = field.condition else { return converted }
    return "slot.\(condition) != 0 ? \(converted) : \(field.absent!)"
  }
}

/// What tells builds with other slots apart.
enum DigestEmitter {
  /// FNV-1a, 64 bits (Fowler, Noll, Vo; IETF draft-eastlake-fnv).
  static func swift(of texts: [String]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in texts.joined(separator: "\0").utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return swiftHead + """
      /// The text of the shared region's headers, as a number: another name, type or place of a member gives another one.
      enum RegionDigest {
        static let value: UInt64 = 0x\(String(hash, radix: 16))
      }

      """
  }
}
