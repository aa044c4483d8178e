public import PlanModel
internal import PortModel
internal import Syscalls

/// Holds ports of 127.0.0.1 from before the allocation to the end of the trial: processes that already run on a host. A
/// probe on the same address never draws these ports; a probe elsewhere does not see them.
public struct ResidentHold: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "resident-hold",
    summary: "holds ports of 127.0.0.1 from before the allocation to the end of the trial",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: nil, range: 1...60_000,
        summary: "how many ports it holds")
    ],
    intensity: OptionName.ports, model: .holdsThroughout)

  private let ports: Int

  public init(options: OptionValues, seed: UInt64) {
    ports = options[OptionName.ports]
  }

  public func trialBegan(_ loot: Loot) {
    loot.want(ports)
    for _ in 0..<ports {
      guard loot.draw(on: .loopback) != nil else { return }
    }
  }
}
