public import PlanModel
internal import Syscalls

/// Other deployments on the host that do the same racy start: each probes its ports, releases all of them, and binds
/// and listens on them when its own window is over, as libzmq does (SO_REUSEADDR). Parallel launches of the plan
/// (`topology.launches`) are siblings that are judged; these are not judged.
///
/// A draw is a port that was bound, or was found held (EADDRINUSE); each of their draws is due in every trial. With
/// `window_ms` above 0 give the scenario's window as many `foreign_draws`, or they may come too late.
public struct SiblingDeployments: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "sibling-deployments",
    summary: "other deployments run the same start: probe numbers, let go of them, bind and listen",
    options: [
      OptionDescriptor(
        name: OptionName.deployments, defaultValue: nil, range: 1...1_000,
        summary: "how many deployments"),
      OptionDescriptor(
        name: OptionName.addresses, defaultValue: nil, range: 1...8_192,
        summary: "how many numbers each probes"),
      OptionDescriptor(
        name: OptionName.windowMilliseconds, defaultValue: 0, range: 0...60_000,
        summary: "from their probes to their binds"),
    ], intensity: OptionName.deployments, model: .runsTheSameStart)

  private let draws: Int
  private let windowNanoseconds: UInt64
  private var numbers: [UInt16] = []
  private var due: UInt64?

  public init(options: OptionValues, seed: UInt64) {
    draws = options[OptionName.deployments] * options[OptionName.addresses]
    windowNanoseconds = UInt64(options[OptionName.windowMilliseconds]) * 1_000_000
  }

  public mutating func trialBegan(_ loot: Loot) {
    loot.want(draws)
    due = nil
  }

  public mutating func windowOpened(_ loot: Loot) {
    numbers = []
    for _ in 0..<draws {
      guard let number = loot.probe() else { return }
      numbers.append(number)
    }
    if windowNanoseconds == 0 {
      bindAll(loot)
    } else {
      due = MonotonicClock.now() + windowNanoseconds
    }
  }

  public var nextAction: UInt64? { due }

  public mutating func act(_ loot: Loot, now: UInt64) {
    guard let due, due <= now else { return }
    self.due = nil
    bindAll(loot)
  }

  private func bindAll(_ loot: Loot) {
    for number in numbers { loot.take(number, sharing: .reuseAddress, listens: true) }
  }
}
