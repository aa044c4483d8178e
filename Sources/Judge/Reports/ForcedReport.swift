public import History
internal import LinuxFacts
public import PlanModel
internal import TerminalText

/// One finding in a program whose port calls were forced (strategy `check`, or the key `check` of an adapter): who let
/// which port go, who bound it again, and who took it in between.
public struct ForcedReport: Sendable, Equatable {
  /// Equal for reports of the same finding.
  public let signature: RaceReport.Signature
  /// `ARM/TRIAL`.
  public let trial: String
  /// Whether a thief of bindstorm took the port.
  public let isStolen: Bool
  /// The report, many lines.
  public let text: String

  /// Every finding of the trial's forced programs.
  /// - Parameters:
  ///   - events: the events of one whole trial.
  ///   - run: the run's folder, for the command that runs the trial again.
  public static func all(_ events: [Event], arm: Arm, run: String) -> [ForcedReport] {
    guard case .trialStarted(let started)? = events.first else { return [] }
    // An adapter does nothing without the requests of its launcher.
    let programs = Timeline.programLaunches(events)
    return events.compactMap { event in
      guard case .forcedWindow(let window) = event else { return nil }
      let command = programs.contains(window.launch) ? forcing(window, arm) : nil
      return ForcedReport(window, started: started, arm: arm, run: run, command: command)
    }
  }

  private init(
    _ window: ForcedWindow, started: TrialStarted, arm: Arm, run: String, command: String?
  ) {
    let time = { (at: UInt64) in
      at >= started.at ? "+\(Wording.fixed(Double(at - started.at) / 1e6, 3)) ms" : "earlier"
    }
    signature = RaceReport.Signature(
      scenario: arm.scenario, strategy: arm.strategy.label,
      endpoint: "\(window.place) \(window.rebind)",
      holder: window.isStolen ? "a thief" : window.verdict)
    trial = "\(started.arm)/\(started.trial)"
    isStolen = window.isStolen
    let words = Words(window)
    let strategy = TerminalText.safeLine(arm.strategy.label, atMost: TerminalText.longestName)
    let scenario = TerminalText.safeLine(arm.scenario, atMost: TerminalText.longestName)
    let nth = window.rebind > 1 ? ", re-bind \(window.rebind)" : ""
    var lines = [
      "==================",
      "\(window.verdict): \(window.protocolName) port \(window.port), \(strategy) in \(scenario), trial \(trial)",
      "  Probe: \(window.probedAddress) by \(window.proberAt) (pid \(window.proberPid))",
      "    at \(time(window.probed))",
      "  Released: \(words.release)" + (window.released > 0 ? " at \(time(window.released))" : ""),
      "  Re-bind: \(window.address) by \(window.rebinderAt) (pid \(window.rebinderPid))\(nth)",
      "    at \(time(window.rebound)), \(words.result)",
    ]
    if let holder = words.holder { lines.append("  Taken by: \(holder)") }
    if let open = window.window { lines.append("  Window: \(Wording.duration(open))") }
    if let command { lines.append("  Force it: \(command)") }
    let own = TerminalText.safeLine(run)
    lines += [
      "  Replay: bindstorm replay \(own)/\(trial) --force",
      "SUMMARY: \(window.verdict) \(window.proberAt) -> \(window.rebinderAt) [\(window.place)]"
        + (window.isStolen ? " stolen" : "") + " in \(scenario)",
      "==================",
    ]
    text = lines.map { TerminalText.safeLine($0, atMost: TerminalText.longestWords) + "\n" }
      .joined()
  }

  /// The command that makes this window fail outside of the plan; nil if that is not a window that can be stolen.
  private static func forcing(_ window: ForcedWindow, _ arm: Arm) -> String? {
    guard window.occurrence > 0, let command = arm.strategy.command else { return nil }
    let rebind = window.rebind > 1 ? " --steal-rebind \(window.rebind)" : ""
    let options = "\(rebind) --occurrence \(window.occurrence)"
    let words = command.words.map(shellQuoted).joined(separator: " ")
    return "cd \(shellQuoted(command.folder)) && bindstorm check --steal lazy --only "
      + "\(window.place)\(options) -- \(words)"
  }

  /// A finding's parts in words, for report and timeline.
  struct Words {
    let window: ForcedWindow

    init(_ window: ForcedWindow) { self.window = window }

    var release: String { window.release.isEmpty ? "not released" : window.release }

    var result: String {
      switch window.result {
      case 0: "succeeded"
      case -1: window.isStolen ? "left to the kernel, with the port taken" : "left to the kernel"
      default: "failed: \(LinuxErrno.text(window.result))"
      }
    }

    /// Nil if nobody held the port.
    var holder: String? {
      if window.isStolen {
        return "the thief that bindstorm put into the window, pid \(window.holderPid)"
      }
      guard window.holderPid != 0 else { return nil }
      if window.holder.isEmpty {
        return "the thief that bindstorm put into an earlier window, pid \(window.holderPid)"
      }
      return "\(window.holder), pid \(window.holderPid)"
    }
  }
}
