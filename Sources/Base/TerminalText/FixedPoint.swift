/// A number with a fixed count of decimals and a point, rounded half away from zero.
/// - Parameters:
///   - value: finite; times 10 to the power of `digits` it fits into `Int`.
///   - digits: decimals, at least 0.
public func fixedPoint(_ value: Double, digits: Int) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((value * scale).rounded())
  if digits == 0 { return "\(scaled)" }
  let fraction = String(abs(scaled) % Int(scale))
  let sign = scaled < 0 ? "-" : ""
  return
    "\(sign)\(abs(scaled) / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}
