internal import ArgumentParser
internal import Interception

/// `bindstorm doctor`
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what this host can do, and what is missing.")

  func run() throws {
    let record = EnvironmentRecord(isolation: "", problem: "", libzmq: "")
    print("\(record.kernel) on \(record.machine), \(record.processors) processors")
    print("ephemeral ports: \(record.hostPortRange)\n")
    let abilities = HostAbilities()
    let width = abilities.rows.map(\.name.count).max() ?? 0
    print("bindstorm check")
    for row in abilities.rows {
      let padding = String(repeating: " ", count: width - row.name.count)
      print("  \(row.name)\(padding)  \(row.isThere ? "yes" : "no: \(row.note)")")
    }
    if let mode = abilities.mode {
      print("  -> works, \(mode.rawValue) mode")
    } else {
      print("  -> does not work here; missing: \(abilities.missing)")
      throw ExitStatus.unavailable
    }
  }
}
