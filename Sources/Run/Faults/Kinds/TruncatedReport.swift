public import PlanModel
public import RunContract

/// Half of the report arrives, the rest never does: the victim stays alive, with its channel open.
public enum TruncatedReport: Fault {
  public static let descriptor = FaultDescriptor(
    name: "truncated-report", summary: "only half of the report is sent", points: [.beforeReport])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    site.report = .truncated
  }

  public static func observe(_ observation: InjectionObservation, _ slot: FaultSlot) {
    if observation == .reportSent(0) { slot.witness() }
  }
}
