/// A key of a plan, and the property that it becomes.
struct PlanKey {
  /// The kind of value.
  enum Kind {
    case flag
    case text
    case whole(ClosedRange<Int>)
    case real(ClosedRange<Double>)
    /// As `real`, without the limits themselves.
    case between(ClosedRange<Double>)
    /// Whole or fractional milliseconds; sent to the workers as microseconds.
    case milliseconds(ClosedRange<Int>)
    /// A word of a Swift type, one of `PlanWords`.
    case word(String)
    /// A word of a Swift type of another target. `PlanSchemaTests` compares the two lists.
    case foreignWord(String, [String])
    /// An object with its own keys: a name in `PlanSections`, and the Swift type.
    case section(String, type: String)
    /// A list of such objects: the type of each, and how many are allowed.
    case list(String, type: String, ClosedRange<Int>)
    /// A value with a reader written by hand: its Swift type, its JSON Schema, and the same in words.
    case own(String, schema: String, words: String)
  }

  /// The value of the setting if the plan does not give it.
  enum Standard {
    case value(String)
    /// An expression over the other properties, and the same in words.
    case computed(String, String)
    /// Nil, and its meaning.
    case none(String)
    /// The plan must give it.
    case required
  }

  /// The name in plans.
  var key: String
  /// The name in Swift.
  var property: String
  var kind: Kind
  var standard: Standard
  var unit: String
  var summary: String

  init(
    _ key: String, _ property: String, _ kind: Kind, _ standard: Standard, unit: String = "",
    _ summary: String
  ) {
    self.key = key
    self.property = property
    self.kind = kind
    self.standard = standard
    self.unit = unit
    self.summary = summary
  }
}

/// An object of a plan, with its keys.
struct PlanSection {
  /// What is generated for it besides its place in the JSON Schema and the documents.
  enum Form {
    /// The names of its keys.
    case names
    /// As `names`, and a structure with the values that were read.
    case keys
    /// The Swift type, how a plan changes it, and how it is sent to the workers.
    case settings
    /// As `settings`; the plan's values are kept separate until their defaults are known.
    case startup
    /// The Swift type, and as `keys`.
    case demands
  }

  /// The name in the JSON Schema.
  var name: String
  /// The name in Swift.
  var type: String
  /// Prefix for the names of its limits in Swift.
  var prefix: String
  var form: Form
  var summary: String
  /// The part of the JSON Schema besides the keys.
  var constraint: String
  var keys: [PlanKey]
  /// Its stored form, if that differs from its keys.
  var stored: [PlanKey]?

  init(
    _ name: String, type: String, prefix: String, _ form: Form, _ summary: String,
    constraint: String = "", _ keys: [PlanKey], stored: [PlanKey]? = nil
  ) {
    self.name = name
    self.type = type
    self.prefix = prefix
    self.form = form
    self.summary = summary
    self.constraint = constraint
    self.keys = keys
    self.stored = stored
  }

  var properties: [PlanKey] { stored ?? keys }
}

extension PlanKey {
  /// The Swift type, without the question mark of an optional.
  var type: String {
    switch kind {
    case .flag: "Bool"
    case .text: "String"
    case .whole: "Int"
    case .real, .between, .milliseconds: "Double"
    case .word(let type), .foreignWord(let type, _): type
    case .section(_, let type), .own(let type, _, _): type
    case .list(_, let type, _): "[\(type)]"
    }
  }

  var isOptional: Bool {
    if case .none = standard { return true }
    return false
  }

  /// Smallest and largest number; for a list, of its elements.
  var limits: String? {
    switch kind {
    case .list(_, _, let range) where range.upperBound == .max: nil
    case .whole(let range), .list(_, _, let range):
      "\(range.lowerBound.grouped)...\(range.upperBound.grouped)"
    case .milliseconds(let range): "\(range.lowerBound.grouped).0...\(range.upperBound.grouped).0"
    case .real(let range), .between(let range): "\(range.lowerBound)...\(range.upperBound)"
    default: nil
    }
  }

  /// The member of the order that carries it.
  var member: String {
    let name = property.upperSnake.lowercased()
    if case .milliseconds = kind { return name.replacing("_milliseconds", with: "_us") }
    return name
  }
}

extension Int {
  /// With an underscore between groups of three digits, as in Swift literals.
  var grouped: String {
    let digits = Array(String(self))
    return digits.enumerated().map { place, digit in
      place > 0 && (digits.count - place).isMultiple(of: 3) ? "_\(digit)" : "\(digit)"
    }.joined()
  }
}
