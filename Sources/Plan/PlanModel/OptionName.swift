/// Names of options that more than one strategy, thief or fault has, or that theory and the plan's checks read.
public enum OptionName {
  /// Addresses that each deployment draws.
  public static let addresses = "addresses"
  /// First number of a range or of a search.
  public static let base = "base"
  /// How many deployments start beside the trial.
  public static let deployments = "deployments"
  /// How its length is distributed.
  public static let distribution = "distribution"
  /// Milliseconds between two API servers' turns.
  public static let gapMilliseconds = "gap_ms"
  /// How long a program may take to start and to answer the first request, in milliseconds.
  public static let helloTimeoutMilliseconds = "hello_timeout_ms"
  /// How long a drawn port is held, on average, in milliseconds.
  public static let holdMilliseconds = "hold_ms"
  /// Shortest of a range of times.
  public static let leastMilliseconds = "least_ms"
  /// How long a fault lasts.
  public static let milliseconds = "milliseconds"
  /// Longest of a range of times.
  public static let mostMilliseconds = "most_ms"
  /// Between probe and bind of a strategy that does both in its launcher, in microseconds. Nobody else's draws count
  /// for it outside this time.
  public static let ownWindowMicroseconds = "window_us"
  /// Whether it is done at the address at which the launches bind: 0 or 1.
  public static let ownAddress = "own_address"
  /// How many ports.
  public static let ports = "ports"
  /// Ports drawn per second, on average.
  public static let ratePerSecond = "rate_per_second"
  /// Which rendezvous of an engine core.
  public static let rendezvous = "rendezvous"
  /// How long the launcher waits for the API servers' reports, in milliseconds.
  public static let reportTimeoutMilliseconds = "report_timeout_ms"
  /// Whether SO_REUSEADDR is set: 0 or 1.
  public static let reuseAddress = "reuse_address"
  /// How many to leave out.
  public static let skip = "skip"
  /// Milliseconds over which deployments draw.
  public static let windowMilliseconds = "window_ms"
}
