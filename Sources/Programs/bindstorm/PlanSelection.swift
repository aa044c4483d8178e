internal import ArgumentParser
internal import Glibc
internal import PlanModel
internal import PlanReading

/// Which part of a plan is run, and how long.
struct PlanSelection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only these cells: SCENARIO/STRATEGY, or one of both names; * stands for anything. Repeatable.",
      valueName: "pattern"), completion: .custom(Completions.cells))
  var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "Without these cells, named in the same way. Repeatable.", valueName: "pattern"),
    completion: .custom(Completions.cells))
  var skip: [String] = []

  @Option(help: "Trials of each cell instead of the plan's.")
  var trials: Int?

  /// As the plan's key `trials`.
  static let trialRange = 1...10_000_000

  func validate() throws {
    if let trials, !Self.trialRange.contains(trials) {
      throw ValidationError(
        "--trials must lie from \(Self.trialRange.lowerBound) to \(Self.trialRange.upperBound)")
    }
  }

  /// The options in words; empty without any.
  private var words: String {
    let parts =
      only.map { "--only \($0)" } + skip.map { "--skip \($0)" }
      + (trials.map { ["--trials \($0)"] } ?? [])
    return parts.joined(separator: " ")
  }

  /// The part of the plan that is selected. Its title says so, and so does everything that is made from it.
  /// - Throws: exit code 64, after saying on standard error which pattern names nothing.
  func apply(to plan: ResolvedPlan) throws -> ResolvedPlan {
    guard !words.isEmpty else { return plan }
    for pattern in only + skip where !plan.arms.contains(where: { Self.matches(pattern, $0) }) {
      let names = plan.arms.map { "\($0.scenario)/\($0.strategy.label)" }
      let known = names + plan.arms.flatMap { [$0.scenario, $0.strategy.label] }
      let near = Suggestion.nearest(to: pattern, among: Set(known))
      printError(
        "bindstorm: \"\(pattern)\" names no cell of the plan; it has "
          + names.prefix(12).joined(separator: ", ")
          + (names.count > 12 ? " and \(names.count - 12) more (bindstorm plan)" : "")
          + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?"))
      throw ExitStatus.badPlan
    }
    var part = plan
    part.arms = plan.arms.filter { arm in
      (only.isEmpty || only.contains { Self.matches($0, arm) })
        && !skip.contains { Self.matches($0, arm) }
    }
    guard !part.arms.isEmpty else {
      printError("bindstorm: \(words) leaves nothing of the plan")
      throw ExitStatus.badPlan
    }
    for index in part.arms.indices {
      part.arms[index].index = index
      if let trials { part.arms[index].trials = trials }
    }
    part.title += " (\(words))"
    warn(plan, part)
    return part
  }

  /// Without its control a scenario does not show that its thieves were there.
  private func warn(_ plan: ResolvedPlan, _ part: ResolvedPlan) {
    for arm in plan.arms where arm.expectation?.isMustFailControl == true {
      let rest = part.arms.filter { $0.scenario == arm.scenario }
      if !rest.isEmpty, !rest.contains(where: { $0.strategy.label == arm.strategy.label }) {
        printError(
          "bindstorm: warning: \(arm.scenario) is run without its control \(arm.strategy.label): nothing then shows that a loss was possible"
        )
      }
    }
  }

  static func matches(_ pattern: String, _ arm: Arm) -> Bool {
    let names =
      pattern.contains("/")
      ? ["\(arm.scenario)/\(arm.strategy.label)"] : [arm.scenario, arm.strategy.label]
    return names.contains { fnmatch(pattern, $0, 0) == 0 }
  }
}

/// A seed on the command line: a number, or `random` for one of the kernel's.
struct SeedArgument: ExpressibleByArgument {
  let seed: UInt64

  init?(argument: String) {
    if argument == "random" {
      // Small enough for every JSON reader.
      seed = UInt64.random(in: 0..<(1 << 53))
    } else if let seed = UInt64(argument) {
      self.seed = seed
    } else {
      return nil
    }
  }
}
