internal import Interception
internal import RaceLedger
internal import TerminalText

extension CheckCommand {
  /// Says that the host, not the user, chose the weaker mode.
  func tellFallback() {
    let abilities = HostAbilities()
    guard mode == nil, abilities.mode == .fallback else { return }
    printError(
      "bindstorm check: note: fallback mode, which sees less (Documentation/check.md#limits): "
        + abilities.lackOfFullMode)
  }

  /// Says who keeps the tool waiting, and how to end that. A diagnosis, which --quiet does not suppress.
  var tellWaiting: @Sendable (Observation.Status, [LeftProcess]) -> Void {
    let hasLimit = linger != nil
    return { status, processes in
      let who =
        processes.isEmpty
        ? "processes of its tree that cannot be told from others" : LeftProcess.list(processes)
      let advice =
        hasLimit
        ? "--linger or Ctrl-C (SIGTERM) ends the wait"
        : "Ctrl-C (SIGTERM) ends the wait, --linger 2s limits it"
      printError(
        TerminalText.safeLine(
          "bindstorm check: the command \(status.ending); still waiting for \(who); \(advice)"))
    }
  }
}

extension Observation.Status {
  /// In words, after "the command".
  var ending: String {
    switch self {
    case .exited(let code): "exited with \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    case .hung: "hung and was ended"
    }
  }
}
