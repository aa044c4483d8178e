internal import PlanModel
internal import Glibc

/// How many cells run side by side if nobody says.
enum StandardJobs {
  /// A lane keeps about two processors busy: one process opens the barrier while others bind.
  private static let processorsPerLane = 2

  /// One where times matter: other lanes would stretch a window in milliseconds, a start-up, a delay, or a program, which may
  /// also share files with itself. Otherwise what the host's processors bear.
  static func count(for plan: ResolvedPlan) -> Int {
    let arms = plan.arms.filter { $0.skipReason == nil }
    guard !arms.contains(where: isTimed) else { return 1 }
    let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return max(1, min(processors / processorsPerLane, arms.count))
  }

  private static func isTimed(_ arm: Arm) -> Bool {
    arm.window.milliseconds > 0 || arm.depth == .startup || !arm.faults.isEmpty
      || arm.strategy.command != nil
      || arm.thieves.contains { thief in
        thief.options.contains { $0.name == OptionName.ratePerSecond }
      }
  }
}
