public import PlanModel
internal import Syscalls

/// Takes the launches' own ports as soon as they are released, and holds them: the squatter of vllm-project/vllm#54113
/// and of RFC #51275. If a port is held, its bind is refused, which is the purpose of a fix. Ports that are unknown
/// before they are bound it tries directly after the bind.
public struct PortSquatter: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "port-squatter",
    summary: "takes the very numbers the launches decided on, and holds them",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: 1, range: 1...8_192,
        summary: "how many numbers it goes for"),
      OptionDescriptor(
        name: OptionName.reuseAddress, defaultValue: 0, range: 0...1,
        summary: "1: sets SO_REUSEADDR"),
      OptionDescriptor(
        name: "reuse_port", defaultValue: 0, range: 0...1, summary: "1: sets SO_REUSEPORT"),
      OptionDescriptor(
        name: "listens", defaultValue: 1, range: 0...1, summary: "0: it only binds"),
    ],
    model: .squats)

  public static let actsAfterBind = true

  private let sharing: TCPSocket.Sharing
  private let listens: Bool
  private var hunt: NumberHunt

  public init(options: OptionValues, seed: UInt64) {
    var sharing: TCPSocket.Sharing = []
    if options[OptionName.reuseAddress] != 0 { sharing.insert(.reuseAddress) }
    if options["reuse_port"] != 0 { sharing.insert(.reusePort) }
    self.sharing = sharing
    listens = options["listens"] != 0
    hunt = NumberHunt(count: options[OptionName.ports], seed: seed)
  }

  public func trialBegan(_ loot: Loot) { loot.want(hunt.quota(loot)) }

  public mutating func windowOpened(_ loot: Loot) {
    for port in hunt.inWindow(loot) { loot.take(port, sharing: sharing, listens: listens) }
  }

  public mutating func endpointsBound(_ loot: Loot) {
    for port in hunt.onceBound(loot) { loot.take(port, sharing: sharing, listens: listens) }
  }
}
