public import PlanModel
internal import PortModel

extension ThiefDescriptor.Model {
  /// The ports that a thief of this kind may take in an arm's trials; nil if it may take any: it goes for the launches'
  /// own numbers, or theory does not know.
  ///
  /// A thief that asks the kernel for a port gets one of the pool. Which of them is a matter of parity and of what is
  /// held; the whole pool counts as its reach, less the ports that the strategy has the kernel reserve.
  public func reach(_ thief: Choice, _ arm: Arm, _ vocabulary: Vocabulary) -> [ClosedRange<Int>]? {
    switch self {
    case .holdsThroughWindow, .churns, .holdsThroughout, .connects, .runsTheSameStart, .exhausts:
      return Self.pool(arm, vocabulary)
    case .squats, .squatsOnEngines, .holdsNoTCPPort, .unmodelled: return nil
    case .scansFromBase:
      // It passes over what is held: at most every address of the trial.
      let addresses = arm.topology.launches * arm.topology.addressesPerLaunch
      let base = thief[OptionName.base]
      return [base...min(65_535, base + thief[OptionName.ports] - 1 + addresses)]
    case .leavesTimeWait:
      let base = thief[OptionName.base]
      return base == 0 ? nil : [base...min(65_535, base + thief[OptionName.ports] - 1)]
    case .holdsOverIPv6: return thief["targeted"] != 0 ? nil : Self.pool(arm, vocabulary)
    case .holdsOtherAddress: return thief["early"] != 0 ? Self.pool(arm, vocabulary) : nil
    }
  }

  private static func pool(_ arm: Arm, _ vocabulary: Vocabulary) -> [ClosedRange<Int>] {
    let pool = arm.pool.low...arm.pool.high
    guard let strategy = vocabulary.strategy(named: arm.strategy.name),
      strategy.collisionModel == .reserved
    else { return [pool] }
    let options = OptionValues(strategy.options, arm.strategy.options.map(\.value))
    guard let numbers = strategy.numbers?(options, arm.topology.addressesPerLaunch),
      !numbers.isEmpty, numbers.overlaps(Range(pool))
    else { return [pool] }
    var parts: [ClosedRange<Int>] = []
    if pool.lowerBound < numbers.lowerBound {
      parts.append(pool.lowerBound...numbers.lowerBound - 1)
    }
    if numbers.upperBound <= pool.upperBound { parts.append(numbers.upperBound...pool.upperBound) }
    return parts
  }
}
