public import PlanModel

/// Draws a number of ports inside the window and holds them to the end of the trial, as the rest of a host's start-up
/// does between a launcher's probe and the bind.
public struct BindHold: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "bind-hold",
    summary: "draws ports with bind(0) inside the window and holds them through the trial",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: nil, range: 1...60_000,
        summary: "how many ports it takes")
    ],
    intensity: OptionName.ports, model: .holdsThroughWindow)

  private let ports: Int

  public init(options: OptionValues, seed: UInt64) {
    ports = options[OptionName.ports]
  }

  public func trialBegan(_ loot: Loot) { loot.want(ports) }

  public func windowOpened(_ loot: Loot) {
    for _ in 0..<ports {
      guard loot.draw() != nil else { return }
    }
  }
}
