internal import CLinuxShims
internal import Glibc
public import PlanModel
internal import Syscalls

/// Draws ports inside the window, listens on them and answers: servers of strangers. It echoes what it receives, so a
/// peer that was told its port talks to it, and only an identity distinguishes it from the right server.
public struct ListenerHold: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "listener-hold",
    summary:
      "draws ports with bind(0) inside the window, listens on them and answers, through the trial",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: nil, range: 1...20_000,
        summary: "how many ports it takes"),
      OptionDescriptor(
        name: "answers", defaultValue: 1, range: 0...1,
        summary: "0: connections stand, and nothing is said on them"),
    ], intensity: OptionName.ports, model: .holdsThroughWindow)

  private static let nanosecondsBetweenLooks: UInt64 = 1_000_000

  private let ports: Int
  private let answers: Bool
  private var items: [pollfd] = []
  private var listeners = 0
  private var nextLook: UInt64?

  public init(options: OptionValues, seed: UInt64) {
    ports = options[OptionName.ports]
    answers = options["answers"] != 0
  }

  public func trialBegan(_ loot: Loot) { loot.want(ports) }

  public mutating func windowOpened(_ loot: Loot) {
    for _ in 0..<ports {
      guard loot.draw(listens: true) != nil else { break }
    }
    items = loot.sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    listeners = items.count
    nextLook = answers ? MonotonicClock.now() : nil
  }

  public var nextAction: UInt64? { nextLook }

  public mutating func act(_ loot: Loot, now: UInt64) {
    nextLook = now + Self.nanosecondsBetweenLooks
    guard poll(&items, nfds_t(items.count), 0) > 0 else { return }
    for index in items.indices where items[index].revents != 0 {
      if index < listeners {
        guard let connection = try? TCPSocket.accept(items[index].fd) else { continue }
        TCPSocket.resetOnClose(connection)
        items.append(pollfd(fd: connection, events: Int16(POLLIN), revents: 0))
      } else {
        sendBack(index)
      }
    }
    items.removeAll { $0.fd < 0 }
  }

  public mutating func trialEnds(_ loot: Loot, now: UInt64) {
    for item in items.dropFirst(listeners) { closeDescriptor(item.fd) }
    items = []
    nextLook = nil
  }

  private mutating func sendBack(_ index: Int) {
    let connection = items[index].fd
    let isOpen = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { buffer -> Bool in
      let length = recv(connection, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      guard length > 0 else { return false }
      let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
      return send(connection, buffer.baseAddress, length, flags) == length
    }
    if isOpen { return }
    closeDescriptor(connection)
    items[index].fd = -1
  }
}
