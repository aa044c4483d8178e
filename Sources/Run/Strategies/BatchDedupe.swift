internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit

/// Probes until the batch has enough different ports (vllm-project/vllm#42678). No port occurs twice in one launch, but
/// nothing reserves any of them.
public struct BatchDedupe: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "batch-dedupe",
    summary: "probes until all numbers of the launch differ",
    origin: "vllm-project/vllm#42678, vllm-omni#3333",
    collisionModel: .distinctProbes, depths: [.allocate, .bind],
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
      weakness: "others may still take a number between close and bind"))

  /// In a pool with fewer free ports than addresses the set never gets full.
  private static let mostDrawsPerAddress = 1_000

  public init(options: OptionValues) {}

  public func allocate(_ launch: Launch) throws(StageFailure) {
    var seen: Set<UInt16> = []
    for address in 0..<launch.addresses {
      var draws = 0
      var port = try launch.probe()
      while !seen.insert(port).inserted {
        draws += 1
        guard draws < Self.mostDrawsPerAddress else { throw .exhausted }
        port = try launch.probe()
      }
      launch.decide(port, for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}

extension StageFailure {
  /// The kernel or the range has no suitable port left.
  static var exhausted: StageFailure {
    StageFailure(stage: BS_STAGE_SCAN.rawValue, code: EADDRINUSE)
  }
}
