internal import JSON

/// A change of one scenario of a plan's text: the intensity of a thief, the draws for which its window waits, and `why`.
/// Everything else keeps its bytes.
public struct CalibratedPlan {
  /// The scenario.
  public var scenario: String
  /// Index of the thief in the scenario's list, which may be that of `defaults`.
  public var thief: Int
  /// The option that is set.
  public var option: String
  public var value: Int
  /// `window.foreign_draws`; nil leaves it as it is.
  public var foreignDraws: Int?
  /// What was calibrated, in one sentence; replaces that of an earlier calibration.
  public var note: String

  public init(
    scenario: String, thief: Int, option: String, value: Int, foreignDraws: Int?, note: String
  ) {
    self.scenario = scenario
    self.thief = thief
    self.option = option
    self.value = value
    self.foreignDraws = foreignDraws
    self.note = note
  }

  /// What a note begins with in `why`.
  private static let mark = "calibrated: "

  /// The plan's text with the change.
  /// - Parameter bytes: a plan that `PlanLoader` accepts, and that has the scenario and the thief.
  public func applied(to bytes: [UInt8]) -> [UInt8] {
    guard let root = try? JSONParser.parse(bytes), let layout = try? JSONLayout.of(bytes),
      case .object(let members) = root.content,
      let places = layout["scenarios"]?.elements,
      case .array(let scenarios)? = members.first(where: { $0.key == "scenarios" })?.value.content,
      let index = scenarios.firstIndex(where: { Self.text("name", of: $0) == scenario })
    else { preconditionFailure("the plan has no scenario \(scenario)") }
    let place = places[index]
    var edit = JSONEdit(bytes)
    let shared = layout["defaults"]?["thieves"]
    guard let thieves = place["thieves"] ?? shared, thieves.elements.indices.contains(thief) else {
      preconditionFailure("\(scenario) has no thief \(thief)")
    }
    let changed = changedThief(thieves.elements[thief], edit)
    if place["thieves"] != nil {
      edit.replace(thieves.elements[thief], by: changed)
    } else {
      let list = thieves.elements.indices.map {
        $0 == thief ? changed : edit.text(thieves.elements[$0])
      }
      edit.set("thieves", of: place, to: "[\(list.joined(separator: ", "))]", after: "name")
    }
    if let foreignDraws {
      if let window = place["window"] {
        edit.set("foreign_draws", of: window, to: "\(foreignDraws)", after: "")
      } else {
        edit.set(
          "window", of: place, to: "{ \"foreign_draws\": \(foreignDraws) }", after: "name")
      }
    }
    let old = Self.text("why", of: scenarios[index]) ?? ""
    let kept = old.firstRange(of: Self.mark).map { old[..<$0.lowerBound] } ?? old[...]
    let joint = kept.isEmpty || kept.hasSuffix("; ") ? "" : "; "
    edit.set(
      "why", of: place, to: JSONEdit.quoted(kept + joint + Self.mark + note), after: "name")
    return edit.result
  }

  private static func text(_ key: String, of value: JSONValue) -> String? {
    guard case .object(let members) = value.content,
      case .string(let text)? = members.first(where: { $0.key == key })?.value.content
    else { return nil }
    return text
  }

  /// The thief with the option in place of a rate to solve for. A thief may be given by its name alone.
  private func changedThief(_ thief: JSONLayout, _ edit: JSONEdit) -> String {
    func object(_ members: [(String, String)]) -> String {
      "{ \(members.map { "\(JSONEdit.quoted($0)): \($1)" }.joined(separator: ", ")) }"
    }
    func members(_ layout: JSONLayout?) -> [(String, String)] {
      layout?.members.map { ($0.key, edit.text($0.value)) } ?? []
    }
    var options = members(thief["options"])
    if let place = options.firstIndex(where: { $0.0 == option }) {
      options[place].1 = "\(value)"
    } else {
      options.append((option, "\(value)"))
    }
    if thief.members.isEmpty {
      return object([("kind", edit.text(thief)), ("options", object(options))])
    }
    let rest = members(thief).filter { !["options", "target_failure_rate"].contains($0.0) }
    return object(rest + [("options", object(options))])
  }
}
