public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// vLLM v0.19's path: the launcher draws each port with `bind(0)`, reads it, closes the socket and passes the port on;
/// the API server binds it later. Nothing reserves it in between: this is the TOCTOU window.
///
/// The probe is `_get_open_port` of vLLM's network_utils: IPv4, wildcard address, no SO_REUSEADDR, no
/// listen. An API server whose output fails keeps its input bound, since the ROUTER is bound first.
/// With `own_address` 1 it probes at the address of the bind, so that it also sees what holds ports of an IPv6 head node.
/// With `reuse_address` 1 the probe sets SO_REUSEADDR, which is sometimes proposed as a fix: the kernel then serves
/// `bind(0)` from half of the range, and the launch collides with itself twice as often.
public struct ProbeThenBind: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "probe-then-bind",
    summary: "launcher probes with bind(0), closes, hands the number on",
    origin: "vLLM v0.19; Ray, SGLang, PyTorch test suites",
    options: [
      OptionDescriptor(
        name: OptionName.reuseAddress, defaultValue: 0, range: 0...1,
        summary: "1: the probe sets SO_REUSEADDR"),
      OptionDescriptor(
        name: OptionName.ownAddress, defaultValue: 0, range: 0...1,
        summary: "1: probes at the address, and in the family, of the bind; 0: IPv4 wildcard"),
    ],
    collisionModel: .probeThenBind, depths: [.allocate, .bind],
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
      weakness: "anybody may take the number between close and bind; one launch may draw it twice"))

  private let sharing: TCPSocket.Sharing
  private let isAtOwnAddress: Bool

  public init(options: OptionValues) {
    isAtOwnAddress = options[OptionName.ownAddress] != 0
    sharing = options[OptionName.reuseAddress] != 0 ? .reuseAddress : []
  }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      let host = isAtOwnAddress ? launch.host : .wildcard
      launch.decide(try launch.probe(on: host, sharing: sharing), for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
