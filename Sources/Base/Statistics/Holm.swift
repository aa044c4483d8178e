/// Several tests at one joint level.
public enum Holm {
  /// The adjusted p-values in the order of `pValues`: the probability of one or more false alarms among all of them is
  /// at most the level with which they are compared, however the tests depend on each other (Holm, Scandinavian Journal
  /// of Statistics 6, 1979, 65-70).
  public static func adjusted(_ pValues: [Double]) -> [Double] {
    var result = pValues
    var largest = 0.0
    for (rank, place) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
      largest = max(largest, min(1, pValues[place] * Double(pValues.count - rank)))
      result[place] = largest
    }
    return result
  }
}
