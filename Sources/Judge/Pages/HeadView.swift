internal import Judging
internal import PageKit
internal import PlanModel
internal import Reports
internal import TerminalText

/// The verdict in one sentence, and the rows that decided it.
extension RunPage {
  /// Rows that are told of above the matrix.
  private static let mostDeciding = 6

  var head: Markup {
    let look = AnswerLook(exitCode: matrix.exitCode)
    var notices: [String] = []
    if !matrix.isIsolated { notices.append(IsolationNotice.text) }
    if matrix.isPartial { notices.append("PARTIAL: the run was interrupted.") }
    let deciding = self.deciding
    let rest = deciding.count - Self.mostDeciding
    return Self.templates.render(
      "head",
      [
        "name": .text(matrix.plan.name),
        "title": .text(matrix.plan.title),
        "hasOwnTitle": .flag(matrix.plan.title != matrix.plan.name),
        "kind": .text(look.kind), "sign": .text(look.sign),
        "sentence": .text(Wording.conclusion(matrix)),
        "notices": .list(notices.map { ["text": .text($0)] }),
        "remarks": .list(
          RunFindings(matrix, run: content.folder).remarks.map { ["text": .text($0)] }),
        "facts": .list(facts.map { ["name": .text($0.name), "value": .text($0.value)] }),
        "hasDeciding": .flag(!deciding.isEmpty),
        "deciding": .list(deciding.prefix(Self.mostDeciding).map(deciding(_:))),
        "rest": .optional(rest > 0 ? "\(rest)" : nil),
      ])
  }

  private var facts: [(name: String, value: String)] {
    let launches = matrix.arms.map(\.launches.outOf).reduce(0, +)
    let lost = matrix.arms.map(\.launches.failures).reduce(0, +)
    return [
      ("cells", "\(matrix.arms.count)"), ("launches", "\(launches)"), ("failed", "\(lost)"),
      ("seed", "\(matrix.plan.seed)"),
    ] + content.environment.filter { ["started", "kernel"].contains($0.name) }
  }

  /// What violates a demand or leaves it open; where nothing does, the controls, and the demands that came nearest to
  /// their limit.
  private var deciding: [Arm] {
    let urgent = order.filter { matrix.arms[$0.index].planAnswer.facts.exitCode != 0 }
    if !urgent.isEmpty { return urgent }
    let met = order.filter { matrix.arms[$0.index].planAnswer == .asExpected }
    let controls = met.filter { $0.expectation?.isMustFailControl == true }
    let others = met.filter { $0.expectation?.isMustFailControl != true }
      .map { (arm: $0, room: room($0)) }.enumerated()
      .sorted { ($0.element.room, $0.offset) < ($1.element.room, $1.offset) }
      .map(\.element.arm)
    return Array((controls.prefix(4) + others).prefix(Self.mostDeciding))
  }

  /// How far the interval's end stays from the demand's limit; 1 without a limit above.
  private func room(_ arm: Arm) -> Double {
    guard let most = arm.expectation?.failureRateAtMost else { return 1 }
    return most - matrix.arms[arm.index].launches.high
  }

  private func deciding(_ arm: Arm) -> PageView {
    let verdict = matrix.arms[arm.index]
    let look = AnswerLook(verdict.planAnswer)
    let why = arm.expectation?.why ?? ""
    return [
      "id": .text(arm.anchor), "kind": .text(look.kind), "sign": .text(look.sign),
      "answer": .text(verdict.planAnswer.word),
      "cell": .text("\(arm.scenario), \(arm.strategy.label)"),
      "reason": .text(
        "\(CellText(arm, of: matrix).strategy): \(verdict.reason)"
          + (why.isEmpty ? "" : " (the plan: \(why))")),
    ]
  }
}
