internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit

/// vLLM with VLLM_PORT set: every call scans upwards from the same port and closes what it found, so a launch that asks
/// 2N times gets one port 2N times, and every launch of the host scans from there (vllm-project/vllm#43206). With
/// VLLM_DP_MASTER_PORT set, `get_open_port` repeats until the port lies outside the ten ports that it reserves; if
/// VLLM_PORT is free and among them, it repeats for ever (#36191, #50965). Here it gives up after `most_rounds` and
/// says so.
public struct VLLMPortScan: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "vllm-port-scan",
    summary: "every address is scanned upwards from VLLM_PORT",
    origin: "vLLM with VLLM_PORT; vllm-project/vllm#43206, #36191, #50965",
    options: [
      OptionDescriptor(
        name: OptionName.base, defaultValue: 20_000, range: 1_024...60_000, summary: "VLLM_PORT"),
      OptionDescriptor(
        name: "master_port", defaultValue: 0, range: 0...60_000,
        summary: "VLLM_DP_MASTER_PORT; 0: not set"),
      OptionDescriptor(
        name: "advance", defaultValue: 0, range: 0...1,
        summary: "1: each scan starts after the last number, as get_open_ports_list does"),
      OptionDescriptor(
        name: "most_rounds", defaultValue: 10_000, range: 1...1_000_000,
        summary: "scans for one address, after which it counts as a livelock"),
    ],
    collisionModel: .unmodelled, depths: [.allocate, .bind],
    traits: StrategyTraits(
      cooperation: .everybody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .either,
      weakness: "all launches of a host scan from one number; may never end"))

  /// The number of ports from VLLM_DP_MASTER_PORT upwards that are not given out.
  private static let reserved = 10

  private let base: Int
  private let masterPort: Int
  private let advances: Bool
  private let mostRounds: Int

  public init(options: OptionValues) {
    base = options[OptionName.base]
    masterPort = options["master_port"]
    advances = options["advance"] != 0
    mostRounds = options["most_rounds"]
  }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    var first = base
    for address in 0..<launch.addresses {
      let port = try openPort(launch, from: first)
      launch.decide(port, for: address)
      if advances { first = Int(port) + 1 }
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }

  private func openPort(_ launch: Launch, from first: Int) throws(StageFailure) -> UInt16 {
    for _ in 0..<mostRounds {
      guard let port = launch.scan(from: first, tries: 65_536) else { throw .exhausted }
      let isReserved =
        masterPort != 0 && (masterPort..<(masterPort + Self.reserved)).contains(Int(port))
      if !isReserved { return port }
    }
    throw StageFailure(stage: BS_STAGE_SCAN.rawValue, code: ELOOP)
  }
}
