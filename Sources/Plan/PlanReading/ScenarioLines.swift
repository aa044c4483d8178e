internal import JSON

/// Where the scenarios stand in a plan's text.
public enum ScenarioLines {
  /// The line of each scenario's name, from 1; empty for a text that is no plan.
  public static func all(in bytes: [UInt8]) -> [String: Int] {
    guard case .object(let members)? = (try? JSONParser.parse(bytes))?.content,
      case .array(let scenarios)? = members.first(where: { $0.key == "scenarios" })?.value.content
    else { return [:] }
    var lines: [String: Int] = [:]
    for case .object(let scenario) in scenarios.map(\.content) {
      guard let name = scenario.first(where: { $0.key == "name" })?.value,
        case .string(let text) = name.content
      else { continue }
      lines[text] = name.position.line
    }
    return lines
  }
}
