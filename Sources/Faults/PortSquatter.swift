public import Planning
internal import PortModel
internal import Syscalls

/// Takes the very numbers that the launches decided on, as soon as they are let go of, and holds them: the
/// squatter of vllm-project/vllm#54113 and of RFC #51275. What it finds held it is refused, which is what a
/// fix is for; what has no number before it is bound it tries right afterwards.
public struct PortSquatter: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "port-squatter",
    summary: "takes the very numbers the launches decided on, and holds them",
    options: [
      OptionDescriptor(
        name: "ports", defaultValue: 1, range: 1...8_192, summary: "how many numbers it goes for"),
      OptionDescriptor(
        name: "reuse_address", defaultValue: 0, range: 0...1, summary: "1: sets SO_REUSEADDR"),
      OptionDescriptor(
        name: "reuse_port", defaultValue: 0, range: 0...1, summary: "1: sets SO_REUSEPORT"),
      OptionDescriptor(
        name: "listens", defaultValue: 1, range: 0...1, summary: "0: it only binds"),
    ],
    model: .squats)

  public static let actsAfterBind = true

  private let ports: Int
  private let sharing: TCPSocket.Sharing
  private let listens: Bool
  private var generator: SeededGenerator
  /// Endpoints that had no number when the window was open.
  private var pending: [Int] = []

  public init(options: OptionValues, seed: UInt64) {
    ports = options["ports"]
    var sharing: TCPSocket.Sharing = []
    if options["reuse_address"] != 0 { sharing.insert(.reuseAddress) }
    if options["reuse_port"] != 0 { sharing.insert(.reusePort) }
    self.sharing = sharing
    listens = options["listens"] != 0
    generator = SeededGenerator(seed: seed)
  }

  public func trialBegan(_ loot: Loot) { loot.want(min(ports, loot.endpointCount)) }

  public mutating func windowOpened(_ loot: Loot) {
    pending = []
    var endpoints = Array(0..<loot.endpointCount)
    generator.shuffle(&endpoints)
    for endpoint in endpoints.prefix(ports) {
      if let port = loot.number(of: endpoint) {
        loot.take(port, sharing: sharing, listens: listens)
      } else {
        pending.append(endpoint)
      }
    }
  }

  public mutating func endpointsBound(_ loot: Loot) {
    for endpoint in pending {
      guard let port = loot.number(of: endpoint) else { continue }
      loot.take(port, sharing: sharing, listens: listens)
    }
  }
}
