internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit

/// API servers ask a manager for ports, bind them, and report lost ones. The manager never gives out a port twice, and
/// replaces a lost port by another (Ray#64623). An endpoint that was lost first and bound later counts as recovered.
public struct CentralManager: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "central-manager",
    summary:
      "API server asks a manager for numbers, which blocks those that were lost and gives others",
    origin: "ray#57771, #64623",
    options: [
      OptionDescriptor(
        name: "attempts", defaultValue: 5, range: 1...1_000, summary: "numbers for one endpoint"),
      .reportTimeout,
    ],
    collisionModel: .unmodelled, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: false, worksAcrossHosts: true, failure: .closed,
      weakness: "a round trip and a retry for every loss; the manager is one more thing to run"))

  public static let handover = Handover(hasChannel: true)

  private static let mostDraws = 1_000

  private let attempts: Int
  private let timeoutMilliseconds: Int
  /// Ports that were given out or lost in this trial.
  private var blocked: Set<UInt16> = []

  public init(options: OptionValues) {
    attempts = options["attempts"]
    timeoutMilliseconds = options[OptionName.reportTimeoutMilliseconds]
  }

  public mutating func allocate(_ launch: Launch) {
    blocked.removeAll(keepingCapacity: true)
    launch.leaveToBinders()
  }

  public func bind(_ binder: Binder) {
    for role in EndpointRole.allCases {
      var lost: UInt16 = 0
      for attempt in 1...attempts {
        guard
          let port = binder.ask(role, lost: lost, timeoutMilliseconds: timeoutMilliseconds)
        else { return }
        if binder.bind(role, port: port) { break }
        guard attempt < attempts, binder.endpoint(role).pointee.error == EADDRINUSE else { return }
        lost = port
      }
    }
    binder.report()
  }

  public mutating func collect(_ launch: Launch) throws(StageFailure) {
    var blocked = blocked
    defer { self.blocked = blocked }
    try launch.collectReports(timeoutMilliseconds: timeoutMilliseconds) {
      (_, question) throws(StageFailure) in
      if question.first != 0 { blocked.insert(question.first) }
      for _ in 0..<Self.mostDraws {
        let port = try launch.probe()
        if blocked.insert(port).inserted { return ChannelMessage(.answer, first: port) }
      }
      return ChannelMessage(.answer)
    }
  }
}
