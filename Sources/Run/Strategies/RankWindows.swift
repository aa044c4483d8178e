internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit

/// Each data-parallel rank scans its own port window, `base` + 100 + rank x `width`, for free ports
/// (vllm-project/vllm#45960, merged, and its follow-up #53666: with base 0 every deployment scanned port 100).
///
/// Ranks of one deployment cannot collide. Two deployments with the same base do.
public struct RankWindows: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "rank-windows",
    summary: "each rank scans its own window above a base port",
    origin: "vllm-project/vllm#45960, #53666; srt-slurm, Arctic",
    options: [
      OptionDescriptor(
        name: OptionName.base, defaultValue: 20_000, range: 0...60_000,
        summary: "0 is what an unset master port gave: windows from port 100", breaksModel: true),
      OptionDescriptor(
        name: "width", defaultValue: 32, range: 2...1_000, summary: "ports of a rank's window"),
    ],
    collisionModel: .outsideThePool,
    numbers: { options, addresses in
      let first = window(of: 0, options).lowerBound
      return first..<window(of: max(0, addresses / 2 - 1), options).upperBound
    }, depths: [.allocate, .bind],
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
      weakness: "two deployments with one base have the same windows"))

  /// What vLLM adds to the master port.
  private static let offset = 100

  /// The ports that a rank scans.
  private static func window(of rank: Int, _ options: OptionValues) -> Range<Int> {
    let first = options[OptionName.base] + offset + rank * options["width"]
    return first..<first + options["width"]
  }

  private let options: OptionValues

  public init(options: OptionValues) { self.options = options }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for server in 0..<launch.servers {
      let window = Self.window(of: server, options)
      let (input, output) = launch.addresses(of: server)
      guard let first = launch.scan(from: window.lowerBound, tries: window.count),
        let second = launch.scan(
          from: Int(first) + 1, tries: window.upperBound - Int(first) - 1)
      else { throw .exhausted }
      launch.decide(first, for: input)
      launch.decide(second, for: output)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
