public import PlanModel
public import RunContract

/// The launcher forgets to close its copies of the listeners that it handed over, so the ports are not free after the
/// API servers have ended. The witness is in the launcher; if it has no copies, the fault did not happen.
public enum ParentCopy: Fault {
  public static let descriptor = FaultDescriptor(
    name: "parent-copy", summary: "the launcher keeps its copies of what it handed over",
    points: [.afterSpawn])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    site.keepsParentCopies = true
  }

  public static func observe(_ observation: InjectionObservation, _ slot: FaultSlot) {
    if case .copiesKept(let copies) = observation, copies > 0 { slot.witness() }
  }
}
