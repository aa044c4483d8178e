public import Judging
internal import TerminalText

/// Whether a run is worse than its baseline, as text and JSON.
public enum GateReport {
  /// As text. Ends with a line break.
  public static func text(_ gate: Gate, width: Int) -> String {
    var lines: [String] = []
    for (title, pairs) in [
      ("Better", gate.better), ("Undecided", gate.undecided), ("Worse", gate.worse),
    ]
    where !pairs.isEmpty {
      lines += [title] + pairs.flatMap { row($0, width) } + [""]
    }
    lines += leftOut(gate, width)
    lines.append(conclusion(gate))
    return lines.map { TerminalText.safeLine($0) + "\n" }.joined()
  }

  /// As JSON.
  /// - Throws: `EncodingError`, never for these values.
  public static func json(_ gate: Gate) throws -> [UInt8] {
    struct Document: Encodable {
      var baseline: String
      var exitCode: Int32
      var comparison: ComparisonTable
      var leftOut: [Gate.LeftOut]
    }
    return try JSONReport.bytes(
      Document(
        baseline: gate.baseline, exitCode: gate.exitCode, comparison: gate.table,
        leftOut: gate.leftOut), format: "bindstorm-gate/1")
  }

  private static func row(_ pair: PairComparison, _ width: Int) -> [String] {
    var text =
      "\(pair.scenario)/\(pair.row.name): \(Wording.estimate(pair.row.rate)) beside \(Wording.estimate(pair.reference.rate)) of \(pair.reference.name)"
    if let low = pair.differenceLow, let high = pair.differenceHigh, let p = pair.adjustedPValue {
      text +=
        "; difference from \(points(low)) to \(points(high)) points (95 %), p \(Wording.pValue(p)) adjusted"
    } else {
      text += "; nothing to compare"
    }
    return TextLayout.wrapped(text, width: width, indent: "  ", rest: "    ")
  }

  private static func points(_ value: Double) -> String {
    (value > 0 ? "+" : "") + Wording.fixed(value * 100, 1)
  }

  /// Reasons with the number of cells, or the cells themselves if there are few.
  private static func leftOut(_ gate: Gate, _ width: Int) -> [String] {
    let reasons = Dictionary(grouping: gate.leftOut, by: \.reason).sorted { $0.key < $1.key }
    return reasons.flatMap { reason, cells in
      let names = cells.prefix(3).map { "\($0.scenario)/\($0.strategy)" }.joined(separator: ", ")
      let more = cells.count > 3 ? " and \(cells.count - 3) more" : ""
      return TextLayout.wrapped(
        "Not compared, \(reason): \(names)\(more)", width: width, rest: "  ")
    }
  }

  private static func conclusion(_ gate: Gate) -> String {
    let compared = Counted.text(gate.table.pairs.count, "cell")
    let beside = "\(compared) beside \(gate.baseline), at a joint level of \(gate.table.level)"
    if gate.table.pairs.isEmpty {
      return "gate: undecided: no cell could be compared with \(gate.baseline)"
    }
    if !gate.worse.isEmpty { return "gate: \(gate.worse.count) worse of \(beside)" }
    if !gate.undecided.isEmpty { return "gate: undecided: \(gate.undecided.count) of \(beside)" }
    return "gate: none worse of \(beside); smaller rises than the counts can show are not excluded"
  }
}
