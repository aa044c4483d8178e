public import PlanModel
public import RunContract
internal import Syscalls

/// The victim is stopped (SIGSTOP) for a time, as if its host swapped or a debugger held it. The harness sees it
/// stopped in /proc and continues it.
public enum Pause: Fault {
  public static let descriptor = FaultDescriptor(
    name: "pause", summary: "stops the process (SIGSTOP) for a time",
    options: FaultDescriptor.duration)

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    slot.awaitState("T", resume: MonotonicClock.now() + slot.amountNanoseconds)
    CurrentProcess.stop()
    slot.healed()
  }
}
