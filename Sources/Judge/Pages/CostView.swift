internal import Judging
internal import PageKit
internal import PlanModel
internal import Reports

/// What each strategy costs, and what only start-ups measure.
extension RunPage {
  /// Nil where nothing was measured.
  var costSection: Markup? {
    let costs = CostTable(matrix).rows
    let startup = StartupTable(matrix)
    let tables: [(id: String, title: String, head: [String], rows: [[String]])] = [
      ("strategy-costs", "By strategy", CostTable.head, costs),
      ("startup-costs", startup.legend, startup.head, startup.rows),
    ].filter { !$0.3.isEmpty }
    guard !tables.isEmpty else { return nil }
    return Self.templates.render(
      "costs",
      [
        "tables": .list(
          tables.map { table in
            [
              "id": .text(table.id), "title": .text(table.title),
              "head": .list(table.head.map { ["text": .text($0)] }),
              "rows": .list(
                table.rows.map { row in
                  [
                    "first": .text(row[0]),
                    "cells": .list(row.dropFirst().map { ["text": .text($0)] }),
                  ]
                }),
            ]
          })
      ])
  }
}
