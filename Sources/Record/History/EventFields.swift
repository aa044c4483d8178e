/// The fields of one JSON object. Each is taken out when it is read, so that unknown fields remain and can be reported.
struct EventFields {
  private var fields: [(key: String, value: JSONValue)]

  init(_ object: [(key: String, value: JSONValue)]) { fields = object }

  private mutating func take(_ name: String) -> JSONValue? {
    guard let index = fields.firstIndex(where: { $0.key == name }) else { return nil }
    return fields.remove(at: index).value
  }

  private func missing(_ name: String) -> EventDecoder.Failure {
    EventDecoder.Failure(reason: "field \"\(name)\" is missing")
  }

  private func wrong(_ name: String, _ expected: String) -> EventDecoder.Failure {
    EventDecoder.Failure(reason: "field \"\(name)\" is not \(expected)")
  }

  /// Checks that every field was taken.
  func finish() throws(EventDecoder.Failure) {
    if let field = fields.first {
      throw EventDecoder.Failure(reason: "unknown field \"\(field.key)\"")
    }
  }

  mutating func numberIfPresent<Number: FixedWidthInteger>(
    _ name: String
  ) throws(EventDecoder.Failure) -> Number? {
    guard let value = take(name) else { return nil }
    guard case .number(let number) = value, let exact = Number(exactly: number) else {
      throw wrong(name, "a whole number in \(Number.min)...\(Number.max)")
    }
    return exact
  }

  mutating func number<Number: FixedWidthInteger>(
    _ name: String, default standard: Number? = nil
  ) throws(EventDecoder.Failure) -> Number {
    guard let number: Number = try numberIfPresent(name) ?? standard else { throw missing(name) }
    return number
  }

  /// The largest count and position, as in Documentation/events.md.
  private static let mostCount = Int(UInt32.max)

  /// A count or a position.
  mutating func count(
    _ name: String, default standard: Int? = nil, least: Int = 0
  ) throws(EventDecoder.Failure) -> Int {
    let number = try number(name, default: standard)
    guard (least...Self.mostCount).contains(number) else {
      throw wrong(name, "a whole number in \(least)...\(Self.mostCount)")
    }
    return number
  }

  /// A list of counts or positions.
  mutating func counts(
    _ name: String, default standard: [Int], least: Int = 0
  ) throws(EventDecoder.Failure) -> [Int] {
    let numbers = try numbers(name, default: standard)
    guard numbers.allSatisfy((least...Self.mostCount).contains) else {
      throw wrong(name, "a list of whole numbers in \(least)...\(Self.mostCount)")
    }
    return numbers
  }

  mutating func text(
    _ name: String, default standard: String? = nil
  ) throws(EventDecoder.Failure) -> String {
    guard let value = take(name) else {
      guard let standard else { throw missing(name) }
      return standard
    }
    guard case .text(let text) = value else { throw wrong(name, "text") }
    return text
  }

  mutating func boolean(
    _ name: String, default standard: Bool? = nil
  ) throws(EventDecoder.Failure) -> Bool {
    guard let value = take(name) else {
      guard let standard else { throw missing(name) }
      return standard
    }
    guard case .boolean(let boolean) = value else { throw wrong(name, "true or false") }
    return boolean
  }

  mutating func word<Word: RawRepresentable<String> & CaseIterable>(
    _ name: String, default standard: Word? = nil
  ) throws(EventDecoder.Failure) -> Word {
    guard let value = take(name) else {
      guard let standard else { throw missing(name) }
      return standard
    }
    guard case .text(let text) = value, let word = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw wrong(name, "one of \(known)")
    }
    return word
  }

  /// A list of whole numbers; `standard` if it is missing.
  mutating func numbers<Number: FixedWidthInteger>(
    _ name: String, default standard: [Number]?
  ) throws(EventDecoder.Failure) -> [Number] {
    guard let value = take(name) else {
      guard let standard else { throw missing(name) }
      return standard
    }
    let expected = "a list of whole numbers in \(Number.min)...\(Number.max)"
    guard case .array(let elements) = value else { throw wrong(name, expected) }
    var numbers: [Number] = []
    numbers.reserveCapacity(elements.count)
    for element in elements {
      guard case .number(let number) = element, let exact = Number(exactly: number) else {
        throw wrong(name, expected)
      }
      numbers.append(exact)
    }
    return numbers
  }

  /// An object, all of whose fields `read` must take; nil if it is missing.
  mutating func objectIfPresent<Record>(
    _ name: String,
    _ read: (inout EventFields) throws(EventDecoder.Failure) -> Record
  ) throws(EventDecoder.Failure) -> Record? {
    guard let value = take(name) else { return nil }
    guard case .object(let object) = value else { throw wrong(name, "an object") }
    var fields = EventFields(object)
    let record = try read(&fields)
    try fields.finish()
    return record
  }

  /// The same for an object that must be there.
  mutating func object<Record>(
    _ name: String,
    _ read: (inout EventFields) throws(EventDecoder.Failure) -> Record
  ) throws(EventDecoder.Failure) -> Record {
    guard let record = try objectIfPresent(name, read) else { throw missing(name) }
    return record
  }

  /// A field's value; the field is not taken.
  func peek(_ name: String) -> JSONValue? { fields.first { $0.key == name }?.value }
}
