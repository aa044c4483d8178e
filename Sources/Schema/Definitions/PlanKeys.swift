/// A key of a plan, and the property that it becomes.
struct PlanKey {
  /// What it holds.
  enum Kind {
    case flag
    case text
    case whole(ClosedRange<Int>)
    case real(ClosedRange<Double>)
    /// As `real`, without the ends.
    case between(ClosedRange<Double>)
    /// Whole milliseconds and fractions of them; travels as microseconds.
    case milliseconds(ClosedRange<Int>)
    /// A word of a Swift type, one of `PlanWords`.
    case word(String)
    /// A word of a Swift type of another target. `PlanSchemaTests` holds the two lists together.
    case foreignWord(String, [String])
    /// An object with keys of its own: a name in `PlanSections`, and the Swift type.
    case section(String, type: String)
    /// A list of such objects: the type of each, and how many there may be.
    case list(String, type: String, ClosedRange<Int>)
    /// What is read by hand: its Swift type, its JSON Schema, and the same in words.
    case own(String, schema: String, words: String)
  }

  /// What the setting is where the plan does not give it.
  enum Standard {
    case value(String)
    /// An expression over the other properties, and the same in words.
    case computed(String, String)
    /// Nil, and what that means.
    case none(String)
    /// It must be given.
    case required
  }

  /// In plans.
  var key: String
  /// In Swift.
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
  /// What is generated of it beside its place in the JSON Schema and the documents.
  enum Form {
    /// The names of its keys.
    case names
    /// As `names`, and a structure that holds what was read.
    case keys
    /// The Swift type, how a plan changes it, and how it travels to the workers.
    case settings
    /// As `settings`; what a plan gives is kept apart until its standards are known.
    case startup
    /// The Swift type, and as `keys`.
    case demands
  }

  /// In the JSON Schema.
  var name: String
  /// In Swift.
  var type: String
  /// For the names of its limits in Swift.
  var prefix: String
  var form: Form
  var summary: String
  /// What the JSON Schema says beside the keys.
  var constraint: String
  var keys: [PlanKey]
  /// What is stored of it where that is something else than its keys.
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
  /// The Swift type, without the question mark of one that may be absent.
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

  /// Least and greatest number, of a list that of its elements.
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
  /// With a low line between groups of three digits, as Swift's literals have it.
  var grouped: String {
    let digits = Array(String(self))
    return digits.enumerated().map { place, digit in
      place > 0 && (digits.count - place).isMultiple(of: 3) ? "_\(digit)" : "\(digit)"
    }.joined()
  }
}
