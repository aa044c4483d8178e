/// A number with its noun, for every sentence that counts something.
public enum Counted {
  /// `1 launch`, `2 launches`.
  /// - Parameter plural: the singular with an s if absent.
  public static func text(_ number: Int, _ singular: String, _ plural: String? = nil) -> String {
    "\(number) \(number == 1 ? singular : plural ?? singular + "s")"
  }
}
