internal import CLinuxShims
internal import CSharedRegion
internal import PlanModel
internal import StrategyKit
internal import Syscalls

extension Binder {
  /// Shared by `stagger` and `serialise`: the API server probes by itself, waits for the time that vLLM works between
  /// choice and bind, and binds the ports. Returns whether both endpoints listen.
  func probeAndBind(gapMilliseconds: Int) -> Bool {
    guard let input = probe(for: .input), let output = probe(for: .output) else { return false }
    for (role, port) in [(EndpointRole.input, input), (.output, output)] {
      endpoint(role).pointee.requested = port
    }
    pause(nanoseconds: UInt64(gapMilliseconds) * 1_000_000)
    return bind(.input, port: input) && bind(.output, port: output)
  }
}

extension OptionDescriptor {
  /// Time between an API server's own probe and its bind.
  static let gap = OptionDescriptor(
    name: OptionName.gapMilliseconds, defaultValue: 1, range: 0...60_000,
    summary: "time between an API server's own probe and its bind")
}
