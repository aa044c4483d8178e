internal import ArgumentParser
internal import Judging
internal import PlanModel
internal import Statistics
internal import Theory

/// When trials end.
struct StoppingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Begin no more trials after this time, as 90s or 10m. Trials are dealt so that all open cells with a demand come equally far, before the others; a cell ends when its verdict is certain. The verdicts decide the exit code.",
      valueName: "time"))
  var budget: Nanoseconds?

  @Flag(
    help:
      "Decide demands by a sequential test where the trials suffice for one: between the demanded rate and one at which it is clearly met, a tenth of \"at most\", half of the way from \"at least\" to 1."
  )
  var sequential = false

  @Flag(help: "End a cell with its first failed trial; must-fail controls go on.")
  var untilFailure = false

  /// The plan with these options, as it is stored with the results.
  func apply(to plan: ResolvedPlan) -> ResolvedPlan {
    var plan = plan
    if let budget { plan.budgetSeconds = Double(budget.count) / 1e9 }
    if untilFailure { plan.untilFailure = true }
    if sequential {
      for (index, arm) in plan.arms.enumerated() {
        plan.arms[index].expectation?.makeSequential(arm)
      }
    }
    return plan
  }
}

extension Expectation {
  /// Adds a sequential test where the plan gives none and the trials can decide one; elsewhere all trials run.
  fileprivate mutating func makeSequential(_ arm: Arm) {
    guard sequentialRate == nil, like == nil, betterThan == nil else { return }
    var tested = self
    switch (failureRateAtMost, failureRateAtLeast) {
    case (let most?, nil): tested.sequentialRate = most / 10
    case (nil, let least?) where arm.launchesPerTrial == 1: tested.sequentialRate = (1 + least) / 2
    default: return
    }
    tested.falseAlarm = Self.defaultFalseAlarm
    let test = SequentialTest(tested, longest: arm.trials)
    if test?.fewest(toMeet: tested) != nil { self = tested }
  }
}
