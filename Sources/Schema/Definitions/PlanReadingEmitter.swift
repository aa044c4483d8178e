/// How the objects of a plan are read, and what stored numbers may be, in Swift.
enum PlanReadingEmitter {
  static var swift: String {
    swiftHead + """
      internal import ForcedCalls
      internal import PlanModel

      \(limits)
      \(PlanSections.all.map(reading).joined(separator: "\n"))
      \(stored)
      """
  }

  private static var limits: String {
    let lines = PlanSections.all.flatMap { section in
      section.keys.compactMap { key in
        key.limits.map { "  static let \(key.limitsName(in: section)) = \($0)\n" }
      }
    }
    let pool = PlanSections.pool.properties[0].limits!
    return """
      /// Least and greatest numbers of a plan's settings, and how many elements its lists may have.
      enum PlanLimits {
        static let poolPort = \(pool)
      \(lines.joined())}

      """
  }

  private static func reading(_ section: PlanSection) -> String {
    let names = """
        static let names = [
      \(section.keys.map { "    \"\($0.key)\",\n" }.joined())  ]

      """
    let head = "/// The keys of `\(section.name)`.\n"
    let keys = head + "enum \(section.keysType) {\n\(names)}\n"
    switch section.form {
    case .names: return keys
    case .keys: return structure(section, head, names)
    case .settings where section.name == PlanSections.settings.name:
      return keys + "\n" + update(section, "_ object: PlanObject")
    case .settings: return keys + (section.stored == nil ? "\n" + update(section, nil) : "")
    case .startup: return keys + "\n" + startup(section)
    case .demands: return keys + "\n" + demands(section)
    }
  }

  /// What an object gives, as a structure.
  private static func structure(_ section: PlanSection, _ head: String, _ names: String) -> String {
    let properties = section.keys.map { key -> String in
      var type = key.type
      if key.readsNode { type = "PlanNode" }
      if case .value = key.standard {} else { type += "?" }
      return "  let \(key.property): \(type)\n"
    }
    let reads = section.keys.map { key -> String in
      var value = "object[\"\(key.key)\"]"
      // A value with a reader written by hand is also required by hand.
      if case .required = key.standard, !key.readsNode {
        value = "object.required(\"\(key.key)\")"
      }
      if !key.readsNode { value += "?.\(key.reading(in: section))" }
      if case .value(let standard) = key.standard { value += " ?? \(standard)" }
      return "    \(key.property) = \(value)\n"
    }
    return head + """
      /// A value that is absent or wrong is its standard or nil. What is wrong is reported.
      struct \(section.keysType) {
      \(names)
        let object: PlanObject
      \(properties.joined())
        /// Nil, after a report, for anything but an object with keys that are known.
        init?(_ node: PlanNode) {
          guard let object = node.object(keys: Self.names) else { return nil }
          self.init(object)
        }

        init(_ object: PlanObject) {
          self.object = object
      \(reads.joined())  }
      }

      """
  }

  /// What an object gives changes the settings; the rest stays.
  private static func update(_ section: PlanSection, _ parameter: String?) -> String {
    let reads = section.properties.map { key -> String in
      if case .section = key.kind {
        return "    if let node = object[\"\(key.key)\"] { \(key.property).read(node) }\n"
      }
      return "    if let value = object[\"\(key.key)\"]?.\(key.reading(in: section)) "
        + "{ \(key.property) = value }\n"
    }
    let open =
      parameter == nil
      ? "    guard let object = node.object(keys: \(section.keysType).names) else { return }\n" : ""
    return """
      extension \(section.type) {
        mutating func read(\(parameter ?? "_ node: PlanNode")) {
      \(open)\(reads.joined())  }
      }

      """
  }

  private static func demands(_ section: PlanSection) -> String {
    let arguments = section.keys.map { key -> String in
      var value = "object[\"\(key.key)\"]?.\(key.reading(in: section))"
      if case .value(let standard) = key.standard { value += " ?? \(standard)" }
      return "\(key.property): \(value)"
    }
    return """
      extension \(section.type) {
        /// What an object with known keys demands. What is wrong is reported.
        init(_ object: PlanObject) {
          self.init(
            \(arguments.joined(separator: ",\n      ")))
        }
      }

      """
  }

  private static func startup(_ section: PlanSection) -> String {
    let properties = section.keys.map { "  private var \($0.property): \($0.type)?\n" }
    let reads = section.keys.map {
      "    if let value = object[\"\($0.key)\"]?.\($0.reading(in: section)) { \($0.property) = value }\n"
    }
    let arguments = section.keys.map { key in
      switch key.standard {
      case .value(let value): "\(key.property): \(key.property) ?? \(value)"
      case .computed(let expression, _) where expression.needsAPIServers:
        "\(key.property): \(key.property) ?? \(expression)"
      default: "\(key.property): \(key.property)"
      }
    }
    return """
      /// The settings of `startup` in a plan; what is not given keeps its value.
      struct StartupSettings {
        /// All of them, where they were resolved before.
        private let known: Startup?
      \(properties.joined())
        /// Nothing given.
        init() { known = nil }

        /// As they were resolved before, whatever is read.
        init(_ startup: Startup) { known = startup }

        mutating func read(_ node: PlanNode) {
          guard let object = node.object(keys: \(section.keysType).names) else { return }
      \(reads.joined())  }

        /// - Parameter apiServers: of a launch.
        func resolved(apiServers: Int) -> Startup {
          if let known { return known }
          return Startup(
            \(arguments.joined(separator: ",\n      ")))
        }
      }

      """
  }

  private static var stored: String {
    let tables = PlanSections.all.filter { $0.form != .names && !$0.isPartOfSettings }.map {
      "  static let \($0.name): [StoredNumber] = [\n\(numbers($0, path: ""))  ]\n"
    }
    return """
      /// What the numbers of a stored plan may be, by property.
      enum StoredNumbers {
      \(tables.joined())}

      """
  }

  private static func numbers(_ section: PlanSection, path: String) -> String {
    section.properties.map { key in
      if case .section(let name, _) = key.kind {
        return numbers(PlanSections.named(name), path: "\(key.property).")
      }
      guard let limits = key.storedLimits else { return "" }
      return "    StoredNumber(\"\(path)\(key.property)\", \(limits)),\n"
    }.joined()
  }
}

extension PlanSection {
  /// The Swift type with the names of its keys.
  fileprivate var keysType: String { name.prefix(1).uppercased() + name.dropFirst() + "Keys" }

  /// Whether the settings of a trial have it within them.
  fileprivate var isPartOfSettings: Bool {
    PlanSections.settings.properties.contains {
      if case .section(name, _) = $0.kind { true } else { false }
    }
  }
}

extension PlanKey {
  /// The name of the limits in Swift.
  fileprivate func limitsName(in section: PlanSection) -> String {
    section.prefix.isEmpty
      ? property : section.prefix + property.prefix(1).uppercased() + property.dropFirst()
  }

  /// Whether its hand-written reader begins with its node.
  fileprivate var readsNode: Bool {
    switch kind {
    case .own, .list, .section: true
    default: false
    }
  }

  /// Reads the key's value from a node of the plan.
  fileprivate func reading(in section: PlanSection) -> String {
    switch kind {
    case .flag: "boolean()"
    case .text: "string()"
    case .whole: "integer(PlanLimits.\(limitsName(in: section)))"
    case .real, .between, .milliseconds: "number(PlanLimits.\(limitsName(in: section)))"
    case .word(let type), .foreignWord(let type, _): "word(\(type).self)"
    case .list(let name, _, _): "\(name)s()"
    case .section, .own: preconditionFailure("\(key) is read by hand")
    }
  }

  /// What a stored number may be. Where the plan gives none, it is the standard.
  fileprivate var storedLimits: String? {
    switch kind {
    case .whole(let range):
      var low = range.lowerBound
      if case .value(let text) = standard, let value = Int(text) { low = min(low, value) }
      return ".whole(\(low.grouped)...\(range.upperBound.grouped))"
    case .milliseconds, .real, .between: return limits.map { ".real(\($0))" }
    default: return nil
    }
  }
}
