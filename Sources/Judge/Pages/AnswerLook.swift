internal import Judging
internal import PageKit
internal import PlanModel

/// How an answer looks: a sign and a word beside the colour, so that none is needed.
struct AnswerLook {
  /// Class of the style sheet.
  let kind: String
  let sign: String

  init(_ answer: PlanAnswer) {
    (kind, sign) =
      switch answer {
      case .asExpected: ("good", "\u{2713}")
      case .notAsExpected: ("bad", "\u{2717}")
      case .undecided: ("open", "?")
      case .notDemanded: ("none", "\u{2013}")
      case .skipped: ("none", "\u{25CB}")
      }
  }

  /// For a whole matrix.
  init(exitCode: Int32) {
    (kind, sign) =
      switch exitCode {
      case 0: ("good", "\u{2713}")
      case 1: ("bad", "\u{2717}")
      default: ("open", "?")
      }
  }
}

extension Arm {
  /// The cell's anchor. Of its number alone: names may hold anything.
  var anchor: String { "cell-\(index)" }

  /// The anchor of one of its trials.
  func anchor(ofTrial trial: Int) -> String { "trial-\(index)-\(trial)" }
}
