package import Judging
internal import PlanModel
internal import TerminalText

extension Matrix {
  /// With every text of others made safe to show, each on one line. Names that differ still do.
  /// - Parameter longestName: names are cut after so many characters, as they are in every line of a table, and other
  ///   texts after `TerminalText.longestWords`; nil cuts nothing.
  package func shown(longestName: Int?) -> Matrix {
    func words(_ text: String) -> String {
      longestName == nil
        ? TerminalText.safeLine(text)
        : TerminalText.safeLine(text, atMost: TerminalText.longestWords)
    }
    var scenarios = ShownNames(longest: longestName)
    var labels = ShownNames(longest: longestName)
    var names = ShownNames(longest: longestName)
    var matrix = self
    matrix.plan.name = names.shown(plan.name)
    matrix.plan.title = plan.title == plan.name ? matrix.plan.name : words(plan.title)
    for index in plan.arms.indices {
      matrix.plan.arms[index].scenario = scenarios.shown(plan.arms[index].scenario)
      matrix.plan.arms[index].strategy.label = labels.shown(plan.arms[index].strategy.label)
      if let like = plan.arms[index].expectation?.like {
        matrix.plan.arms[index].expectation?.like = labels.shown(like)
      }
      if let why = plan.arms[index].expectation?.why {
        matrix.plan.arms[index].expectation?.why = words(why)
      }
    }
    for (index, arm) in arms.enumerated() {
      matrix.arms[index].reason = words(arm.reason)
      matrix.arms[index].strategyReason = words(arm.strategyReason)
      matrix.arms[index].topCause?.evidence = words(arm.topCause?.evidence ?? "")
      matrix.arms[index].noPrediction = arm.noPrediction.map(words)
      matrix.arms[index].like?.like = labels.shown(arm.like?.like ?? "")
      matrix.arms[index].better?.than = labels.shown(arm.better?.than ?? "")
      for place in arm.published.indices {
        matrix.arms[index].published[place].figure.source = words(
          arm.published[place].figure.source)
      }
    }
    return matrix
  }
}

/// Names as they are shown. If two names differ only in parts that are not shown, they get numbers, because tables find
/// rows by name.
private struct ShownNames {
  let longest: Int?
  private var known: [String: String] = [:]
  private var used: Set<String> = []
  /// The last number of those that look the same.
  private var numbers: [String: Int] = [:]

  init(longest: Int?) { self.longest = longest }

  mutating func shown(_ name: String) -> String {
    if let shown = known[name] { return shown }
    let plain = form(name, suffix: "")
    var number = numbers[plain] ?? 1
    var shown = plain
    while !used.insert(shown).inserted {
      number += 1
      shown = form(name, suffix: " (\(number))")
    }
    numbers[plain] = number
    known[name] = shown
    return shown
  }

  private func form(_ name: String, suffix: String) -> String {
    guard let longest else { return TerminalText.safeLine(name) + suffix }
    return TerminalText.safeLine(name, atMost: longest - suffix.count) + suffix
  }
}
