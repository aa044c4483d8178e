public import PlanModel
internal import PortModel
public import StrategyKit

/// Fixed ports inside the ephemeral range that the administrator has put on the kernel's reserved list
/// (`ip_local_reserved_ports`): `bind(0)` and `connect()` never get them. A process that asks for such a port by number
/// still gets it, so two deployments with one configuration collide.
public struct ReservedPorts: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "reserved-ports",
    summary: "fixed numbers on the kernel's list of reserved ports",
    origin: "kernel documentation, ip-sysctl; common advice",
    options: [
      OptionDescriptor(
        name: OptionName.base, defaultValue: 45_000, range: 1_024...60_000,
        summary: "first reserved port")
    ],
    collisionModel: .reserved,
    numbers: { options, addresses in options[OptionName.base]..<options[OptionName.base] + addresses
    },
    depths: [.allocate, .bind], requirements: [.namespace],
    traits: StrategyTraits(
      needsRoot: true, cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true,
      failure: .closed,
      weakness: "needs root on every host; two deployments with one list collide"))

  /// Room for the largest launch.
  private static let span = 2 * 4_096

  private let base: Int

  public init(options: OptionValues) { base = options[OptionName.base] }

  public var reservedPorts: ClosedRange<Int>? { base...min(base + Self.span - 1, 65_535) }

  public func allocate(_ launch: Launch) {
    for address in 0..<launch.addresses {
      launch.decide(UInt16(min(base + address, 65_535)), for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
