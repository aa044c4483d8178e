internal import Glibc
public import PlanModel
internal import Syscalls

/// Clients that repeatedly dial a port on which no process listens yet. If the kernel picks that very port as the
/// source port, the connection connects to itself (TCP's simultaneous open, RFC 9293 section 3.5), and the client holds
/// the port that its server was to bind. `connect()` gets ports at an even distance from the low end of the range, so
/// this takes fixed or scanned ports inside the pool, and none that `bind(0)` gave. (A socket with its own range,
/// IP_LOCAL_PORT_RANGE, also gets those at an odd distance, so this one is not confined.)
///
/// A draw is a port that was dialled until it connected to itself, another process answered, or all tries were made.
public struct SelfConnect: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "self-connect",
    summary:
      "dials the launches' numbers before anybody listens, until it is connected with itself",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: 1, range: 1...8_192,
        summary: "how many numbers it dials"),
      OptionDescriptor(
        name: "tries", defaultValue: 20_000, range: 1...1_000_000,
        summary: "how often it dials each"),
    ], model: .connects)

  public static let actsAfterBind = true

  private let tries: Int
  private var hunt: NumberHunt

  public init(options: OptionValues, seed: UInt64) {
    tries = options["tries"]
    hunt = NumberHunt(count: options[OptionName.ports], seed: seed)
  }

  public func trialBegan(_ loot: Loot) { loot.want(hunt.quota(loot)) }

  public mutating func windowOpened(_ loot: Loot) {
    for port in hunt.inWindow(loot) { dial(port, loot) }
  }

  public mutating func endpointsBound(_ loot: Loot) {
    for port in hunt.onceBound(loot) { dial(port, loot) }
  }

  /// How one attempt ended.
  private enum Answer: Error { case refused, somebody, failed }

  private func dial(_ port: UInt16, _ loot: Loot) {
    for _ in 0..<tries {
      switch attempt(port, loot) {
      case nil, .failed: return
      case .somebody:
        loot.countAttempt()
        return
      case .refused: continue
      }
    }
    loot.countAttempt()
  }

  /// Dials once; nil if the connection connected to itself and is held.
  private func attempt(_ port: UInt16, _ loot: Loot) -> Answer? {
    var answer: Answer?
    let held = loot.hold(isRefusalAnswer: false) { socket throws(SystemError) in
      TCPSocket.resetOnClose(socket)
      do throws(SystemError) {
        _ = try TCPSocket.connect(socket, loot.endpointHost, port: port)
      } catch {
        answer = error.code == ECONNREFUSED ? .refused : .failed
        throw error
      }
      if try TCPSocket.port(of: socket) != port {
        answer = .somebody
        throw SystemError("connect", code: ECONNREFUSED)
      }
    }
    if held != nil { return nil }
    if answer == .refused || answer == .somebody { loot.forgive() }
    return answer ?? .failed
  }
}
