/// Reads `500us`, `50ms`, `2s` or plain milliseconds as nanoseconds.
public func parseDuration(_ text: String) -> UInt64? {
  let units: [(suffix: String, scale: Double)] = [("us", 1e3), ("ms", 1e6), ("s", 1e9), ("", 1e6)]
  let unit = units.first { text.hasSuffix($0.suffix) }!
  guard let number = Double(text.dropLast(unit.suffix.count)), number >= 0, number < 1e6 else {
    return nil
  }
  return UInt64(number * unit.scale)
}
