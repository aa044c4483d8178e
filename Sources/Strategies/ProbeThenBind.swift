internal import CLinuxShims
public import Planning
internal import PortModel

/// vLLM v0.19's path: the launcher draws each number with `bind(0)`, reads it, closes the socket and hands
/// the number on; the API server binds it later. Nothing reserves it in between.
///
/// The probe is `_get_open_port` of vLLM's network_utils: IPv4, wildcard address, no SO_REUSEADDR, no
/// listen. An API server whose output fails keeps its input bound, since the ROUTER is bound first.
public struct ProbeThenBind: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "probe-then-bind",
    summary: "launcher probes with bind(0), closes, hands the number on (vLLM v0.19)",
    collisionModel: .probeThenBind, depths: [.allocate, .bind])

  public static let handover = Handover.numbers

  public init(options: [Int]) {}

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for number in 0..<launch.addresses {
      let port = try launch.probe()
      launch.endpoint(number).pointee.requested = port
      launch.endpoint(number).pointee.advertised = port
    }
  }

  public func bind(_ binder: Binder) {
    guard binder.bind(.input, port: binder.requested(.input)) else { return }
    _ = binder.bind(.output, port: binder.requested(.output))
  }
}
