public import PlanModel
internal import PortModel
public import StrategyKit

/// Ports by formula, `base` + address, below the ephemeral range, where the kernel chooses none (NeMo-RL's layout).
/// Nothing is probed. Independent deployments compute the same ports, and on a host whose ephemeral range starts lower
/// the kernel gives them to other processes.
public struct FixedRanges: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "fixed-ranges",
    summary: "numbers by formula below the ephemeral range",
    origin: "NeMo-RL#2380, #3103; vllm-project/vllm#7196",
    options: [
      OptionDescriptor(
        name: OptionName.base, defaultValue: 11_000, range: 1_024...60_000, summary: "first port")
    ],
    collisionModel: .outsideThePool,
    numbers: { options, addresses in options[OptionName.base]..<options[OptionName.base] + addresses
    },
    depths: [.allocate, .bind],
    traits: StrategyTraits(
      cooperation: .everybody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
      weakness: "two deployments compute the same numbers; some hosts' ephemeral range starts lower"
    ))

  private let base: Int

  public init(options: OptionValues) { base = options[OptionName.base] }

  public func allocate(_ launch: Launch) {
    for address in 0..<launch.addresses {
      launch.decide(UInt16(min(base + address, 65_535)), for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
