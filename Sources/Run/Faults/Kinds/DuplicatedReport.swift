public import PlanModel
public import RunContract

/// The report is sent twice, as by a retry after a first try that had arrived.
public enum DuplicatedReport: Fault {
  public static let descriptor = FaultDescriptor(
    name: "duplicated-report", summary: "the report is sent twice", points: [.beforeReport])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    site.report = .duplicated
  }

  public static func observe(_ observation: InjectionObservation, _ slot: FaultSlot) {
    if observation == .reportSent(0) { slot.witness() }
  }
}
