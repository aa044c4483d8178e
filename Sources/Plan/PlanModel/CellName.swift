/// Names of cells and trials: what reports print, and what the command line takes after a run.
///
/// A cell is `SCENARIO/STRATEGY`, a trial `SCENARIO/STRATEGY/TRIAL`. Both names may contain slashes themselves, so a name
/// is ambiguous as it stands. In `cellName` each slash of a name is `%2F` and each percent sign `%25`, and a scenario of
/// digits only begins with one in that form (`%30` for `0`), since digits alone are the number of an arm.
extension Arm {
  /// The cell's name, which no other cell of the plan has: labels are unique in a scenario, scenarios in a plan.
  public var cellName: String { "\(scenarioPart)/\(escapedPart(strategy.label))" }

  /// The name of one of its trials.
  public func trialName(_ trial: Int) -> String { "\(cellName)/\(trial)" }

  private var scenarioPart: String {
    escapedPart(scenario, escapingFirst: scenario.utf8.allSatisfy(isDigit))
  }

  /// Every way in which the command line may spell the cell: each name as it is, or escaped.
  fileprivate var spellings: Set<String> {
    Set(
      [scenario, scenarioPart].flatMap { scenario in
        [strategy.label, escapedPart(strategy.label)].map { "\(scenario)/\($0)" }
      })
  }
}

/// One way to read a text as a cell or a trial of a plan.
public struct CellReading: Sendable, Hashable {
  /// `Arm.index`.
  public var arm: Int
  /// Number of the trial from 0, which the plan need not have; nil if the whole cell is meant.
  public var trial: Int?

  public init(arm: Int, trial: Int? = nil) {
    self.arm = arm
    self.trial = trial
  }
}

extension ResolvedPlan {
  /// Every way to read a text: `SCENARIO/STRATEGY`, `SCENARIO/STRATEGY/TRIAL`, `ARM`, `ARM/TRIAL`. Empty if it names
  /// nothing; more than one if it is ambiguous, which the name of a cell or trial (`cellName`, `trialName`) never is.
  public func readings(of text: String) -> [CellReading] {
    let exact = arms.flatMap { reading(of: text, as: $0, spelled: $0.cellName) }
    if !exact.isEmpty { return exact }
    var readings: [CellReading] = []
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if let arm = parts.first.flatMap(number), arms.indices.contains(arm) {
      if parts.count == 1 { readings.append(CellReading(arm: arm)) }
      if parts.count == 2, let trial = number(parts[1]) {
        readings.append(CellReading(arm: arm, trial: trial))
      }
    }
    for arm in arms {
      for spelling in arm.spellings {
        for found in reading(of: text, as: arm, spelled: spelling) where !readings.contains(found) {
          readings.append(found)
        }
      }
    }
    return readings
  }

  /// A text as a cell that is spelled in one way, or as a trial of it; empty if it is neither.
  private func reading(of text: String, as arm: Arm, spelled: String) -> [CellReading] {
    // By bytes: a slash with a combining mark is another character.
    let (bytes, cell) = (text.utf8, spelled.utf8)
    guard bytes.starts(with: cell) else { return [] }
    let rest = bytes.dropFirst(cell.count)
    guard let first = rest.first else { return [CellReading(arm: arm.index)] }
    guard first == UInt8(ascii: "/"), let trial = number(Substring(rest.dropFirst())) else {
      return []
    }
    return [CellReading(arm: arm.index, trial: trial)]
  }
}

private func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// Digits as a number; nil for anything else, and for what is too large.
private func number(_ text: Substring) -> Int? {
  text.utf8.allSatisfy(isDigit) ? Int(text) : nil
}

private func escapedPart(_ name: String, escapingFirst: Bool = false) -> String {
  var bytes: [UInt8] = []
  let hex = Array("0123456789ABCDEF".utf8)
  for (place, byte) in name.utf8.enumerated() {
    let isSpecial = byte == UInt8(ascii: "/") || byte == UInt8(ascii: "%") || byte < 0x20
    if isSpecial || place == 0 && escapingFirst {
      bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
    } else {
      bytes.append(byte)
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
