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
  /// `ARM/TRIAL`.
  public let trial: String
  /// Launch of the victim.
  public let launch: Int
  /// API server of the victim.
  public let server: Int
  /// Whether the victim is an output.
  public let isOutput: Bool
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
    let time = { (at: UInt64) in
      at >= started.at ? "+\(Wording.fixed(Double(at - started.at) / 1e6, 3)) ms" : "earlier"
    }
    let endpoint = victim.endpoint
    let holder = Self.holder(endpoint.holder, of: victim.launch.launch)
    signature = Signature(
      scenario: arm.scenario, strategy: arm.strategy.label, endpoint: victim.role,
      holder: holder.kind)
    trial = "\(started.arm)/\(started.trial)"
    launch = victim.server.launch
    server = victim.server.server
    isOutput = victim.role == "output"
    let window =
      endpoint.attempted >= victim.launch.allocationEnded
      ? Wording.duration(endpoint.attempted - victim.launch.allocationEnded) : "unknown"
    let bound = Self.bound(endpoint, events)
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
    let lines = """
      ==================
      PORT RACE: port \(endpoint.requested), \(strategy) in \(scenario), trial \(trial)
        Victim: \(victim.role) of API server \(launch).\(server), pid \(victim.server.pid)
          released by \(time(victim.launch.allocationEnded)), by launcher \(launch), pid \(victim.launch.pid)
          tried at \(time(endpoint.attempted)), failed at \(time(endpoint.finished)): EADDRINUSE at \(endpoint.stage.rawValue)
          window \(window)
        Taken by: \(TerminalText.safeLine(holder.text))
          \(held)
          \(sources)
        Replay: bindstorm replay \(TerminalText.safeLine(run))/\(trial) --force
      SUMMARY: \(victim.role) of \(strategy) lost to \(holder.kind) in \(scenario)
      ==================

      """
    text = TerminalText.safe(lines)
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
  private static func bound(_ endpoint: EndpointRecord, _ events: [Event]) -> UInt64? {
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
