public import StrategyKit
internal import PlanModel

/// Shared by strategies that count in a circle, from the option `base` over `span` ports.
extension Launch {
  /// The first free port of a range, from `first` to its end and then from its beginning; nil if there is none. If
  /// `first` is outside the range, it starts at the beginning.
  public func scan(from first: Int, around range: Range<Int>) -> UInt16? {
    let first = range.contains(first) ? first : range.lowerBound
    return scan(from: first, tries: range.upperBound - first)
      ?? scan(from: range.lowerBound, tries: first - range.lowerBound)
  }

  /// The ports of a strategy with the options `base` and `span` that counts in a circle.
  static func countedNumbers(_ options: OptionValues) -> Range<Int> {
    options[OptionName.base]..<min(options[OptionName.base] + options["span"], 65_536)
  }
}
