/// The result of one launch of one trial.
public struct LaunchOutcome: Sendable, Equatable, Codable {
  /// Number of the launch.
  public var launch: Int
  /// How it ended.
  public var outcome: Outcome
  /// One sentence with ports, processes and times.
  public var evidence: String
  /// Launches of its row that were ready before it; they also count.
  public var readyBefore: Int

  public init(launch: Int, outcome: Outcome, evidence: String, readyBefore: Int = 0) {
    self.readyBefore = readyBefore
    self.launch = launch
    self.outcome = outcome
    self.evidence = evidence
  }
}

/// The result of one trial.
public struct TrialOutcome: Sendable, Equatable, Codable {
  /// `Arm.index`.
  public var arm: Int
  /// Number of the trial within its arm.
  public var trial: Int
  /// One for each launch.
  public var launches: [LaunchOutcome]
  /// Last minus first release stamp in nanoseconds; nil when fewer than two binders were released.
  public var releaseSkewNanoseconds: UInt64?
  /// From the end of a launch's allocation to its first bind, in nanoseconds; nil without a bind.
  public var windowNanoseconds: UInt64?
  /// From the opening of the barrier to the last endpoint bound, nil unless all were.
  public var timeToBoundNanoseconds: UInt64?
  /// The duration of each launch's allocation in nanoseconds; only for allocations that ended.
  public var allocationNanoseconds: [UInt64]
  /// Ports that each launch took, probes included.
  public var portsTaken: [Int]
  /// TCP ports that the launches were given, asked for or bound, 0 excepted; a port may occur twice.
  public var ports: [UInt16]
  /// TCP sockets that the launches held together in the window; nil if that was not measured.
  public var socketsInWindow: Int?
  /// From the opening of the barrier until every engine core had answered every API server; nil unless all did.
  public var timeToServedNanoseconds: UInt64?
  /// From the first failure until the launcher noticed it, for each failed launch that has both times.
  public var detectionNanoseconds: [UInt64]
  /// Requests per second of each launch that was ready and in which they were measured.
  public var requestsPerSecond: [Double]

  public init(
    arm: Int, trial: Int, launches: [LaunchOutcome], releaseSkewNanoseconds: UInt64? = nil,
    windowNanoseconds: UInt64? = nil, timeToBoundNanoseconds: UInt64? = nil,
    allocationNanoseconds: [UInt64] = [], portsTaken: [Int] = [], socketsInWindow: Int? = nil,
    timeToServedNanoseconds: UInt64? = nil, detectionNanoseconds: [UInt64] = [],
    requestsPerSecond: [Double] = [], ports: [UInt16] = []
  ) {
    self.ports = ports
    self.requestsPerSecond = requestsPerSecond
    self.timeToServedNanoseconds = timeToServedNanoseconds
    self.detectionNanoseconds = detectionNanoseconds
    self.arm = arm
    self.trial = trial
    self.launches = launches
    self.releaseSkewNanoseconds = releaseSkewNanoseconds
    self.windowNanoseconds = windowNanoseconds
    self.timeToBoundNanoseconds = timeToBoundNanoseconds
    self.allocationNanoseconds = allocationNanoseconds
    self.portsTaken = portsTaken
    self.socketsInWindow = socketsInWindow
  }
}
