public import PlanModel
internal import PortModel
internal import Syscalls

/// Holds ports of 127.0.0.1 from before the allocation to the end of the trial: processes that already run on a host. A
/// probe on the same address never draws these ports; a probe elsewhere does not see them. With `own_address` 1 they are
/// ports of the address at which the launches bind: if that is an IPv6 address, no probe over IPv4 sees them.
public struct ResidentHold: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "resident-hold",
    summary: "holds ports of 127.0.0.1 from before the allocation to the end of the trial",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: nil, range: 1...60_000,
        summary: "how many ports it holds"),
      OptionDescriptor(
        name: OptionName.ownAddress, defaultValue: 0, range: 0...1,
        summary: "1: at the address at which the launches bind"),
    ],
    intensity: OptionName.ports, model: .holdsThroughout)

  private let ports: Int
  private let isAtOwnAddress: Bool

  public init(options: OptionValues, seed: UInt64) {
    ports = options[OptionName.ports]
    isAtOwnAddress = options[OptionName.ownAddress] != 0
  }

  public func trialBegan(_ loot: Loot) {
    loot.want(ports)
    for _ in 0..<ports {
      guard loot.draw(on: isAtOwnAddress ? loot.endpointHost : .loopback) != nil else { return }
    }
  }
}
