/// One word of a closed set.
struct Case {
  /// The name in Swift.
  var name: String
  /// The word in events.
  var word: String
  /// A sentence.
  var summary: String

  init(_ name: String, _ word: String, _ summary: String) {
    self.name = name
    self.word = word
    self.summary = summary
  }
}

/// A closed set of words: the values that a field may have. Its numbers are the positions of its cases, from 0.
struct ClosedSet {
  /// The Swift type, with its enclosing type.
  var type: String
  var summary: String
  /// Prefix of the C constants; nil if no worker writes it.
  var cPrefix: String?
  var cases: [Case]

  init(_ type: String, c cPrefix: String? = nil, _ summary: String, _ cases: [Case]) {
    self.type = type
    self.cPrefix = cPrefix
    self.summary = summary
    self.cases = cases
  }
}

/// Numbers that exist only in C, with a sentence if the name does not explain them.
struct CNumbers {
  var name: String
  var summary: String
  var values: [(name: String, value: Int, summary: String)]

  init(_ name: String, _ summary: String, _ values: [(String, Int, String)]) {
    self.name = name
    self.summary = summary
    self.values = values
  }
}

/// A structure of the shared region.
struct Slot {
  var name: String
  var summary: String
  var members: [Member]

  init(_ name: String, _ summary: String, _ members: [Member]) {
    self.name = name
    self.summary = summary
    self.members = members
  }
}

/// A member of a slot.
struct Member {
  /// The type in C.
  var type: String
  var name: String
  /// Elements of an array, an expression in C; nil for none.
  var count: String?
  /// The function that gives Swift its address: Swift imports arrays as tuples, and cannot take a member's address.
  var accessor: String?
  var summary: String

  init(
    _ type: String, _ name: String, count: String? = nil, accessor: String? = nil,
    _ summary: String
  ) {
    self.type = type
    self.name = name
    self.count = count
    self.accessor = accessor
    self.summary = summary
  }

  /// Padding, so that words that different processes write often are on separate cache lines.
  static func cacheLine() -> Member {
    Member("char", "padding_to_cache_line", count: "64", "")
  }
}

/// A record of the history: an event, or a part of one.
struct Record {
  /// The Swift type.
  var type: String
  /// The event's word; nil for a record that is part of others.
  var event: String?
  /// The slot that it is made from; nil if the recorder has all of its values.
  var slot: String?
  var summary: String
  var fields: [Field]

  init(
    _ type: String, event: String? = nil, slot: String? = nil, _ summary: String, _ fields: [Field]
  ) {
    self.type = type
    self.event = event
    self.slot = slot
    self.summary = summary
    self.fields = fields
  }

  /// The case of `Event`.
  var eventCase: String? {
    guard let words = event?.split(separator: "-") else { return nil }
    return String(words[0])
      + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
      .joined()
  }
}

/// A field of a record.
struct Field {
  /// Largest count and position: what the shared region's words can hold. Sums over a trial cannot overflow.
  static let mostCount = 4_294_967_295

  /// The kind of value, which determines its Swift type and how it is written.
  enum Kind {
    /// A whole number of a Swift type.
    case number(String)
    /// CLOCK_MONOTONIC nanoseconds.
    case time
    /// 0...65535.
    case port
    case flag
    case text
    /// A list of lines, written as one text.
    case lines
    /// A list of ports.
    case ports
    /// A list of whole numbers.
    case numbers
    /// A wait status as of `waitpid(2)`, or nil.
    case status
    /// A word of a closed set, by its Swift type.
    case word(String)
    /// Another record.
    case record(String)
    case optionalRecord(String)
    /// Records of one type, stored as one list for each field: the names of these lists, in the order of its fields.
    case columns(String, [String])
  }

  var name: String
  /// The name in events, if it is different.
  var json: String
  var kind: Kind
  /// The unit, if the kind does not determine it.
  var unit: String
  /// Smallest value of a number of the type `Int`; all of these are counts or positions.
  var least = 0
  /// Value of a field that is left out, in Swift.
  var absent: String?
  /// Whether it is written even if it has that value.
  var isAlwaysWritten: Bool
  /// Member of the record's slot from which it is read.
  var member: String?
  /// Member that must not be 0; otherwise the field is absent.
  var condition: String?
  var summary: String

  private init(
    _ name: String, _ kind: Kind, json: String?, unit: String = "", absent: String?,
    always: Bool = false, from member: String?, if condition: String? = nil, _ summary: String
  ) {
    self.name = name
    self.kind = kind
    self.json = json ?? name
    self.unit = unit
    self.absent = absent
    isAlwaysWritten = always
    self.member = member
    self.condition = condition
    self.summary = summary
  }

  /// - Parameter least: smallest value of a count; -1 if that is its default and means "none".
  static func number(
    _ name: String, swift: String = "Int", unit: String = "", default absent: String? = nil,
    always: Bool = false, least: Int? = nil, from member: String? = nil,
    if condition: String? = nil, _ summary: String
  ) -> Field {
    var field = Field(
      name, .number(swift), json: nil, unit: unit, absent: absent, always: always, from: member,
      if: condition, summary)
    field.least = least ?? (absent == "-1" ? -1 : 0)
    return field
  }

  /// A process id.
  static func pid(
    _ name: String, default absent: String? = nil, from member: String? = nil, _ summary: String
  ) -> Field {
    Field(
      name, .number("Int32"), json: nil, unit: "process id", absent: absent, from: member, summary)
  }

  /// An errno of Linux.
  static func errno(_ name: String, from member: String? = nil, _ summary: String) -> Field {
    Field(name, .number("Int32"), json: nil, unit: "errno", absent: "0", from: member, summary)
  }

  static func time(
    _ name: String, default absent: String? = nil, from member: String? = nil, _ summary: String
  ) -> Field {
    Field(name, .time, json: nil, absent: absent, from: member, summary)
  }

  static func port(
    _ name: String, default absent: String? = nil, from member: String? = nil, _ summary: String
  ) -> Field {
    Field(name, .port, json: nil, absent: absent, from: member, summary)
  }

  static func flag(
    _ name: String, json: String? = nil, default absent: String? = nil, from member: String? = nil,
    _ summary: String
  ) -> Field {
    Field(name, .flag, json: json, absent: absent, from: member, summary)
  }

  static func text(
    _ name: String, default absent: String? = nil, always: Bool = false, _ summary: String
  ) -> Field {
    Field(name, .text, json: nil, absent: absent, always: always, from: nil, summary)
  }

  static func lines(_ name: String, _ summary: String) -> Field {
    Field(name, .lines, json: nil, absent: "[]", from: nil, summary)
  }

  static func ports(_ name: String, default absent: String? = nil, _ summary: String) -> Field {
    Field(name, .ports, json: nil, absent: absent, from: nil, summary)
  }

  static func numbers(_ name: String, _ summary: String) -> Field {
    Field(name, .numbers, json: nil, absent: "[]", from: nil, summary)
  }

  static func status(
    _ name: String, from member: String? = nil, if condition: String? = nil, _ summary: String
  ) -> Field {
    Field(name, .status, json: nil, absent: "nil", from: member, if: condition, summary)
  }

  static func word(
    _ name: String, of set: String, default absent: String? = nil, always: Bool = false,
    from member: String? = nil, _ summary: String
  ) -> Field {
    Field(name, .word(set), json: nil, absent: absent, always: always, from: member, summary)
  }

  static func record(_ name: String, of type: String, _ summary: String) -> Field {
    Field(name, .record(type), json: nil, absent: nil, from: nil, summary)
  }

  static func optionalRecord(_ name: String, of type: String, _ summary: String) -> Field {
    Field(name, .optionalRecord(type), json: nil, absent: "nil", from: nil, summary)
  }

  static func columns(
    _ name: String, of type: String, named columns: [String], _ summary: String
  ) -> Field {
    Field(name, .columns(type, columns), json: nil, absent: "[]", from: nil, summary)
  }
}
