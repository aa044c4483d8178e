internal import JSON
internal import PlanModel
/// A value of the document with its path, read with checks. A method that finds an error reports it and returns nil,
/// and reading goes on.
struct PlanNode {
  let value: JSONValue
  let path: String
  let collector: ErrorCollector

  func report(_ message: @autoclosure () -> String, suggestion: @autoclosure () -> String? = nil) {
    collector.report(message(), at: value.position, path: path, suggestion: suggestion())
  }

  /// Reports that a key is missing, unless it is there under a wrong name, which was reported.
  /// - Parameters:
  ///   - paths: where it or what is around it could stand.
  func reportMissing(_ paths: [String], _ message: @autoclosure () -> String) {
    if !collector.hasMisspelt(paths) { report(message()) }
  }

  private func wrongType(_ expected: @autoclosure () -> String) {
    report("expected \(expected()), found \(value.kind)")
  }

  /// The members of an object, all of whose keys must be among `keys`.
  func object(keys: [String]) -> PlanObject? {
    guard case .object(let members) = value.content else {
      wrongType("an object")
      return nil
    }
    for member in members where !keys.contains(member.key) {
      let near = Suggestion.closest(to: member.key, among: keys)
      if let near { collector.note(misspelt: child(near)) }
      // A list of all would hide the suggestion.
      let all = near == nil ? "; known here: \(keys.joined(separator: ", "))" : ""
      collector.report(
        "unknown key \"\(member.key)\"\(all)", at: member.position, path: child(member.key),
        suggestion: near)
    }
    return PlanObject(node: self, members: members)
  }

  /// The members of an object with free keys.
  func freeObject() -> PlanObject? {
    guard case .object(let members) = value.content else {
      wrongType("an object")
      return nil
    }
    return PlanObject(node: self, members: members)
  }

  /// The elements of an array that may not be empty.
  func elements() -> [PlanNode]? {
    guard case .array(let elements) = value.content else {
      wrongType("an array")
      return nil
    }
    if elements.isEmpty { report("expected at least one element, found an empty array") }
    return elements.enumerated().map {
      PlanNode(value: $0.element, path: "\(path)[\($0.offset)]", collector: collector)
    }
  }

  func string() -> String? {
    guard case .string(let text) = value.content else {
      wrongType("a string")
      return nil
    }
    return text
  }

  func boolean() -> Bool? {
    guard case .boolean(let flag) = value.content else {
      wrongType("true or false")
      return nil
    }
    return flag
  }

  func integer(_ range: ClosedRange<Int>) -> Int? {
    guard case .number(let text) = value.content, let number = Int(text) else {
      wrongType("a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    guard range.contains(number) else {
      report("expected a number from \(range.lowerBound) to \(range.upperBound), found \(number)")
      return nil
    }
    return number
  }

  func unsigned() -> UInt64? {
    guard case .number(let text) = value.content, let number = UInt64(text) else {
      wrongType("a whole number from 0 to \(UInt64.max)")
      return nil
    }
    return number
  }

  func number(_ range: ClosedRange<Double>) -> Double? {
    guard case .number(let text) = value.content, let number = Double(text), number.isFinite else {
      wrongType("a number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    guard range.contains(number) else {
      report("expected a number from \(range.lowerBound) to \(range.upperBound), found \(text)")
      return nil
    }
    return number
  }

  /// One of the words of an enumeration.
  func word<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> Word?
  where Word.RawValue == String {
    let words = Word.allCases.map(\.rawValue)
    guard let text = string() else { return nil }
    guard let word = Word(rawValue: text) else {
      report(
        "expected one of \(words.joined(separator: ", ")), found \"\(text)\"",
        suggestion: Suggestion.closest(to: text, among: words))
      return nil
    }
    return word
  }

  /// The path of a member.
  func child(_ key: String) -> String {
    let isPlain =
      !key.isEmpty
      && key.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" || $0 == "$"
      }
    if !isPlain { return "\(path)['\(key)']" }
    return path.isEmpty ? key : "\(path).\(key)"
  }
}

/// An object of the document.
struct PlanObject {
  let node: PlanNode
  let members: [JSONValue.Member]

  /// The member of that key, nil if it is not there.
  subscript(key: String) -> PlanNode? { members.first { $0.key == key }.map(child) }

  /// The value of a member.
  func child(_ member: JSONValue.Member) -> PlanNode {
    PlanNode(value: member.value, path: node.child(member.key), collector: node.collector)
  }

  /// The member of that key. If it is missing, an error is reported at the object.
  func required(_ key: String) -> PlanNode? {
    if let found = self[key] { return found }
    node.reportMissing([node.child(key)], "the key \"\(key)\" is missing here")
    return nil
  }
}
