/// The types of a plan's words and settings, in Swift.
enum PlanTypeEmitter {
  static var swift: String {
    let sections = PlanSections.all.filter {
      switch $0.form {
      case .settings, .startup, .demands: true
      case .names, .keys: false
      }
    }
    return swiftHead
      + (PlanWords.all.map(words) + sections.map(structure) + [forwarders])
      .joined(separator: "\n")
  }

  private static func words(_ set: ClosedSet) -> String {
    let parts = set.type.split(separator: ".").map(String.init)
    let cases = set.cases.map {
      "  /// \($0.summary)\n  case \($0.name)\($0.name == $0.word ? "" : " = \"\($0.word)\"")\n"
    }
    let text = """
      /// \(set.summary)
      public enum \(parts.last!): String, Sendable, Codable, CaseIterable {
      \(cases.joined())}

      """
    return parts.count > 1 ? "extension \(parts[0]) {\n\(text)}\n" : text
  }

  private static func structure(_ section: PlanSection) -> String {
    let properties = section.properties.map {
      "  /// \($0.documentation)\n  public var \($0.property): \($0.type)\($0.mayBeNil ? "?" : "")\n"
    }
    let assignments = section.properties.map { key in
      var value = key.property
      if case .computed(let expression, _) = key.standard, !expression.needsAPIServers {
        value += " ?? (\(expression))"
      }
      return "    self.\(key.property) = \(value)\n"
    }
    return """
      /// \(section.summary)
      public struct \(section.type): Sendable, Equatable, Codable {
      \(properties.joined())
        public init(
          \(parameters(section).joined(separator: ",\n    "))
        ) {
      \(assignments.joined())  }
      \(section.form == .startup ? decoder(section) : "")}

      """
  }

  /// A run that an earlier build stored has no value for a key that came later: the key's default is what happened.
  private static func decoder(_ section: PlanSection) -> String {
    let arguments = section.properties.map { key -> String in
      let isRequired: Bool
      var standard = ""
      switch key.standard {
      case .value(let value): (isRequired, standard) = (false, " ?? \(value)")
      case .computed(let expression, _): isRequired = expression.needsAPIServers
      case .none: isRequired = false
      case .required: isRequired = true
      }
      let call = isRequired ? "decode" : "decodeIfPresent"
      return
        "\(key.property): try stored.\(call)(\(key.type).self, forKey: .\(key.property))\(standard)"
    }
    return """

        /// A key that is absent has its default: earlier builds did not store it.
        public init(from decoder: any Decoder) throws {
          let stored = try decoder.container(keyedBy: CodingKeys.self)
          self.init(
            \(arguments.joined(separator: ",\n      ")))
        }

      """
  }

  private static func parameters(_ section: PlanSection) -> [String] {
    section.properties.map { key in
      switch key.standard {
      case .value(let value): "\(key.property): \(key.type) = \(value)"
      case .none: "\(key.property): \(key.type)? = nil"
      case .required: "\(key.property): \(key.type)"
      case .computed(let expression, _):
        "\(key.property): \(key.type)" + (expression.needsAPIServers ? "" : "? = nil")
      }
    }
  }

  /// The settings of a trial as properties of the arm, and as a type of which the arm consists.
  private static var forwarders: String {
    let properties = PlanSections.settings.properties.map {
      """
        /// \($0.documentation)
        @inlinable public var \($0.property): \($0.type) {
          get { settings.\($0.property) }
          set { settings.\($0.property) = newValue }
        }

      """
    }
    let settings = PlanSections.settings
    let arguments = settings.properties.map { "\($0.property): \($0.property)" }
    return """
      extension Arm {
      \(properties.joined())
        public init(
          index: Int, scenario: String, why: String = "", strategy: Choice,
          \(parameters(settings).joined(separator: ",\n    ")),
          startup: Startup? = nil, thieves: [Choice] = [], faults: [PlannedFault] = [], trials: Int,
          expectation: Expectation? = nil, published: [PublishedFigure] = [],
          skipReason: String? = nil
        ) {
          self.init(
            index: index, scenario: scenario, why: why, strategy: strategy,
            settings: \(settings.type)(
              \(arguments.joined(separator: ",\n        "))),
            startup: startup, thieves: thieves, faults: faults, trials: trials,
            expectation: expectation, published: published, skipReason: skipReason)
        }
      }

      """
  }
}

extension String {
  /// Whether an expression needs the launch's size, which a settings type does not contain.
  var needsAPIServers: Bool { contains("apiServers") }
}

extension PlanKey {
  /// Whether the property can be nil once everything is resolved.
  var mayBeNil: Bool {
    if case .computed(let expression, _) = standard { return expression.contains("nil") }
    return isOptional
  }

  /// A sentence, the unit and the range.
  var documentation: String {
    var text = summary
    if !unit.isEmpty { text += " Unit: \(unit)." }
    switch kind {
    case .whole(let range), .milliseconds(let range):
      text += " \(range.lowerBound)...\(range.upperBound)."
    case .real(let range): text += " \(range.lowerBound)...\(range.upperBound)."
    case .between(let range):
      text += " Between \(range.lowerBound) and \(range.upperBound)."
    default: break
    }
    if case .none(let words) = standard, !words.isEmpty { text += " Nil: \(words)." }
    return text
  }
}
