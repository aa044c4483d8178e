internal import LinuxFacts
public import RaceLedger

/// The command to run, and what to do to it.
public struct Supervision: Sendable {
  /// The command, found by PATH.
  public var command: [String]
  public var steal = StealPolicy()
  /// `bind(0)` gets the port of a released probe again, if the kernel allows it.
  public var forcesDuplicates = false
  public var injections: [InjectRule] = []
  /// What a thief does with the port.
  public var theft = TheftWay.hold
  /// Environment variable whose value distinguishes deployments; nil: connections are not examined.
  public var groupVariable: String?
  /// Catches connect(): who connects where is known. Connects over loopback that are refused are taken for look-ups of free
  /// numbers.
  public var watchesConnects = false
  public var allowsIOUring = false
  /// Nil: the best mode that the host offers.
  public var mode: HostAbilities.Mode?
  /// The largest number of call sites whose stacks are taken.
  public var stackLimit = 512
  /// Asks py-spy for frames of Python versions that cannot be read without it.
  public var asksPySpy = true
  /// How long to wait for processes that outlive the command, in nanoseconds; nil: for ever.
  public var linger: UInt64?
  /// The tree is ended after this many nanoseconds; nil: never.
  public var timeLimit: UInt64?
  /// Called once if the tree outlives the command by a second, with how the command ended and who is waited for.
  public var whenWaiting: (@Sendable (Observation.Status, [LeftProcess]) -> Void)?
  /// The supervisor inherited SIGPIPE ignored, and so must the command.
  public var inheritsPipeIgnored = false
  /// Descriptors for the command's standard streams; -1 for the supervisor's own.
  public var input: Int32 = -1
  public var output: Int32 = -1
  public var error: Int32 = -1

  public init(command: [String]) { self.command = command }

  /// Whether calls are to be examined that only full mode examines.
  var needsFullMode: Bool { theft != .hold }

  /// Whether connect() is examined.
  var examinesConnects: Bool {
    watchesConnects || groupVariable != nil || theft == .stranger
  }
}

/// The result.
public struct Observation: Sendable {
  /// How the command ended.
  public enum Status: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
    /// The time limit was exceeded.
    case hung

    init(_ wait: WaitStatus) {
      switch wait {
      case .exited(let code): self = .exited(code)
      case .signalled(let signal): self = .signalled(signal)
      }
    }
  }

  public var status: Status
  public var findings: [Finding] = []
  public var mode: HostAbilities.Mode
  /// Nanoseconds of CLOCK_MONOTONIC.
  public var startedAt: UInt64
  public var endedAt: UInt64 = 0
  /// Calls that were caught.
  public var calls = 0
  /// Ports that the kernel chose.
  public var probes = 0
  /// Ports that the program bound by a number that it chose itself, and that were followed.
  public var boundByNumber = 0
  /// Ports whose use can be judged.
  public var portsFollowed: Int { probes + boundByNumber }
  /// Stacks that were not taken because of the limit.
  public var stacksMissing = 0
  /// Calls that could not be examined (another user's process, a namespace that cannot be entered).
  public var unobserved = 0
  /// Destroy events that the kernel dropped: releases may be dated late.
  public var lostEvents = 0
  public var stolen = 0
  public var duplicatesForced = 0
  /// Connections that thieves accepted and closed.
  public var answered = 0
  /// Whom the command's clients reached after a theft.
  public var meetings = Meetings()
  /// Stolen TCP ports after whose theft nobody of the tree listened on any port, although the command ended with 0.
  public var unserved: [SocketAddress] = []
  /// How often each injection was applied, in their order.
  public var injected: [Int] = []
  /// The signal that asked to stop.
  public var interruption: Int32?
  /// Processes of the tree were still running at the end; a guard lets their calls continue.
  public var isTreeRunning = false
  /// These processes, as far as they could be told; empty if `isTreeRunning` is false.
  public var left: [LeftProcess] = []
}

/// Why nothing was supervised.
public enum CheckError: Error, Equatable, CustomStringConvertible {
  /// What the host lacks, without which no port call can be caught.
  case unavailable(String)
  /// The host lacks something that only what was asked for needs: a sentence.
  case lacks(String)
  /// Another supervisor's filter is already installed in this tree.
  case nested
  /// The command could not be executed.
  case cannotExecute(String, code: Int32)
  /// A kernel call of the supervisor failed.
  case system(String)

  public var description: String {
    switch self {
    case .unavailable(let what): "this host cannot catch port calls: \(what)"
    case .lacks(let sentence): sentence
    case .nested:
      "another tool already catches calls of this process tree (bindstorm check inside bindstorm "
        + "check, or a container runtime's seccomp listener); the kernel allows one"
    case .cannotExecute(let command, let code): "cannot run \(command): \(errorText(code))"
    case .system(let text): text
    }
  }
}
