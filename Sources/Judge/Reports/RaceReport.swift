public import History
internal import Judging
internal import LinuxFacts
public import PlanModel
internal import TerminalText

/// One lost port in the form of a race detector's report: the victim, when its port was released, who held it, when the
/// victim tried to bind it, and how to reproduce it.
public struct RaceReport: Sendable, Equatable {
  /// The signature of a finding: the arm, the endpoint, and the kind of process that held the port.
  public struct Signature: Hashable, Sendable {
    /// Scenario and strategy label of the arm.
    public var scenario: String
    public var strategy: String
    /// `input` or `output`.
    public var endpoint: String
    /// What held the port.
    public var holder: String
  }

  /// Equal for reports of the same finding.
  public let signature: Signature
  /// The same as data.
  public let finding: LostPort
  /// Launch of the victim.
  public var launch: Int { finding.launch }
  /// API server of the victim.
  public var server: Int { finding.apiServer }
  /// Whether the victim is an output.
  public var isOutput: Bool { finding.endpoint == "output" }
  /// The report, many lines.
  public let text: String

  /// Every port that was lost in a trial (EADDRINUSE on a number).
  /// - Parameters:
  ///   - events: the events of one whole trial.
  ///   - run: the run's folder, for the command that replays it.
  public static func all(_ events: [Event], arm: Arm, run: String) -> [RaceReport] {
    guard case .trialStarted(let started)? = events.first else { return [] }
    var launches: [Int: LaunchRecord] = [:]
    for case .launch(let record) in events { launches[record.launch] = record }
    var reports: [RaceReport] = []
    for case .server(let server) in events {
      for (role, endpoint) in [("input", server.input), ("output", server.output)]
      where endpoint.errno == LinuxErrno.addressInUse && endpoint.requested != 0 {
        guard let launch = launches[server.launch] else { continue }
        reports.append(
          RaceReport(
            Victim(server: server, role: role, endpoint: endpoint, launch: launch), events,
            started: started, arm: arm, run: run))
      }
    }
    return reports
  }

  private struct Victim {
    var server: ServerRecord
    var role: String
    var endpoint: EndpointRecord
    var launch: LaunchRecord
  }

  private init(
    _ victim: Victim, _ events: [Event], started: TrialStarted, arm: Arm, run: String
  ) {
    let clock = TrialClock(start: started.at)
    let endpoint = victim.endpoint
    let holder = Self.holder(endpoint.holder, of: victim.launch.launch)
    signature = Signature(
      scenario: arm.scenario, strategy: arm.strategy.label, endpoint: victim.role,
      holder: holder.kind)
    let window =
      endpoint.attempted >= victim.launch.allocationEnded
      ? endpoint.attempted - victim.launch.allocationEnded : nil
    let bound = Self.bound(endpoint, events)
    let trial = arm.trialName(started.trial)
    finding = LostPort(
      trial: trial, port: endpoint.requested, endpoint: victim.role,
      launch: victim.server.launch, apiServer: victim.server.server, pid: victim.server.pid,
      launcherPid: victim.launch.pid,
      releasedAtNanoseconds: clock.relative(victim.launch.allocationEnded),
      triedAtNanoseconds: clock.relative(endpoint.attempted),
      failedAtNanoseconds: clock.relative(endpoint.finished), stage: endpoint.stage.rawValue,
      windowNanoseconds: window,
      takenBy: LostPort.Taker(
        kind: holder.kind, description: holder.text, pid: endpoint.holder?.pid ?? 0,
        command: endpoint.holder?.command ?? "", boundAtNanoseconds: bound.map(clock.relative),
        sources: (endpoint.holder?.sources ?? .neither).rawValue),
      replay: arm.replayCommand(run: run, trial: started.trial))
    text = Self.text(finding, victim, started, clock, bound: bound, arm)
  }

  private static func text(
    _ finding: LostPort, _ victim: Victim, _ started: TrialStarted, _ clock: TrialClock,
    bound: UInt64?, _ arm: Arm
  ) -> String {
    let time = clock.words
    let endpoint = victim.endpoint
    let held =
      bound.map {
        "bound it at \(time($0)), and had held it for "
          + Wording.duration(endpoint.finished >= $0 ? endpoint.finished - $0 : 0)
          + " when the victim failed"
      }
      ?? "bound it between \(time(victim.launch.allocationStarted)) and \(time(endpoint.finished))"
    let sources =
      switch endpoint.holder?.sources {
      case .eventsAndKernel: "the events and the kernel's record agree"
      case .events: "from the events; the kernel no longer showed a socket"
      case .kernel: "from the kernel's record"
      case .contradiction: "CONTRADICTION: the events and the kernel's record differ"
      case .neither, nil: "neither the events nor the kernel's record name it"
      }
    let strategy = TerminalText.safeLine(arm.strategy.label, atMost: TerminalText.longestName)
    let scenario = TerminalText.safeLine(arm.scenario, atMost: TerminalText.longestName)
    let taker = finding.takenBy
    return TerminalText.safe(
      """
      ==================
      PORT RACE: port \(finding.port), \(strategy) in \(scenario), trial \(started.trial)
        Victim: \(finding.endpoint) of API server \(finding.launch).\(finding.apiServer), pid \(finding.pid)
          released by \(time(victim.launch.allocationEnded)), by launcher \(finding.launch), pid \(finding.launcherPid)
          tried at \(time(endpoint.attempted)), failed at \(time(endpoint.finished)): EADDRINUSE at \(finding.stage)
          window \(finding.windowNanoseconds.map(Wording.duration) ?? "unknown")
        Taken by: \(TerminalText.safeLine(taker.description))
          \(held)
          \(sources)
        Replay: \(TerminalText.safeLine(finding.replay))
      SUMMARY: \(finding.endpoint) of \(strategy) lost to \(taker.kind) in \(scenario)
      ==================

      """)
  }

  /// The kind of process that held a port, and which one it was.
  static func holder(_ holder: Holder?, of launch: Int) -> (kind: String, text: String) {
    guard let holder else { return ("unknown", "no holder was recorded") }
    let process =
      holder.pid == 0
      ? "" : ", pid \(holder.pid)" + (holder.command.isEmpty ? "" : " (\(holder.command))")
    switch holder.kind {
    case .apiServer:
      let kind = holder.launch == launch ? "the same launch" : "a parallel launch"
      return (kind, "API server \(holder.launch).\(holder.index) of \(kind)\(process)")
    case .launcher:
      return ("a launcher", "the launcher of launch \(holder.launch)\(process)")
    case .coordinator:
      return ("a coordinator", "the coordinator of launch \(holder.launch)\(process)")
    case .engineCore:
      return ("an engine core", "engine core \(holder.launch).\(holder.index)\(process)")
    case .thief where holder.index < 0:
      return ("a thief", "the thief that bindstorm put into the window\(process)")
    case .thief: return ("a thief", "thief \(holder.index)\(process)")
    case .outsider: return ("an outsider", "a process that bindstorm did not start\(process)")
    case .nobody: return ("unknown", "a process that was gone when the kernel was asked")
    case .cannotTell: return ("unknown", "a process that the kernel could not name\(process)")
    }
  }

  /// When the holder had bound the port, if that is recorded.
  static func bound(_ endpoint: EndpointRecord, _ events: [Event]) -> UInt64? {
    guard let holder = endpoint.holder else { return nil }
    if holder.since != 0 { return holder.since }
    for event in events {
      switch event {
      // The window thief comes while the program's re-bind waits.
      case .forcedWindow(let window)
      where window.isStolen && window.holderPid == holder.pid
        && window.port == endpoint.requested:
        return window.rebound
      case .server(let server)
      where holder.kind == .apiServer && server.launch == holder.launch
        && server.server == holder.index:
        for other in [server.input, server.output]
        where other.bound == endpoint.requested && other.finished <= endpoint.finished {
          return other.finished
        }
      default: continue
      }
    }
    return nil
  }
}
