internal import Faults
internal import PlanModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

extension Run {
  /// Why an arm cannot run: the plan says so, or this host lacks what its strategy needs.
  func reasonToSkip(_ arm: Arm) -> String? {
    if let reason = arm.skipReason { return reason }
    if (arm.startup?.nodes ?? 1) > 1 && host.isolation == .none {
      return "its nodes are network namespaces, which this host does not allow"
    }
    if arm.startup?.reservedPorts.isEmpty == false && host.isolation == .none {
      return "reserving ports needs a network namespace, which this host does not allow"
    }
    if host.isolation == .none, let reason = Self.reasonNotToShare(arm) { return reason }
    guard let strategy = StrategyRegistry.index(of: arm.strategy.name) else { return nil }
    var needs = StrategyRegistry.available[strategy].descriptor.requirements
    for thief in arm.thieves {
      guard let index = ThiefRegistry.index(of: thief.name) else { continue }
      needs.formUnion(ThiefRegistry.all[index].descriptor.requirements)
    }
    for need in needs {
      switch need {
      case .namespace where host.isolation == .none:
        return "needs a network namespace, which this host does not allow"
      case .scratchFolder where !host.hasScratchFolder:
        return "needs a private tmpfs (fsmount), which this host does not allow"
      case .namespace, .scratchFolder, .fullOwnershipCheck: continue
      }
    }
    return nil
  }

  /// Why an arm cannot run among this host's own ports: its pool cannot be had, so that its trials would choose from other
  /// ports than the plan says. Nil if it can.
  private static func reasonNotToShare(_ arm: Arm) -> String? {
    if let problem = TCPSocket.problemOfConfining() {
      return "without a network namespace its pool needs Linux 6.3 (\(problem))"
    }
    guard let host = try? Namespace.portRange() else {
      return "this host's ephemeral ports cannot be read, and it has no network namespace"
    }
    guard host.low <= arm.pool.low && arm.pool.high <= host.high else {
      return
        "its pool (\(arm.pool.low) to \(arm.pool.high)) is not within this host's ephemeral ports (\(host.low) to \(host.high)), and only a network namespace can have others"
    }
    return nil
  }
}
