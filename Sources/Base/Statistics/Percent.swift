/// Rates in percent, as text.
public enum Percent {
  /// A rate that somebody has chosen, with all of its digits: 0.005 is `0.5 %`.
  public static func exact(_ rate: Double) -> String {
    // Drops the last bits, which come from the multiplication.
    text(percentage: (rate * 1e14).rounded() / 1e12)
  }

  /// A computed rate, rounded to a hundredth of a percent: `80.61 %`, `5 %`.
  public static func text(_ rate: Double) -> String {
    text(percentage: (rate * 10_000).rounded() / 100)
  }

  private static func text(percentage: Double) -> String {
    percentage == percentage.rounded() ? "\(Int(percentage)) %" : "\(percentage) %"
  }
}
