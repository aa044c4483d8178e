internal import Judging
internal import PageKit
internal import PlanModel
internal import Reports

/// Strategies below each other, scenarios beside each other.
extension RunPage {
  var matrixSection: Markup {
    let scenarios = matrix.scenarios
    var arms: [String: [String: Arm]] = [:]
    for arm in matrix.plan.arms { arms[arm.strategy.label, default: [:]][arm.scenario] = arm }
    let rows = matrix.strategies.map { strategy -> PageView in
      [
        "strategy": .text(strategy),
        "cells": .list(
          scenarios.map { scenario in
            arms[strategy]?[scenario].map(matrixCell) ?? ["isEmpty": .flag(true)]
          }),
      ]
    }
    return Self.templates.render(
      "matrix",
      [
        "scenarios": .list(scenarios.map { ["name": .text($0)] }), "rows": .list(rows),
        "legend": .list(
          PlanAnswer.allCases.filter { answer in matrix.arms.contains { $0.planAnswer == answer } }
            .map { answer in
              let look = AnswerLook(answer)
              return [
                "kind": .text(look.kind), "sign": .text(look.sign), "word": .text(answer.word),
              ]
            }),
        "hasModel": .flag(matrix.arms.contains { $0.predictionPerLaunch != nil }),
        "hasRecovered": .flag(matrix.arms.contains { $0.recovered != nil }),
      ])
  }

  private func matrixCell(_ arm: Arm) -> PageView {
    let verdict = matrix.arms[arm.index]
    let look = AnswerLook(verdict.planAnswer)
    return [
      "id": .text(arm.anchor), "kind": .text(look.kind), "sign": .text(look.sign),
      "answer": .text(verdict.planAnswer.word), "word": .text(verdict.strategyAnswer.word),
      "rate": .text(verdict.launches.rate.map(Wording.percent) ?? ""),
      "bar": .markup(verdict.strategyAnswer == .skipped ? .empty : chart(arm).small),
    ]
  }

  /// The cell's rate with its interval, the model's rate and the demand.
  func chart(_ arm: Arm) -> RateChart {
    let verdict = matrix.arms[arm.index]
    let shown = verdict.recovered?.launchesWithFailed ?? verdict.launches
    let recovered =
      verdict.recovered.map { Double($0.launches) / Double(max(1, shown.outOf)) } ?? 0
    let model = verdict.predictionPerLaunch?.predicted
    return RateChart(
      rate: shown.rate, recovered: recovered, low: shown.low, high: shown.high, model: model,
      atLeast: arm.expectation?.failureRateAtLeast, atMost: arm.expectation?.failureRateAtMost,
      words: shown.rate == nil
        ? "no launch counted"
        : "\(shown.failures) of \(shown.outOf) launches"
          + (verdict.recovered.map { ", \($0.launches) of them recovered" } ?? "")
          + ", interval \(Wording.percentNumber(shown.low)) to \(Wording.percent(shown.high))"
          + (model.map { ", model \(Wording.percent($0))" } ?? ""))
  }
}
