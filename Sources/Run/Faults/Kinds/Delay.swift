public import PlanModel
public import RunContract
internal import Syscalls

/// The victim is slow: it sleeps, then continues. Witness: the clock.
public enum Delay: Fault {
  public static let descriptor = FaultDescriptor(
    name: "delay", summary: "the process sleeps for a time, and goes on",
    options: FaultDescriptor.duration)

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    let end = MonotonicClock.now() + slot.amountNanoseconds
    MonotonicClock.sleep(until: end)
    if MonotonicClock.now() >= end { slot.witness() }
    slot.healed()
  }
}
