/// The forced row of a strategy, which a scenario with `forced` has beside each strategy's own row: in every trial another
/// process takes the very number that one API server is about to bind.
public enum ForcedRow {
  /// How many trials it has.
  public static let trials = 100

  /// The label of the row.
  public static func label(of strategy: String) -> String { "\(strategy) (forced)" }

  /// Whether the strategy has such a row. One whose program's calls are caught has its thief in the program already.
  public static func exists(for strategy: Choice) -> Bool { strategy.command?.forcing == nil }
}

extension Arm {
  /// Replaces thieves and faults by one: at this point another process takes the port of the victim.
  /// - Parameters:
  ///   - launch: the victim's launch; nil for a random one in each trial.
  ///   - index: the victim's number; nil for a random one in each trial.
  public mutating func force(
    at point: InjectionPoint, launch: Int?, index: Int?, vocabulary: Vocabulary
  ) {
    let options = vocabulary.fault(named: FaultName.steal)?.options ?? []
    faults = [
      PlannedFault(
        kind: Choice(
          name: FaultName.steal, label: FaultName.steal,
          options: options.map { OptionValue(name: $0.name, value: $0.defaultValue ?? 0) }),
        point: point, launch: launch, index: index)
    ]
    thieves = []
    window.foreignDraws = 0
  }
}
