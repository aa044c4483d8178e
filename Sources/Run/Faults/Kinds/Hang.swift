public import PlanModel
public import RunContract
internal import Syscalls

/// The victim never continues: a deadlock. The harness sees it asleep in /proc, and ends it with the trial.
public enum Hang: Fault {
  public static let descriptor = FaultDescriptor(
    name: "hang", summary: "the process sleeps for good, holding what it holds")

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    slot.awaitState("S")
    CurrentProcess.sleepForGood()
  }
}
