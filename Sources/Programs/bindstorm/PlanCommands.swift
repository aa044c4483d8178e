internal import ArgumentParser
internal import Engine
internal import Judging
internal import PlanModel
internal import PortModel
internal import Reports
internal import Statistics
internal import TerminalText
internal import Theory

/// `bindstorm validate PLAN...`
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check plans and report every mistake.",
    discussion: """
      Also names demands that the plan's trials would often not show although everything is right, with the trials that \
      they need. That is no mistake: the plan is valid.

      EXAMPLES:
        bindstorm validate Scenarios/smoke.json Scenarios/faults.json
        bindstorm validate - < Scenarios/smoke.json

      EXIT CODES: 0; 64 a plan is not valid.
      """)

  @Argument(
    help: "Plans: JSON files, names of shipped plans, or - for standard input.",
    completion: .custom(Completions.plans))
  var plans: [String]

  func run() throws {
    var failure: (any Error)?
    for path in plans {
      do {
        let plan = try PlanFile(path: path).plan
        let (arms, trials) = (plan.arms.count, plan.arms.map(\.trials).reduce(0, +))
        try StandardStreams.printResult(
          "\(TerminalText.safeLine(path)): valid, \(Counted.text(arms, "arm")), \(Counted.text(trials, "trial"))\n"
            + WeakDemand.all(of: plan, vocabulary: vocabulary).map {
              "  \(PlanCommand.name($0.scenario)), \(PlanCommand.name($0.strategy)): \($0.text)\n"
            }.joined())
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}

/// `bindstorm plan PLAN`
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show a plan's arms, the rates that theory predicts, and the estimated time.",
    discussion: """
      EXAMPLES:
        bindstorm plan vllm-40443
        bindstorm plan Scenarios/strategies.json --only 'thieves-80/*' --odds
      """)

  @Argument(help: PlanFile.help, completion: .custom(Completions.plans))
  var plan: String

  @OptionGroup
  var selection: PlanSelection

  @OptionGroup
  var stopping: StoppingOptions

  @Option(help: "Seed instead of the plan's: a number, or random.")
  var seed: SeedArgument?

  @Flag(
    inversion: .prefixedNo,
    help:
      "Run a few trials of each row, so that the times are those of this host. Default: unless --json or --odds."
  )
  var measure: Bool?

  @Flag(
    help:
      "Show how probable it is that a run is red though everything is right, and what each cell bears."
  )
  var odds = false

  @Flag(help: "Print everything as JSON: arms, predictions, and the schedule with its seeds.")
  var json = false

  func run() throws {
    let plan = try PlanFile(
      path: plan, seed: seed?.seed, selection: selection, stopping: stopping
    ).plan
    let chances = odds ? PlanOdds(plan, vocabulary: vocabulary) : nil
    let times =
      try measure ?? !(odds || json)
      ? MeasuredTimes(measuring: plan, .preferred, Interruption()) : MeasuredTimes()
    if json {
      try StandardStreams.printResult(
        String(
          decoding: try JSONReport.bytes(
            Expansion(plan, chances, times), format: "bindstorm-plan/1"), as: UTF8.self))
    } else {
      try StandardStreams.printResult(
        TerminalText.safe(
          chances.map { OddsTable.text($0, plan, width: Terminal.width(of: 1)) }
            ?? table(plan, times)))
    }
  }

  private func table(_ plan: ResolvedPlan, _ times: MeasuredTimes) -> String {
    var lines = [
      TerminalText.safeLine("\(plan.name): \(plan.title)", atMost: TerminalText.longestWords),
      "seed \(plan.seed), \(Counted.text(plan.arms.count, "arm"))", "",
    ]
    let head = [
      "arm", "scenario", "strategy", "depth", "launches", "API servers", "slots", "thieves",
      "workers", "sockets", "trials", "model/launch", "model/trial", "seconds",
    ]
    let rows = plan.arms.map { arm -> [String] in
      let predicted = Prediction.predict(arm, vocabulary: vocabulary)
      let slots = EphemeralRange(arm.pool.low...arm.pool.high).slots()
      let thieves = arm.thieves.map { thief in
        "\(thief.label)(\(thief.options.map { "\($0.value)" }.joined(separator: ",")))"
          + (thief.targetFailureRate.map { " for \(Percent.exact($0))" } ?? "")
      }
      return [
        "\(arm.index)", Self.name(arm.scenario), Self.name(arm.strategy.label), arm.depth.rawValue,
        "\(arm.topology.launches)", "\(arm.topology.apiServers)", "\(slots)",
        thieves.isEmpty ? "-" : Self.name(thieves.joined(separator: " ")), arm.workers.rawValue,
        arm.sockets.rawValue, "\(arm.trials)", predicted.map { Percent.text($0.perLaunch) } ?? "-",
        predicted.map { Percent.text($0.perTrial) } ?? "-", times.seconds(arm).map(rounded) ?? "?",
      ]
    }
    lines += TextLayout.table([head] + rows, width: Terminal.width(of: 1), indent: 0)
    var reasons: [(String, [String])] = []
    for arm in plan.arms {
      guard let reason = Prediction.reasonForNone(arm, vocabulary: vocabulary) else { continue }
      if let place = reasons.firstIndex(where: { $0.0 == reason }) {
        reasons[place].1.append("\(arm.index)")
      } else {
        reasons.append((reason, ["\(arm.index)"]))
      }
    }
    if !reasons.isEmpty { lines += ["", "no predicted rate, because of a thief:"] }
    lines += reasons.map {
      "  \($1.count == 1 ? "arm" : "arms") \($1.joined(separator: ", ")): \($0)"
    }
    let weak = WeakDemand.all(of: plan, vocabulary: vocabulary)
    if !weak.isEmpty { lines += ["", "demands that these trials often do not show:"] }
    lines += weak.map { "  arm \($0.arm): \($0.text)" }
    lines += [""] + timeLines(plan, times) + [""]
    return lines.joined(separator: "\n")
  }

  /// The estimated time of the whole, and what it does not contain.
  private func timeLines(_ plan: ResolvedPlan, _ times: MeasuredTimes) -> [String] {
    let total = plan.arms.compactMap(times.seconds).reduce(0, +)
    let limit = plan.budgetSeconds.map { ", of which the budget allows \(rounded($0)) s" } ?? ""
    var lines = ["estimated time: \(rounded(total)) s\(limit)"]
    let sequential = plan.arms.contains { $0.expectation?.sequentialRate != nil }
    if sequential { lines.append("rows with a sequential test end earlier if they are clear") }
    if times.measured > 0 {
      lines.append(
        "measured: a few trials of \(Counted.text(times.measured, "row")), on this host, just now"
      )
    }
    if times.unmeasured > 0 {
      lines.append(
        "\(Counted.text(times.unmeasured, "row")) not measured: estimated, as much longer as the measured ones took"
      )
    }
    let unknown = plan.arms.filter { times.seconds($0) == nil }
    if !unknown.isEmpty {
      let names = unknown.map { "\(Self.name($0.scenario))/\(Self.name($0.strategy.label))" }
      lines.append(
        "unknown (?): how long the programs of \(names.joined(separator: ", ")) take"
          + (times.problem.map { ": \($0)" } ?? "; --measure runs a trial of each"))
    }
    return lines
  }

  fileprivate static func name(_ text: String) -> String {
    TerminalText.safeLine(text, atMost: TerminalText.longestName)
  }

  private func rounded(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }
}

/// What `plan --json` prints.
private struct Expansion: Encodable {
  struct PredictedArm: Encodable {
    var arm: Int
    var scenario: String
    var strategy: String
    var predictedPerLaunch: Double?
    var predictedPerTrial: Double?
    var noPrediction: String?
    /// Nil: the row is a program, and no trial of it was run.
    var estimatedSeconds: Double?
  }

  var plan: ResolvedPlan
  var predictions: [PredictedArm]
  /// With `--odds`.
  var odds: PlanOdds?
  /// Demands that the trials often do not show.
  var weakDemands: [WeakDemand]
  var schedule: [String]

  init(_ plan: ResolvedPlan, _ odds: PlanOdds?, _ times: MeasuredTimes) {
    self.plan = plan
    self.odds = odds
    weakDemands = WeakDemand.all(of: plan, vocabulary: vocabulary)
    predictions = plan.arms.map { arm in
      let predicted = Prediction.predict(arm, vocabulary: vocabulary)
      return PredictedArm(
        arm: arm.index, scenario: arm.scenario, strategy: arm.strategy.label,
        predictedPerLaunch: predicted?.perLaunch, predictedPerTrial: predicted?.perTrial,
        noPrediction: Prediction.reasonForNone(arm, vocabulary: vocabulary),
        estimatedSeconds: times.seconds(arm))
    }
    schedule = Schedule(plan: plan).rendered.split(separator: "\n").map(String.init)
  }
}
