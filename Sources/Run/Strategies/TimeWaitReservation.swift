internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// Yelp's ephemeral-port-reserve: the launcher listens, connects to itself, accepts, and closes the accepted side
/// first. The port stays in TIME_WAIT for a minute: `bind(0)` never gives it, a plain bind is refused, and the API
/// server, which sets SO_REUSEADDR as the launcher's listener did, can bind it. So can any other process that sets it and
/// asks for the port; one that sets SO_REUSEPORT alone cannot.
public struct TimeWaitReservation: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "time-wait-reservation",
    summary: "launcher leaves each number in TIME_WAIT, the API server binds it with SO_REUSEADDR",
    origin: "Yelp ephemeral-port-reserve",
    collisionModel: .heldWithReuseAddress, depths: [.bind], requirements: [.namespace],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness:
        "any process that sets SO_REUSEADDR and asks for the number gets in; a minute's limit"))

  public init(options: OptionValues) {}

  public var leavesTimeWait: Bool { true }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      let (listener, port) = try launch.open(
        on: .loopback, sharing: .reuseAddress, listens: true, backlog: 1)
      defer { closeDescriptor(listener) }
      do throws(SystemError) {
        let client = try TCPSocket.open()
        defer { closeDescriptor(client) }
        _ = try TCPSocket.connect(client, port: port)
        // Closed before the client: the side that closes first keeps TIME_WAIT, and this side has the port.
        closeDescriptor(try TCPSocket.accept(listener))
      } catch {
        throw StageFailure(stage: BS_STAGE_PROBE.rawValue, code: error.code)
      }
      launch.decide(port, for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }

  /// A trial must not find the reservations of the last one, which would change the pool.
  public func release(_ launch: Launch) {
    _ = bs_destroy_time_wait()
  }
}
