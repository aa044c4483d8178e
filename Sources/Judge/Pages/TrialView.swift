internal import History
internal import Judging
internal import PageKit
internal import PlanModel
internal import Reports
internal import TerminalText

/// One trial: processes and ports along time, and the same in words.
extension RunPage {
  /// Events of a trial that are listed.
  private static let mostEvents = 80

  /// The trials of a cell, as long as there is room on the page.
  func trials(of arm: Arm, spent: inout Int) -> [PageView] {
    var views: [PageView] = []
    for trial in content.trials.trials(of: matrix.arms[arm.index]) {
      let markup = view(of: trial, arm)
      let size = markup.text.utf8.count
      if spent + size > Self.mostTrialBytes { break }
      spent += size
      views.append(["trial": .markup(markup)])
    }
    return views
  }

  private func view(of trial: ShownTrials.Trial, _ arm: Arm) -> Markup {
    let number = trial.outcome.trial
    // By its own names, as commands need them.
    let own = content.matrix.plan.arms[arm.index]
    let explanation = TrialExplanation(
      trial.events, arm: own, trial: number, run: content.folder, isIsolated: matrix.isIsolated)
    let chart = TrialChart(trial.events).chart(
      words: "Trial \(number) of \(arm.strategy.label) in \(arm.scenario) along time")
    let items = explanation.timeline
    let launches = explanation.launches.filter { !$0.evidence.isEmpty || $0.outcome != "ready" }
    return Self.templates.render(
      "trial",
      [
        "id": .text(arm.anchor(ofTrial: number)), "number": .number(number),
        "cell": .text("\(arm.strategy.label) in \(arm.scenario)"),
        "outcomes": .text(outcomes(trial.outcome)),
        "launches": .list(
          launches.map {
            let evidence = $0.evidence.isEmpty ? "" : ": \($0.evidence)"
            return [
              "text": .text(
                TerminalText.safeLine(
                  "launch \($0.launch): \($0.outcome)\(evidence)",
                  atMost: TerminalText.longestWords))
            ]
          }),
        "chart": .markup(chart.markup),
        "events": .list(
          items.prefix(Self.mostEvents).map {
            [
              "at": .text("+\(Wording.fixed(Double($0.atNanoseconds) / 1e6, 3)) ms"),
              "event": .text(TerminalText.safeLine($0.event, atMost: 400)),
            ]
          }),
        "count": .number(items.count),
        "more": .optional(
          items.count > Self.mostEvents ? "\(items.count - Self.mostEvents)" : nil),
        "explain": .text(explain(own.trialName(number))),
        "replay": .text(own.replayCommand(run: content.folder, trial: number)),
        "canReplay": .flag(arm.depth.binds),
      ])
  }

  /// `lost-to-thief`, and with several launches each outcome with its number.
  private func outcomes(_ trial: TrialOutcome) -> String {
    var counts: [(outcome: Outcome, count: Int)] = []
    for launch in trial.launches {
      if let place = counts.firstIndex(where: { $0.outcome == launch.outcome }) {
        counts[place].count += 1
      } else {
        counts.append((launch.outcome, 1))
      }
    }
    return counts.map {
      $0.count == 1 ? $0.outcome.rawValue : "\($0.outcome.rawValue) x\($0.count)"
    }
    .joined(separator: ", ")
  }
}
