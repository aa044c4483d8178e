import Foundation

/// Files in Tests/Snapshots that hold what a report says, word for word. `make record-snapshots` writes them anew.
public enum Snapshot {
  /// Compares a text with its snapshot. With RECORD_SNAPSHOTS=1 in the environment the snapshot is written instead;
  /// where CI=true, too, nothing is written and that is the problem.
  /// - Parameter environment: in place of this process's own.
  /// - Returns: what is wrong; nil if the text is the snapshot's, or was recorded.
  public static func problem(
    _ text: String, _ name: String, folder: String = Built.repository + "/Tests/Snapshots",
    environment: [String: String]? = nil
  ) -> String? {
    let environment = environment ?? ProcessInfo.processInfo.environment
    let path = folder + "/" + name
    if environment["RECORD_SNAPSHOTS"] == "1" {
      guard environment["CI"] != "true" else {
        return "\(name): snapshots are not recorded in CI; unset RECORD_SNAPSHOTS"
      }
      do { try Data(text.utf8).write(to: URL(filePath: path)) } catch {
        return "\(path) cannot be written: \(error)"
      }
      return nil
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      return "\(path) is missing: make record-snapshots"
    }
    // By bytes: equal strings may differ in their scalars.
    guard data != Data(text.utf8) else { return nil }
    let (expected, seen) = (lines(String(decoding: data, as: UTF8.self)), lines(text))
    let number =
      zip(expected, seen).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      ?? min(expected.count, seen.count)
    func line(_ lines: [String]) -> String {
      number < lines.count ? lines[number].debugDescription : "no line"
    }
    return """
      \(path), line \(number + 1), is not what the program says. If the new text is right: make record-snapshots
      snapshot: \(line(expected))
      program:  \(line(seen))
      """
  }

  private static func lines(_ text: String) -> [String] { text.components(separatedBy: "\n") }
}
