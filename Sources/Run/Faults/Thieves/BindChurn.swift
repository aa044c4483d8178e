public import PlanModel

/// Draws ports throughout the trial as a Poisson process and holds each for a while: background traffic of a busy host.
///
/// A trial without any draw is invalid if it lasted so long that this cannot be chance: with a mean of 13.8 draws a
/// Poisson process has none with a probability of 1e-6. In a shorter trial no draw is due.
public struct BindChurn: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "bind-churn",
    summary: "draws ports with bind(0) at a rate all through the trial, each held for a while",
    options: Churn.options, intensity: OptionName.ratePerSecond, model: .churns)

  private var churn: Churn

  public init(options: OptionValues, seed: UInt64) { churn = Churn(options, seed: seed) }

  public mutating func trialBegan(_ loot: Loot) { churn.begin() }

  public var nextAction: UInt64? { churn.nextAction }

  public mutating func act(_ loot: Loot, now: UInt64) {
    churn.act(loot, now: now) { loot.draw() }
  }

  public mutating func trialEnds(_ loot: Loot, now: UInt64) { loot.want(churn.due(by: now)) }
}
