internal import ForcedCalls
internal import History
internal import PlanModel

/// `replay` of rows whose program's port calls are caught: strategy `check`, and the key `check` of an adapter. There
/// the window is in the program, and the thief in its supervisor.
extension ReplayCommand {
  /// What a replay without `--force` proves.
  func level(of arm: Arm) -> (level: String, remark: String) {
    guard let forcing = arm.strategy.command?.forcing else {
      return (arm.faults.isEmpty ? "statistical" : "synthetic", "")
    }
    return forcing.steal == .off
      ? ("synthetic", "; the row's own injections")
      : ("exact", "; the row's own thief, which takes what its key check allows")
  }

  /// Makes the arm's thief take the port of the trial's window, and no other one. Nil if the row's program is not
  /// caught.
  /// - Throws: exit code 64, after saying why on standard error.
  func force(_ arm: inout Arm, _ trial: StoredTrial) throws -> (level: String, remark: String)? {
    let original = trial.arm
    guard original.strategy.command?.forcing != nil, var forcing = arm.strategy.command?.forcing
    else { return nil }
    guard arm.index == original.index else {
      return ("exact", "; \(arm.strategy.label) has another program: its row's own thief")
    }
    let windows = trial.events.compactMap { event in
      if case .forcedWindow(let window) = event { window } else { nil }
    }.filter { $0.occurrence > 0 }
    guard let window = windows.first(where: \.isStolen) ?? windows.first else {
      printError(
        "bindstorm: in trial \(trial.name) the program bound no port again that it had let go: there is no window to force. 'bindstorm replay' without --force runs it again; 'bindstorm check -v -- COMMAND' shows its ports"
      )
      throw ExitStatus.badPlan
    }
    forcing.steal = .lazy
    forcing.only = window.place
    forcing.rebind = window.rebind
    forcing.minWindowMilliseconds = 0
    arm.strategy.command?.forcing = forcing
    return ("exact", "; the thief takes the port of \(window.proberAt) [\(window.place)]")
  }

  /// What to do where no replay counts; nil if there is nothing special.
  func advice(for arm: Arm) -> String? {
    guard force, arm.strategy.command != nil, arm.strategy.command?.forcing == nil else {
      return nil
    }
    return
      "a program that binds by itself cannot be forced from outside: give its row the key \"check\", or run 'bindstorm check --steal lazy -- COMMAND'"
  }
}
