internal import PortModel

/// The process whose work a fault interrupts.
public enum FaultRole: String, Sendable, Codable, CaseIterable {
  /// The process that allocates and starts the rest.
  case launcher
  /// A process that binds two endpoints.
  case apiServer = "api-server"
  /// A process that connects to the endpoints; only at depth `startup`.
  case engineCore = "engine-core"
}

extension InjectionPoint {
  /// The process that reaches this point.
  public var role: FaultRole {
    switch self {
    case .afterProbe, .afterSpawn, .beforeHandshakeReply: .launcher
    case .beforeEngineConnect: .engineCore
    default: .apiServer
    }
  }

  /// Whether the point exists only at depth `startup`.
  public var needsStartup: Bool { self == .beforeHandshakeReply || self == .beforeEngineConnect }
}

/// What the rest of the program knows about a fault without injecting it.
public struct FaultDescriptor: Sendable, Equatable {
  /// Name in plans.
  public let name: String
  /// One line for people.
  public let summary: String
  /// Options it takes, in the order in which they travel to the workers.
  public let options: [OptionDescriptor]
  /// Where it can be injected.
  public let points: Set<InjectionPoint>
  /// Whether its effect on a process lasts as long as the process.
  public let needsFreshWorkers: Bool

  public init(
    name: String, summary: String, options: [OptionDescriptor] = [],
    points: Set<InjectionPoint> = Set(InjectionPoint.allCases), needsFreshWorkers: Bool = false
  ) {
    self.name = name
    self.summary = summary
    self.options = options
    self.points = points
    self.needsFreshWorkers = needsFreshWorkers
  }

  /// Whether it ends its victim. The parent then sees an exit that the plan wanted.
  public var endsVictim: Bool { FaultName.endingVictims.contains(name) }

  /// The duration options of a fault that takes time.
  public static let duration = [
    OptionDescriptor(
      name: OptionName.milliseconds, defaultValue: nil, range: 0...3_600_000,
      summary: "how long; the mean for distributions other than fixed"),
    OptionDescriptor(
      name: OptionName.distribution, defaultValue: 0, range: 0...2,
      summary: "fixed, uniform (from 0 to twice the mean) or exponential",
      words: ["fixed", "uniform", "exponential"]),
  ]
}

/// Names of faults that code outside their own files must know. Records hold names, not descriptors.
public enum FaultName {
  public static let exit = "exit"
  public static let kill = "kill"
  public static let steal = "steal"
  public static let descriptorLimit = "descriptor-limit"
  public static let failCall = "fail-call"

  /// The faults that end their victim.
  public static let endingVictims: Set<String> = [exit, kill]

  /// The faults that make it look as if a limit of the host was reached, for which libzmq aborts the process.
  public static let limitingVictims: Set<String> = [descriptorLimit, failCall]
}

/// A fault of a plan: what is done, where, to which process, and in which trials.
public struct PlannedFault: Sendable, Equatable, Codable {
  /// What is done.
  public var kind: Choice
  /// The point in the victim's work at which the fault happens.
  public var point: InjectionPoint
  /// Launch of the victim; nil for a random one in each trial.
  public var launch: Int?
  /// Number of the victim within its launch; nil for a random one in each trial. 0 for launchers.
  public var index: Int?
  /// Node of the victim, an engine core; nil for any. Unless `index` is given, each trial chooses one of the node's
  /// engine cores at random.
  public var node: Int?
  /// Share of trials in which it is due, among those that `every` selects; in 0...1.
  public var probability: Double
  /// It is due in trials 0, n, 2n, ... only; at least 1.
  public var every: Int

  public init(
    kind: Choice, point: InjectionPoint, launch: Int? = nil, index: Int? = nil,
    node: Int? = nil, probability: Double = 1, every: Int = 1
  ) {
    self.kind = kind
    self.point = point
    self.launch = launch
    self.index = index
    self.node = node
    self.probability = probability
    self.every = every
  }
}

/// A fault as scheduled for one trial. Equal arms, trials and seeds give equal schedules.
public struct ScheduledFault: Sendable, Equatable {
  /// Position in `Arm.faults`.
  public var number: Int
  /// Whether it happens in this trial.
  public var isDue: Bool
  /// Launch of the victim.
  public var launch: Int
  /// Number of the victim within its launch.
  public var index: Int
  /// Length of a pause or delay in nanoseconds; 0 for faults without one.
  public var amountNanoseconds: UInt64

  /// The faults of a trial.
  /// - Parameter seed: the trial's.
  public static func all(of arm: Arm, trial: Int, seed: UInt64) -> [ScheduledFault] {
    arm.faults.enumerated().map { number, fault in
      var generator = SeededGenerator(trialSeed: seed, for: .fault, UInt64(number))
      // Draw every number even if the plan fixes it, so that fixing one does not change the others.
      let chance = generator.uniform()
      let launch = Int(generator.next(below: UInt64(arm.topology.launches)))
      let victims = victims(of: fault, arm)
      let index = victims.lowerBound + Int(generator.next(below: UInt64(victims.count)))
      return ScheduledFault(
        number: number, isDue: trial % fault.every == 0 && chance < fault.probability,
        launch: fault.launch ?? launch, index: fault.index ?? index,
        amountNanoseconds: amount(fault.kind, &generator))
    }
  }

  /// The numbers within a launch that a fault may choose from.
  private static func victims(of fault: PlannedFault, _ arm: Arm) -> Range<Int> {
    switch fault.point.role {
    case .launcher: return 0..<1
    case .apiServer: return 0..<arm.topology.apiServers
    case .engineCore:
      guard let startup = arm.startup else { return 0..<1 }
      guard let node = fault.node else { return 0..<startup.engines }
      return startup.ranks(onNode: node)
    }
  }

  /// One line for each fault; for trials with launches in a row, launch by launch. Equal schedules have equal bytes.
  public static func rendered(_ arm: Arm, trial: Int, seed: UInt64) -> String {
    let serials = arm.startup?.serialLaunches ?? 1
    return (0..<serials).map { serial in
      rendered(
        arm, "trial \(trial)" + (serials > 1 ? " launch \(serial + 1) of \(serials)" : ""),
        all(of: arm, trial: trial, seed: Schedule.seed(ofLaunch: serial, trial: seed)))
    }.joined()
  }

  private static func rendered(_ arm: Arm, _ place: String, _ faults: [ScheduledFault]) -> String {
    faults.map { scheduled in
      let fault = arm.faults[scheduled.number]
      let what = scheduled.isDue ? fault.kind.name : "nothing"
      return
        "\(place) fault \(scheduled.number): \(what) at \(fault.point.rawValue) of "
        + "\(fault.point.role.rawValue) \(scheduled.launch).\(scheduled.index), "
        + "\(scheduled.amountNanoseconds) ns\n"
    }.joined()
  }

  private static func amount(_ kind: Choice, _ generator: inout SeededGenerator) -> UInt64 {
    guard let mean = kind.options.first(where: { $0.name == OptionName.milliseconds })?.value else {
      return 0
    }
    let nanoseconds = Double(mean) * 1e6
    switch kind.options.first(where: { $0.name == OptionName.distribution })?.value {
    case 1: return UInt64(2 * generator.uniform() * nanoseconds)
    case 2: return UInt64(generator.exponential(mean: nanoseconds))
    default: return UInt64(nanoseconds)
    }
  }
}
