internal import Judging
internal import PageKit
internal import PlanModel
internal import Reports
internal import TerminalText

/// The cells, each a line that opens.
extension RunPage {
  var cellSection: Markup {
    var trialBytes = 0
    var opened = 0
    let cells = order.enumerated().map { place, arm -> PageView in
      let isUrgent = matrix.arms[arm.index].planAnswer == .notAsExpected
      let isOpen = isUrgent && opened < Self.mostOpen
      if isOpen { opened += 1 }
      var view = line(arm)
      view["isOpen"] = .flag(isOpen)
      view["isLeft"] = .flag(place >= Self.mostDetailed)
      if place < Self.mostDetailed {
        view["detail"] = .view(detail(arm, trials: trials(of: arm, spent: &trialBytes)))
      } else {
        view["command"] = .text(explain(arm.cellName))
      }
      return ["cell": .markup(Self.templates.render("cell", view))]
    }
    return Self.templates.render(
      "cells",
      [
        "cells": .list(cells),
        "isLarge": .flag(order.count > Self.mostDetailed),
        "detailed": .number(Self.mostDetailed), "count": .number(order.count),
        "planPills": .list(
          PlanAnswer.allCases.compactMap { answer in
            let look = AnswerLook(answer)
            return pill(
              answer.rawValue, answer.word, look,
              count: matrix.arms.count { $0.planAnswer == answer })
          }),
        "strategyPills": .list(
          StrategyAnswer.allCases.compactMap { answer in
            pill(
              answer.rawValue, answer.word, nil,
              count: matrix.arms.count { $0.strategyAnswer == answer })
          }),
      ])
  }

  private func pill(_ value: String, _ word: String, _ look: AnswerLook?, count: Int) -> PageView? {
    guard count > 0 else { return nil }
    return [
      "value": .text(value), "word": .text(word), "count": .number(count),
      "kind": .text(look?.kind ?? "none"), "sign": .optional(look?.sign),
    ]
  }

  func explain(_ place: String) -> String {
    "bindstorm explain \(shellQuoted("\(content.folder)/\(place)"))"
  }

  private func line(_ arm: Arm) -> PageView {
    let verdict = matrix.arms[arm.index]
    let look = AnswerLook(verdict.planAnswer)
    return [
      "id": .text(arm.anchor), "index": .number(arm.index),
      "planValue": .text(verdict.planAnswer.rawValue),
      "strategyValue": .text(verdict.strategyAnswer.rawValue),
      "rateValue": .text(verdict.launches.rate.map { "\($0)" } ?? "-1"),
      "strategy": .text(arm.strategy.label), "scenario": .text(arm.scenario),
      "word": .text(verdict.strategyAnswer.word), "answer": .text(verdict.planAnswer.word),
      "kind": .text(look.kind), "sign": .text(look.sign),
      "rate": .text(
        verdict.launches.rate.map {
          "\(verdict.launches.failures)/\(verdict.launches.outOf) \(Wording.percent($0))"
        } ?? ""),
      "bar": .markup(verdict.strategyAnswer == .skipped ? .empty : chart(arm).small),
    ]
  }

  private func detail(_ arm: Arm, trials: [PageView]) -> PageView {
    let verdict = matrix.arms[arm.index]
    let tally = content.tallies[arm.index]
    var lines = ["\(verdict.planAnswer.word): \(verdict.reason)"]
    if !verdict.strategyReason.isEmpty {
      lines.insert("\(verdict.strategyAnswer.word): \(verdict.strategyReason)", at: 0)
    }
    if let demand = arm.expectation {
      let why = demand.why.isEmpty ? "" : ": \(demand.why)"
      lines.append("Demanded: \(Wording.demand(demand))\(why)")
    }
    // The causes are in a chart.
    lines += CellText(arm, of: matrix).details.filter { $0 != Wording.causes(verdict) }
    if let reason = verdict.noPrediction { lines.append("No model: \(reason)") }
    lines += verdict.published.map { Wording.published($0, verdict) }
    lines += ComparedRows.lines(arm, verdict)
    let shares = shareChart(verdict)
    let distributions = [
      ("allocated to first bind", tally.windowDistribution),
      ("skew of the releases", tally.skewDistribution),
      (
        arm.startup == nil ? "barrier to all bound" : "barrier to all served",
        tally.readyDistribution
      ),
    ].compactMap { title, found in found.map { distribution(title, $0) } }
    return [
      "why": .optional(arm.why.isEmpty ? nil : arm.why),
      "lines": .list(
        lines.filter { !$0.isEmpty }.map { ["text": .text(TerminalText.safeLine($0))] }),
      "chart": .markup(verdict.launches.rate == nil ? .empty : chart(arm).large),
      "hasShares": .flag(shares != nil), "shares": .markup(shares ?? .empty),
      "cause": .optional(verdict.topCause?.evidence),
      "hasDistributions": .flag(!distributions.isEmpty),
      "distributions": .list(distributions.map { ["chart": .markup($0)] }),
      "note": .markup(content.notes[arm.index] ?? .empty),
      "hasTrials": .flag(!trials.isEmpty), "trials": .list(trials),
      "command": .text(explain(content.matrix.plan.arms[arm.index].cellName)),
      "hasRun": .flag(verdict.planAnswer != .skipped),
    ]
  }

  private func shareChart(_ verdict: ArmVerdict) -> Markup? {
    guard !verdict.outcomes.isEmpty else { return nil }
    return ShareChart(
      verdict.outcomes.map { count in
        ShareChart.Item(
          name: count.outcome.rawValue, count: count.launches,
          kind: count.outcome == .ready ? .good : count.outcome.isCounted ? .bad : .other)
      }, words: "launches by outcome"
    ).markup
  }

  private func distribution(_ title: String, _ found: Distribution) -> Markup {
    func at(_ share: Double) -> String {
      found.quantiles.first { $0.share == share }.map { Wording.duration($0.nanoseconds) } ?? "-"
    }
    let words = "p50 \(at(0.5)), p99 \(at(0.99)), largest \(at(1)), \(found.samples) trials"
    return DistributionChart(
      title: "\(title), median \(at(0.5))",
      points: found.quantiles.map { .init(share: $0.share, nanoseconds: $0.nanoseconds) },
      words: words
    ).markup
  }
}
