/// What heads every report of a run that had no network namespace of its own.
public enum IsolationNotice {
  /// The word by which such reports can be found.
  public static let mark = "NOT ISOLATED"

  /// One line, without a line break.
  public static let text =
    "\(mark): the run had no network namespace and used this host's own ports, which other programs use too. Rates off "
    + "their model are undecided. bindstorm doctor run says how to grant a namespace."

  /// The line with its break, or nothing for an isolated run.
  public static func head(isIsolated: Bool) -> String { isIsolated ? "" : text + "\n" }
}
