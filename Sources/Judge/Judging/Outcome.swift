/// How a launch or a trial ended: the closed set. `table` below is the only place that defines what each means; the
/// judges, the reports, `bindstorm list outcomes` and Documentation/glossary.md use it.
///
/// Reports count the outcomes in the order of the cases. Where several endpoints of a launch were lost to different
/// holders, the first of the `lost-to-*` cases decides.
public enum Outcome: String, Sendable, Codable, CaseIterable {
  case ready
  case lostToSelf = "lost-to-self"
  case lostToSibling = "lost-to-sibling"
  case lostToThief = "lost-to-thief"
  case lostToOutsider = "lost-to-outsider"
  case lostToUnknown = "lost-to-unknown"
  case splitBrain = "split-brain"
  case crossTalk = "cross-talk"
  case placeholderLeak = "placeholder-leak"
  case exhausted
  case timeout
  case falseTimeout = "false-timeout"
  case childDied = "child-died"
  case leaked
  case prematureReport = "premature-report"
  case otherError = "other-error"
  case recovered
  case adapterError = "adapter-error"
  case invalid
  case harnessError = "harness-error"

  /// How an outcome counts in the rate.
  public enum Counting: String, Sendable, CaseIterable {
    case ready = "as ready"
    /// The launch did not get a port, or shares it with another socket.
    case portFailure = "as a failure to own a port"
    /// Any other failure of the strategy.
    case failure = "as a failure"
    /// The launch came up after a retry. Shown apart from failures; demands count it, because its port was lost.
    case recovery = "as recovered, in demands as a failure"
    /// Left out of the rate, because it says nothing about the strategy.
    case notCounted = "not counted"
  }

  /// The description of an outcome, in sentences for people.
  public struct Facts: Sendable {
    /// What happened.
    public let meaning: String
    /// How it counts in the rate.
    public let counting: Counting
    /// Whether a must-fail control with this outcome has failed as it must: it lost a port, or it showed a defect of
    /// the start-up that scenarios provoke on purpose. A death, a timeout or another error may have any cause.
    public let fulfilsControl: Bool
    /// What a reader can do about it.
    public let advice: String

    /// - Parameter isProvoked: a defect that scenarios provoke on purpose; this includes every failure to own a port.
    fileprivate init(
      _ counting: Counting, _ meaning: String, isProvoked: Bool = false, do advice: String
    ) {
      self.meaning = meaning
      self.counting = counting
      fulfilsControl = isProvoked || counting == .portFailure
      self.advice = advice
    }
  }

  /// The description of this outcome.
  public var facts: Facts {
    guard let facts = Self.table[self] else {
      preconditionFailure("Outcome.table has no row for \(rawValue)")
    }
    return facts
  }

  /// Whether the launch counts at all.
  public var isCounted: Bool { facts.counting != .notCounted }
  /// Whether it counts as a failure of the strategy in demands, in comparisons and beside a model: the launch failed, or
  /// came up only after a retry.
  public var isFailure: Bool { isCounted && facts.counting != .ready }
  /// Whether the launch failed: it did not come up as it should. A launch that recovered did.
  public var isFailed: Bool { isFailure && facts.counting != .recovery }
  /// Whether it counts as a failure to be the only owner of a port.
  public var isPortFailure: Bool { facts.counting == .portFailure }
  /// Whether it is a failure of the kind that a must-fail control must have.
  public var fulfilsControl: Bool { facts.fulfilsControl }

  private static let table: [Outcome: Facts] = [
    .ready: Facts(
      .ready,
      "Every endpoint is bound and owned by its API server; at depth `startup` every request was answered, too.",
      do: "Nothing."),
    .lostToSelf: Facts(
      .portFailure, "Two addresses of one launch got the same port.",
      do: "Draw distinct ports, or keep each port bound until its API server has it."),
    .lostToSibling: Facts(
      .portFailure, "A parallel launch of the same trial held the port.",
      do:
        "Keep each port bound until its API server has it, or let the API server choose and report it."
    ),
    .lostToThief: Facts(
      .portFailure, "A thief, which the plan set on the launch, held the port.",
      do:
        "Compare with a strategy that leaves no TOCTOU window; `bindstorm replay --force` shows the same loss each time."
    ),
    .lostToOutsider: Facts(
      .portFailure, "A process that bindstorm did not start held the port.",
      do: "Stop the process that the evidence names, or run with `--require-isolation`."),
    .lostToUnknown: Facts(
      .portFailure,
      "The port was held, but its holder could not be identified or was gone when the kernel was asked.",
      do: "Run as root, which may look into every process, or run with `--require-isolation`."),
    .splitBrain: Facts(
      .portFailure, "Two sockets listen on one port, and a client may reach either of them.",
      do:
        "Do not set SO_REUSEPORT on a port that other processes may bind."
    ),
    .crossTalk: Facts(
      .failure,
      "A stranger answered at an advertised endpoint, another port was advertised than the bound one, or a message of another launch arrived.",
      isProvoked: true,
      do: "Advertise a port only once it is bound, and let each connection name its launch."),
    .placeholderLeak: Facts(
      .failure, "Port 0 was advertised to the peers.",
      isProvoked: true,
      do: "Report the bound port before the addresses are copied to the peers."),
    .exhausted: Facts(
      .portFailure, "The kernel, or the strategy's own search, found no free port.",
      do: "Widen the plan's `pool` or the strategy's range, or need fewer ports."),
    .timeout: Facts(
      .failure, "A deadline passed, or nothing answered in time at an advertised endpoint.",
      do:
        "Read the last step reached with `bindstorm explain RUN/ARM/TRIAL`; raise `timeout_ms` if the host was slow."
    ),
    .falseTimeout: Facts(
      .failure,
      "A time limit of the start-up passed although the process that was waited for was healthy, only slow.",
      isProvoked: true,
      do: "Raise that limit, or wait for as long as the process is alive."),
    .childDied: Facts(
      .failure,
      "An API server, an engine core, the coordinator or a checked program died by its own doing, or by a fault of the plan.",
      do: "Read its exit code or signal in the evidence, and its messages in `workers.log`."),
    .leaked: Facts(
      .failure, "Sockets or processes were left after everything had been closed.",
      do: "Close every copy of a socket, including those that child processes inherited."),
    .prematureReport: Facts(
      .failure, "A port was reported to the peers before it was bound.",
      do: "Report the port after `listen` has succeeded."),
    .otherError: Facts(
      .failure, "A system call failed with another error than EADDRINUSE.",
      do: "Look up the error and the stage that the evidence names."),
    .recovered: Facts(
      .recovery,
      "Ready, but only after a retry, without which the launch would have been lost.",
      isProvoked: true,
      do: "Remove the TOCTOU window: the retry hides the race and does not end it."),
    .adapterError: Facts(
      .notCounted,
      "The adapter of an `exec` strategy broke its protocol: a late, malformed, oversized or missing answer, or an early exit.",
      do: "Run `bindstorm adapter-check -- COMMAND`, and correct the rule that it names."),
    .invalid: Facts(
      .notCounted,
      "A fault, theft or injection that the plan demands did not happen, or nothing witnessed it.",
      do: "Read in the evidence what did not happen, and change the plan so that it can."),
    .harnessError: Facts(
      .notCounted,
      "bindstorm or the host failed: a limit was reached, a process was ended from outside, or the record of the trial is incomplete.",
      do:
        "Raise the limit that the evidence names; `bindstorm doctor PLAN` compares the plan's needs with the host. Else read `workers.log`, and report it if it happens again."
    ),
  ]
}
