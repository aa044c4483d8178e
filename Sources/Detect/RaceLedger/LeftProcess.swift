/// A process that the command left running.
public struct LeftProcess: Sendable, Equatable, Codable {
  public var pid: Int32
  /// Its command line, at most 120 characters.
  public var command: String

  public init(pid: Int32, command: String) {
    self.pid = pid
    self.command = command
  }

  /// Some of them by name, the others by count.
  public static func list(_ processes: [LeftProcess]) -> String {
    let named = processes.prefix(mostNamed).map { "pid \($0.pid) (\($0.command))" }
    let more = processes.count - named.count
    return named.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  private static let mostNamed = 5
}
