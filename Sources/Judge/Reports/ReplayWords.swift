public import PlanModel
internal import TerminalText

extension Arm {
  /// The command that forces what a trial of this arm met.
  /// - Parameter run: the run's folder.
  public func replayCommand(run: String, trial: Int) -> String {
    "bindstorm replay \(shellQuoted("\(run)/\(trialName(trial))")) --force"
  }
}
