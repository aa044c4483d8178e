internal import ArgumentParser
internal import Syscalls
internal import TerminalText

/// What `bindstorm doctor` found, as text and as JSON.
struct DoctorReport: Encodable {
  /// A command or a plan.
  struct Part: Encodable {
    var name: String
    var title: String
    var state: HostAbility.State
    /// The conclusion in a line.
    var summary: String
    var abilities: [HostAbility]
    /// Whether the exit code depends on it.
    var decides = true

    enum CodingKeys: String, CodingKey {
      case name, state, summary, abilities, decides
    }
  }

  /// What the host is, and what it says of itself.
  struct Host: Encodable {
    let kernel: String
    let machine: String
    let processors: Int
    let ephemeralPorts: String
    /// Names of those that matter and are effective.
    let capabilities: [String]
    /// What decides on namespaces and on looking into processes.
    let facts: HostFacts

    init() {
      let record = EnvironmentRecord(
        isolation: "", problem: "", libzmq: "", startedAt: Clock.now())
      facts = HostFacts.current()
      kernel = record.kernel
      machine = record.machine
      processors = record.processors
      ephemeralPorts = record.hostPortRange
      capabilities = HostFacts.Capability.allCases.filter(facts.has).map(\.name)
    }

    /// In two lines, with what distinguishes the host from one without limits.
    var text: String {
      var rights = [facts.user == 0 ? "root" : "user \(facts.user)"]
      rights.append(
        capabilities.isEmpty ? "no capability of interest" : capabilities.joined(separator: ", "))
      if facts.isFiltered { rights.append("a seccomp filter") }
      if facts.hasNoNewPrivileges { rights.append("no_new_privs") }
      if facts.hasReadOnlySysctls { rights.append("/proc/sys read-only") }
      if let container = facts.container {
        rights.append(
          container == .other ? "in a container" : "in a container (\(container.rawValue))")
      }
      return
        "\(kernel) on \(machine), \(processors) processors, ephemeral ports \(ephemeralPorts)\n"
        + "\(rights.joined(separator: ", "))\n"
    }
  }

  let format = "bindstorm-doctor/1"
  let host: Host
  let parts: [Part]
  /// The command's exit code: 0, or 69 if a part that decides does not work.
  let exitCode: Int

  init(host: Host, parts: [Part]) {
    self.host = host
    self.parts = parts
    exitCode =
      parts.contains { $0.decides && $0.state == .missing }
      ? Int(ExitStatus.unavailable.rawValue) : 0
  }

  /// For a terminal.
  var text: String {
    host.text + parts.map { "\n" + Self.section($0) }.joined()
  }

  private static func section(_ part: Part) -> String {
    let width = part.abilities.map(\.name.count).max() ?? 0
    let states = HostAbility.State.allCases.map(\.rawValue.count).max() ?? 0
    let indent = String(repeating: " ", count: width + 4)
    var lines = [part.title]
    for ability in part.abilities {
      let needed = ability.isNeeded && ability.state == .missing ? "needed: " : ""
      let words =
        "  \(padded(ability.name, width))  \(padded(ability.state.rawValue, states))  \(needed)\(ability.detail)"
      lines.append(String(words.reversed().drop { $0 == " " }.reversed()))
      if !ability.meaning.isEmpty { lines.append("\(indent)means  \(ability.meaning)") }
      for (number, grant) in ability.grants.enumerated() {
        lines.append("\(indent)\(number == 0 ? "grant" : "or   ")  \(grant)")
      }
    }
    lines.append("  -> \(part.summary)")
    return lines.map { TerminalText.safeLine($0) + "\n" }.joined()
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
