internal import LinuxFacts
internal import History

/// Judges a program whose port calls were forced.
///
/// | what happened | outcome |
/// |---|---|
/// | its time was over | `timeout` |
/// | it failed after a re-bind was made to fail | `lost-to-thief` |
/// | it failed, and had been refused a port that was not stolen | `lost-to-self`, `lost-to-outsider` |
/// | it failed otherwise | `child-died` |
/// | it succeeded though a re-bind was made to fail, or it was refused a port | `recovered` |
/// | windows opened and none was stolen, or no call was injected, although the plan asks for it | `invalid` |
/// | no port was chosen, so that a thief had nothing to steal | `invalid` |
/// | no port call was seen, or not all could be looked into, or the kernel dropped events | `invalid` |
/// | no port that the kernel chose was released and bound again | `ready` |
struct ForcedRunJudge {
  let run: ForcedRun
  let steals: Bool
  /// Whether the thief acts at the release.
  let comesAtTheRelease: Bool
  let injects: Bool

  /// For a program that is the whole launch.
  func judgeLaunch() -> (Outcome, String) {
    switch run.ending {
    case .hung: return (.timeout, "it had not ended in time" + sequel)
    case .exited where run.status == 0: return judgeSuccess() ?? (.ready, facts)
    case .exited: return failed("exited with code \(run.status)")
    case .signalled: return failed("was ended by signal \(run.status)")
    }
  }

  private func failed(_ how: String) -> (Outcome, String) {
    if run.stolen > 0 {
      return (.lostToThief, "it \(how): the window thief took the port of \(run.window)" + words)
    }
    switch run.refusal {
    case .tree:
      return (.lostToSelf, "it \(how): refused a port it holds itself, \(run.window)" + words)
    case .outsider:
      return (.lostToOutsider, "it \(how): refused a port that others hold, \(run.window)" + words)
    case .none:
      let status = WaitStatus.signalled(Int32(run.status))
      if run.injected == 0 && run.ending == .signalled && status.isFromOutside {
        return (.harnessError, HostLimit.ended("the program", by: status) + words)
      }
      let why = run.injected > 0 ? " after \(Counted.text(run.injected, "injection"))" : ""
      return (.childDied, "it \(how)\(why), and had lost no port" + words)
    }
  }

  /// What a success under forcing counts as; nil if it counts as a success.
  func judgeSuccess() -> (Outcome, String)? {
    if run.stolen > 0 {
      return (
        .recovered,
        "ready only after \(Counted.text(run.stolen, "lost re-bind")), first of \(run.window)"
      )
    }
    if run.refusal != .none {
      return (.recovered, "ready only after it was refused a port, \(run.window)")
    }
    if run.calls == 0 { return (.invalid, "no port call was seen: nothing could be forced") }
    if run.unobserved > 0 {
      return (
        .invalid,
        "\(run.unobserved) of \(Counted.text(run.calls, "port call")) could not be examined"
      )
    }
    if run.lost > 0 {
      return (
        .invalid,
        "the kernel dropped socket events, \(Counted.text(run.lost, "time")): windows may have been missed"
      )
    }
    if steals && run.probes == 0 && run.injected == 0 {
      return (
        .invalid,
        "no port was chosen by the kernel, or bound by number, in \(Counted.text(run.calls, "port call")): there was nothing to steal, and nothing can be told"
      )
    }
    if steals && run.windows > 0 {
      return (
        .invalid,
        "\(Counted.text(run.windows, "window")) opened (first: \(run.window)), but none was stolen although the plan asks for it"
      )
    }
    if steals && run.bindsElsewhere && !comesAtTheRelease {
      return (
        .invalid,
        "the API servers bind, whose calls are not caught: only a thief with steal \"eager\" comes before them"
      )
    }
    if injects && run.injected == 0 {
      return (.invalid, "the plan asks for an injection, and no call was injected")
    }
    return nil
  }

  /// What a ready run showed.
  var facts: String {
    let windows =
      run.windows == 0
      ? "no window: none was let go and bound again"
      : "\(Counted.text(run.windows, "window")), first of \(run.window)"
    return "\(Counted.text(run.probes, "port")) followed; \(windows)"
      + (run.injected > 0 ? "; \(Counted.text(run.injected, "injection"))" : "")
  }

  private var sequel: String {
    (run.stolen > 0 ? ": the window thief took the port of \(run.window)" : "") + words
  }

  private var words: String { run.lastWords.isEmpty ? "" : "; its last words: \(run.lastWords)" }
}
