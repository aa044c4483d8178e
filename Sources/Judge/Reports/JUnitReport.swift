public import Judging
internal import PlanModel

/// The matrix as JUnit XML in the dialect that Jenkins and GitLab read: a suite for the plan, a case for each
/// arm, whose result is the verdict's (`Verdict.Facts.testResult`). What was not decided or not run is skipped, with
/// the reason, so that missing data never looks like a pass.
public enum JUnitReport {
  /// The document, ending with a line break.
  /// - Parameter seconds: time that each arm took, in the plan's order; 0 where unknown.
  public static func text(_ matrix: Matrix, seconds: [Double]) -> String {
    let results = matrix.arms.map(\.verdict.facts.testResult)
    let failures = results.count { $0 == .failed }
    let skipped = results.count { $0 == .skipped }
    let total = seconds.reduce(0, +)
    var lines = [
      #"<?xml version="1.0" encoding="UTF-8"?>"#,
      "<testsuites>",
      "  <testsuite name=\(quoted(matrix.plan.name)) tests=\"\(matrix.arms.count)\" failures=\"\(failures)\" errors=\"0\" skipped=\"\(skipped)\" time=\"\(Wording.fixed(total, 3))\">",
      "    <properties>",
      "      <property name=\"seed\" value=\"\(matrix.plan.seed)\"/>",
      "      <property name=\"partial\" value=\"\(matrix.isPartial)\"/>",
      "    </properties>",
    ]
    for arm in matrix.plan.arms {
      let verdict = matrix.arms[arm.index]
      let time = arm.index < seconds.count ? seconds[arm.index] : 0
      let head =
        "    <testcase classname=\(quoted("\(matrix.plan.name).\(arm.scenario)")) name=\(quoted(arm.strategy.label)) time=\"\(Wording.fixed(time, 3))\""
      let summary =
        "\(verdict.verdict.rawValue) \(Wording.estimate(verdict.launches)): \(verdict.reason)"
      lines.append(head + ">")
      switch verdict.verdict.facts.testResult {
      case .passed: break
      case .failed:
        lines.append(
          "      <failure type=\"rate\" message=\(quoted(summary))>\(escaped(detail(arm, verdict)))</failure>"
        )
      case .skipped: lines.append("      <skipped message=\(quoted(summary))/>")
      }
      lines.append(
        "      <system-out>\(escaped(summary + "\n" + detail(arm, verdict)))</system-out>")
      lines.append("    </testcase>")
    }
    lines += ["  </testsuite>", "</testsuites>", ""]
    return lines.joined(separator: "\n")
  }

  private static func detail(_ arm: Arm, _ verdict: ArmVerdict) -> String {
    var lines: [String] = []
    if arm.launchesPerTrial > 1 {
      lines.append("any launch \(Wording.estimate(verdict.trials))")
    }
    if let prediction = verdict.predictionPerTrial { lines.append(Wording.prediction(prediction)) }
    if let cause = verdict.topCause {
      lines.append(
        "\(cause.outcome.rawValue) x\(cause.launches), first in trial \(verdict.arm)/\(cause.firstTrial): \(cause.evidence)"
      )
    }
    return lines.joined(separator: "\n")
  }

  private static func quoted(_ text: String) -> String {
    "\""
      + escaped(text).split(separator: "\n", omittingEmptySubsequences: false).joined(
        separator: "&#10;")
      + "\""
  }

  /// As character data; characters that XML 1.0 does not allow, section 2.2, become U+FFFD.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case "\r": result += "&#13;"
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
