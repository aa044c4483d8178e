public import History
internal import LinuxFacts
public import PlanModel
internal import TerminalText

/// One finding in a program whose port calls were forced (strategy `check`, or the key `check` of an adapter): who let
/// which port go, who bound it again, and who took it in between.
public struct ForcedReport: Sendable, Equatable {
  /// Equal for reports of the same finding.
  public let signature: RaceReport.Signature
  /// The same as data.
  public let finding: WindowFinding
  /// Whether a thief of bindstorm took the port.
  public var isStolen: Bool { finding.isStolen }
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
    let clock = TrialClock(start: started.at)
    signature = RaceReport.Signature(
      scenario: arm.scenario, strategy: arm.strategy.label,
      endpoint: "\(window.place) \(window.rebind)",
      holder: window.isStolen ? "a thief" : window.verdict)
    let words = Words(window)
    let trial = arm.trialName(started.trial)
    finding = WindowFinding(
      trial: trial, verdict: window.verdict, protocolName: window.protocolName, port: window.port,
      place: window.place, rebind: window.rebind,
      probe: .init(
        address: window.probedAddress, by: window.proberAt, pid: window.proberPid,
        atNanoseconds: clock.relative(window.probed)),
      release: words.release,
      releasedAtNanoseconds: window.released > 0 ? clock.relative(window.released) : nil,
      rebound: .init(
        address: window.address, by: window.rebinderAt, pid: window.rebinderPid,
        atNanoseconds: clock.relative(window.rebound)),
      result: words.result, windowNanoseconds: window.window, isStolen: window.isStolen,
      takenBy: words.holder, force: command,
      replay: arm.replayCommand(run: run, trial: started.trial))
    text = Self.text(finding, window, started, clock, arm)
  }

  private static func text(
    _ finding: WindowFinding, _ window: ForcedWindow, _ started: TrialStarted, _ clock: TrialClock,
    _ arm: Arm
  ) -> String {
    let time = clock.words
    let strategy = TerminalText.safeLine(arm.strategy.label, atMost: TerminalText.longestName)
    let scenario = TerminalText.safeLine(arm.scenario, atMost: TerminalText.longestName)
    let nth = window.rebind > 1 ? ", re-bind \(window.rebind)" : ""
    let probe = finding.probe
    let rebound = finding.rebound
    var lines = [
      "==================",
      "\(finding.verdict): \(finding.protocolName) port \(finding.port), \(strategy) in \(scenario), trial \(started.trial)",
      "  Probe: \(probe.address) by \(probe.by) (pid \(probe.pid))",
      "    at \(time(window.probed))",
      "  Released: \(finding.release)"
        + (window.released > 0 ? " at \(time(window.released))" : ""),
      "  Re-bind: \(rebound.address) by \(rebound.by) (pid \(rebound.pid))\(nth)",
      "    at \(time(window.rebound)), \(finding.result)",
    ]
    if let holder = finding.takenBy { lines.append("  Taken by: \(holder)") }
    if let open = finding.windowNanoseconds {
      lines.append("  Window: \(Wording.duration(open))")
    }
    if let command = finding.force { lines.append("  Force it: \(command)") }
    lines += [
      "  Replay: \(TerminalText.safeLine(finding.replay))",
      "SUMMARY: \(finding.verdict) \(probe.by) -> \(rebound.by) [\(finding.place)]"
        + (finding.isStolen ? " stolen" : "") + " in \(scenario)",
      "==================",
    ]
    return lines.map { TerminalText.safeLine($0, atMost: TerminalText.longestWords) + "\n" }
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
