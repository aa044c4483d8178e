/// What `explain` finds in a trial, as data. Texts are made from the same values.
///
/// Times are nanoseconds since the trial began, as `CLOCK_MONOTONIC` has them; negative ones lie before.
public enum Finding: Sendable, Equatable, Encodable {
  /// A port that an API server lost.
  case lostPort(LostPort)
  /// A port that a program under `check` let go and bound again.
  case window(WindowFinding)
  /// A launch that failed at depth `allocate`.
  case allocation(LostAllocation)

  /// The trial's name, `SCENARIO/STRATEGY/TRIAL`.
  public var trial: String {
    switch self {
    case .lostPort(let finding): finding.trial
    case .window(let finding): finding.trial
    case .allocation(let finding): finding.trial
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .lostPort(let finding): try finding.encode(to: encoder)
    case .window(let finding): try finding.encode(to: encoder)
    case .allocation(let finding): try finding.encode(to: encoder)
    }
  }
}

/// A port that an API server lost: EADDRINUSE at a number that it was given.
public struct LostPort: Sendable, Equatable, Encodable {
  /// Who held the port.
  public struct Taker: Sendable, Equatable, Encodable {
    /// `a thief`, `the same launch`, `an outsider`, `unknown`, ...
    public var kind: String
    /// In words, with its process.
    public var description: String
    /// 0 if it is not known.
    public var pid: Int32
    /// Name of its process; empty if it is not known.
    public var command: String
    /// When it had bound the port; absent if that was not recorded.
    public var boundAtNanoseconds: Int64?
    /// Whether events and kernel name it: `events-and-kernel`, `events`, `kernel`, `contradiction`, `neither`.
    public var sources: String
  }

  private let kind = "lost-port"
  public var trial: String
  public var port: UInt16
  /// `input` or `output`.
  public var endpoint: String
  public var launch: Int
  public var apiServer: Int
  public var pid: Int32
  public var launcherPid: Int32
  /// The end of the allocation, by which the launcher had released the number.
  public var releasedAtNanoseconds: Int64
  /// When the API server called bind.
  public var triedAtNanoseconds: Int64
  /// When the call had failed.
  public var failedAtNanoseconds: Int64
  /// The call that failed.
  public var stage: String
  /// From the release to the try; absent if the records contradict that order.
  public var windowNanoseconds: UInt64?
  public var takenBy: Taker
  /// The command that forces it.
  public var replay: String
}

/// A port that a program under `check` let go and bound again.
public struct WindowFinding: Sendable, Equatable, Encodable {
  /// A call of the program on the port.
  public struct Call: Sendable, Equatable, Encodable {
    /// The socket's address.
    public var address: String
    /// Place in the program.
    public var by: String
    public var pid: Int32
    public var atNanoseconds: Int64
  }

  private let kind = "window"
  public var trial: String
  /// As `bindstorm check` has it: `RACE`, `COLLISION`, ...
  public var verdict: String
  public var protocolName: String
  public var port: UInt16
  /// Name of the place, as `check --only` takes it.
  public var place: String
  /// Which re-bind of the port it was, from 1.
  public var rebind: Int
  public var probe: Call
  /// How the port was let go.
  public var release: String
  /// Absent if it was not let go.
  public var releasedAtNanoseconds: Int64?
  public var rebound: Call
  /// What the re-bind came to, in words.
  public var result: String
  /// From the release to the re-bind; absent if the port was not let go.
  public var windowNanoseconds: UInt64?
  /// Whether a thief of bindstorm took the port.
  public var isStolen: Bool
  /// Who held the port, in words; absent if nobody did.
  public var takenBy: String?
  /// The command that makes the window fail outside of the plan; absent where it cannot be stolen.
  public var force: String?
  /// The command that runs the trial again.
  public var replay: String

  enum CodingKeys: String, CodingKey {
    case kind, trial, verdict, port, place, rebind, probe, release, releasedAtNanoseconds, rebound
    case result, windowNanoseconds, isStolen, takenBy, force, replay
    case protocolName = "protocol"
  }
}

/// A launch that failed at depth `allocate`, where nothing is bound.
public struct LostAllocation: Sendable, Equatable, Encodable {
  private let kind = "lost-allocation"
  public var trial: String
  public var launch: Int
  /// As `bindstorm list outcomes` has it.
  public var outcome: String
  public var evidence: String
}

/// A trial's clock, relative to its start.
struct TrialClock {
  let start: UInt64

  /// Nanoseconds since the start, negative before it.
  func relative(_ time: UInt64) -> Int64 { Int64(bitPattern: time &- start) }

  /// `+12.345 ms`, or `earlier`.
  func words(_ time: UInt64) -> String {
    time >= start ? "+\(Wording.fixed(Double(time - start) / 1e6, 3)) ms" : "earlier"
  }
}
