/// A search among counts.
enum GreenRange {
  /// The last count from `start` towards `end` up to which a condition holds without a gap. It must hold at `start`;
  /// steps are doubled while it holds, then halved, so a gap that is narrower than a step may be passed over.
  static func end(from start: Int, towards end: Int, _ holds: (Int) -> Bool) -> Int {
    let direction = end < start ? -1 : 1
    let distance = abs(end - start)
    var (inside, outside, step) = (0, distance + 1, 1)
    while inside + step <= distance {
      if !holds(start + direction * (inside + step)) {
        outside = inside + step
        break
      }
      inside += step
      step *= 2
    }
    while outside - inside > 1 {
      let middle = (inside + outside) / 2
      if middle <= distance && holds(start + direction * middle) {
        inside = middle
      } else {
        outside = middle
      }
    }
    return start + direction * inside
  }
}
