internal import FoundationEssentials
public import Judging

/// How many runs a claim needs, as text and JSON.
public enum PowerReport {
  /// As text. Ends with a line break.
  public static func text(_ answer: PowerAnswer, secondsPerRun: Double?) -> String {
    var lines = [answer.question + ":"]
    lines += answer.bounds.map { "  \(left(Wording.percent($0.value)))  \($0.claim)" }
    lines += answer.lines.map { line in
      guard let runs = line.runs else { return "  \(left("too many"))  runs \(line.claim)" }
      let time = secondsPerRun.map { ", \(duration(runs * $0))" } ?? ""
      return "  \(left(number(runs)))  runs \(line.claim)\(time)"
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// As JSON, with the time where a run's is known.
  /// - Throws: `EncodingError`, never for these values.
  public static func json(_ answer: PowerAnswer, secondsPerRun: Double?) throws -> [UInt8] {
    struct Document: Encodable {
      var answer: PowerAnswer
      var secondsPerRun: Double?
    }
    return try JSONReport.bytes(
      Document(answer: answer, secondsPerRun: secondsPerRun), format: "bindstorm-power/1")
  }

  private static func left(_ text: String) -> String {
    String(repeating: " ", count: max(0, 10 - text.count)) + text
  }

  private static func number(_ runs: Double) -> String {
    // Means are no whole numbers.
    runs == runs.rounded() ? (runs < 1e15 ? "\(Int(runs))" : "\(runs)") : Wording.fixed(runs, 1)
  }

  private static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<120: "\(Wording.fixed(seconds, 1)) s"
    case ..<7_200: "\(Wording.fixed(seconds / 60, 1)) min"
    case ..<172_800: "\(Wording.fixed(seconds / 3_600, 1)) h"
    case ..<1e15: "\(Wording.fixed(seconds / 86_400, 1)) days"
    default: "\(seconds) s"
    }
  }
}
