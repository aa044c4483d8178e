internal import PlanModel

/// The size of an arm in `resolved.json`.
extension Arm {
  /// The largest total size of all arms in bytes, as `storedSize` counts it. A scenario's texts are stored with each of
  /// its arms, so resolving makes a plan larger. The result must not exceed what is read back.
  static let mostStored = 12 << 20

  /// Upper limit of its size in `resolved.json`, in bytes.
  var storedSize: Int {
    let command = strategy.command.map { [$0.folder] + $0.words } ?? []
    let texts =
      [
        scenario, why, strategy.label, skipReason ?? "", expectation?.why ?? "",
        expectation?.like ?? "", expectation?.betterThan ?? "",
      ]
      + command + published.map(\.source) + thieves.map(\.label) + faults.map(\.kind.label)
    let choices = [strategy] + thieves + faults.map(\.kind)
    let options = choices.map(\.options.count).reduce(0, +)
    let entries =
      choices.count + published.count + (startup?.reservedPorts.count ?? 0)
      + (strategy.command?.forcing?.injections.count ?? 0)
    return 4_096 + 512 * entries + 192 * options + texts.map(Self.storedSize).reduce(0, +)
  }

  /// Bytes of a text as a JSON string.
  private static func storedSize(_ text: String) -> Int {
    text.utf8.reduce(32) { size, byte in
      switch byte {
      case ..<0x20: size + 6
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): size + 2
      default: size + 1
      }
    }
  }
}
