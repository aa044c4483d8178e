internal import ArgumentParser
internal import Engine
internal import PlanModel
internal import PlanReading
internal import Reports
internal import Syscalls
internal import TerminalText

/// `bindstorm calibrate PLAN`
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Set how much a plan's thieves take, so that launches fail at a given rate.",
    usage: """
      bindstorm calibrate PLAN --target-rate RATE [-o FILE] [options]
      bindstorm calibrate --self PLAN [options]
      """,
    discussion: """
      With --target-rate: for the chosen cells, the intensity of the scenario's thief is solved by theory, measured by \
      real trials, and corrected until the rate lies in the interval of what was measured. -o writes the plan with the \
      new values; everything else in it stays as it was.

      With --self: one strategy runs under two labels, many times, and is compared by the methods that compare, like and \
      better_than use. Nothing differs, so every difference that a method shows is a false alarm; their number is set \
      beside the level that it states.

      EXAMPLES:
        bindstorm calibrate vllm-40443 --target-rate 0.8 --only eighty-percent -o -
        bindstorm calibrate --self strategies --only thieves-80/probe-then-bind

      EXIT CODES: 0; 1 with --self if a method gives false alarms more often than it states; 2 if a rate cannot be \
      reached or the trials do not show it; 64 wrong usage, or no such cell.
      """)

  @Argument(help: PlanFile.help, completion: .custom(Completions.plans))
  var plan: String

  @Option(help: "The failure rate per launch, between 0 and 1.")
  var targetRate: Double?

  @Flag(name: .customLong("self"), help: "Compare a strategy with itself.")
  var comparesItself = false

  @Option(
    help: ArgumentHelp(
      "Only these cells: SCENARIO/STRATEGY, or one of both names; * stands for anything. Repeatable. Default: each scenario's must-fail control, else probe-then-bind.",
      valueName: "pattern"))
  var only: [String] = []

  @Option(
    name: [.short, .long], help: "Write the calibrated plan to this file; - for standard output.")
  var output: String?

  @Option(help: "Half of the interval's width, in rates: the number of trials follows from it.")
  var within = 0.02

  @Option(help: "With --self: trials of each label in each comparison.")
  var trials = 40

  @Option(help: "With --self: comparisons.")
  var comparisons = 100

  @Option(help: "With --self: the level of compare and better_than.")
  var level = 0.05

  @Option(help: "Seed instead of the plan's: a number, or random.")
  var seed: SeedArgument?

  @Flag(help: "End with exit code 69 if no network namespace is available.")
  var requireIsolation = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if (targetRate != nil) == comparesItself {
      throw ValidationError("one of --target-rate and --self is needed, and only one")
    }
    if let targetRate, !(targetRate > 0 && targetRate < 1) {
      throw ValidationError("--target-rate must lie between 0 and 1")
    }
    if comparesItself && output != nil { throw ValidationError("--self writes no plan") }
    if json && output == "-" { throw ValidationError("--json and -o - exclude each other") }
    if !(within >= 0.001 && within < 0.5) {
      throw ValidationError("--within must lie from 0.001 to below 0.5")
    }
    if !(level > 0 && level < 1) { throw ValidationError("--level must lie between 0 and 1") }
    for (name, value, range) in [
      ("trials", trials, 10...1_000), ("comparisons", comparisons, 20...10_000),
    ] where !range.contains(value) {
      throw ValidationError(
        "--\(name) must lie from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  func run() throws {
    let file = try PlanFile(path: plan, seed: seed?.seed)
    let cells = try cells(of: file.plan)
    let isolation: Run.IsolationPolicy = requireIsolation ? .required : .preferred
    if comparesItself {
      guard cells.count == 1 else {
        printError(
          "bindstorm: --self compares one cell with itself; choose it with --only: "
            + cells.prefix(12).map { "\($0.scenario)/\($0.strategy.label)" }.joined(separator: ", ")
        )
        throw ExitStatus.badPlan
      }
      return try SelfCalibration(
        arm: cells[0], seed: file.plan.seed, trials: trials, comparisons: comparisons,
        level: level
      ).run(isolation, json: json)
    }
    try calibrate(file, cells, isolation)
  }

  private func calibrate(
    _ file: PlanFile, _ cells: [Arm], _ isolation: Run.IsolationPolicy
  ) throws {
    // Before any trial: a file that cannot be written is no surprise at the end.
    let files = try ReportFiles([output].compactMap { $0 })
    let interruption = Interruption()
    var bytes = file.bytes
    var results: [Calibration.Result] = []
    for arm in cells {
      let calibration = Calibration(
        arm: arm, plan: file.plan, target: targetRate!, within: within)
      let result = try calibration.run(isolation, interruption)
      if let change = result.change { bytes = change.applied(to: bytes) }
      results.append(result)
      if !json && output != "-" { try StandardStreams.printResult(CalibrationText.text(result)) }
    }
    if json {
      try StandardStreams.printResult(
        String(
          decoding: try JSONReport.bytes(["cells": results], format: "bindstorm-calibrate/1"),
          as: UTF8.self))
    }
    if let output, results.contains(where: { $0.change != nil }) {
      try check(bytes, results)
      try files.write(String(decoding: bytes, as: UTF8.self), to: output)
    }
    if !results.allSatisfy(\.isCalibrated) { throw ExitCode(2) }
  }

  /// The new plan must be valid, and have the new values.
  private func check(_ bytes: [UInt8], _ results: [Calibration.Result]) throws {
    let plan: ResolvedPlan
    do throws(PlanErrors) {
      plan = try PlanLoader.load(bytes, file: output ?? "-", vocabulary: vocabulary)
    } catch {
      printError("bindstorm: the calibrated plan is not valid, and is not written:\n\(error)")
      throw ExitStatus.internalError
    }
    for change in results.compactMap(\.change) {
      let arms = plan.arms.filter { $0.scenario == change.scenario }
      guard arms.allSatisfy({ $0.thieves[change.thief][change.option] == change.value }) else {
        printError(
          "bindstorm: \(change.scenario) of the calibrated plan does not have \(change.option) \(change.value), and the plan is not written"
        )
        throw ExitStatus.internalError
      }
    }
  }

  /// The cells that are calibrated: those that are named, else one of each scenario that has a row which can fail.
  private func cells(of plan: ResolvedPlan) throws -> [Arm] {
    for pattern in only where !plan.arms.contains(where: { PlanSelection.matches(pattern, $0) }) {
      printError(
        "bindstorm: \"\(pattern)\" names no cell of the plan; bindstorm plan shows them")
      throw ExitStatus.badPlan
    }
    let named = plan.arms.filter { arm in
      only.isEmpty || only.contains { PlanSelection.matches($0, arm) }
    }
    var cells: [Arm] = []
    for scenario in plan.arms.map(\.scenario)
    where !cells.contains(where: { $0.scenario == scenario }) {
      let rows = named.filter { $0.scenario == scenario }
      let racy =
        rows.first { $0.expectation?.isMustFailControl == true }
        ?? rows.first { $0.strategy.name == "probe-then-bind" }
      let isNamed = only.contains { $0.contains("/") }
      if isNamed && rows.count > 1 && !comparesItself {
        printError(
          "bindstorm: \(scenario) has one set of thieves for all of its rows; choose one of "
            + rows.map(\.strategy.label).joined(separator: ", "))
        throw ExitStatus.badPlan
      }
      if let cell = isNamed ? rows.first : racy ?? (only.isEmpty ? nil : rows.first) {
        cells.append(cell)
      }
    }
    guard !cells.isEmpty else {
      printError(
        "bindstorm: the plan has neither a must-fail control nor a row probe-then-bind; choose cells with --only"
      )
      throw ExitStatus.badPlan
    }
    // A cell without thieves has nothing to turn; with --only it is named and gets the reason.
    let turned = cells.filter { !$0.thieves.isEmpty }
    return only.isEmpty && !turned.isEmpty ? turned : cells
  }
}
