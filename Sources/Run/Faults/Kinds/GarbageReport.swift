public import PlanModel
public import RunContract

/// Bytes arrive that are not a report.
public enum GarbageReport: Fault {
  public static let descriptor = FaultDescriptor(
    name: "garbage-report", summary: "bytes that are no report are sent instead",
    points: [.beforeReport])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    site.report = .garbage
  }

  public static func observe(_ observation: InjectionObservation, _ slot: FaultSlot) {
    if observation == .reportSent(0) { slot.witness() }
  }
}
