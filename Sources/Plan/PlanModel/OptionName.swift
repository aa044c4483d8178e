/// Names of options that more than one strategy, thief or fault has, or that theory and the plan's checks read.
public enum OptionName {
  /// First number of a range or of a search.
  public static let base = "base"
  /// Milliseconds between two API servers' turns.
  public static let gapMilliseconds = "gap_ms"
  /// How many ports.
  public static let ports = "ports"
  /// How long the launcher waits for the API servers' reports, in milliseconds.
  public static let reportTimeoutMilliseconds = "report_timeout_ms"
  /// Whether SO_REUSEADDR is set: 0 or 1.
  public static let reuseAddress = "reuse_address"
}
