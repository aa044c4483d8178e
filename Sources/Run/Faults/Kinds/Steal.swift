internal import CSharedRegion
internal import Glibc
public import PlanModel
public import RunContract
internal import Syscalls

/// Another process tries to take the number that the victim is about to bind, at exactly that moment, and holds it:
/// the interleaving of a lost race, forced. That it is refused (EADDRINUSE) is an answer, which is what a fix is for;
/// so is that there is no number yet.
public enum Steal: Fault {
  public static let descriptor = FaultDescriptor(
    name: FaultName.steal,
    summary: "another process takes the very number before the victim binds it",
    options: [
      OptionDescriptor(
        name: OptionName.reuseAddress, defaultValue: 0, range: 0...1,
        summary: "1: it sets SO_REUSEADDR"),
      OptionDescriptor(
        name: "listens", defaultValue: 1, range: 0...1, summary: "0: it only binds"),
    ],
    points: [.beforeInputBind, .beforeOutputBind])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    // A binder that leaves the choice to the kernel has nothing that could be stolen.
    guard site.port != 0 else { return slot.witness() }
    let options = slot.options
    let pid = bs_fault_steal(
      slot.region.pointer, UInt32(slot.number), site.port, Int32(options[OptionName.reuseAddress]),
      Int32(options["listens"]))
    if pid < 0 { return slot.refused(-pid) }
    // The kernel's answer to another process.
    if [0, EADDRINUSE].contains(slot.pointee.error) { slot.witness() }
  }

  public static func heal(_ slot: FaultSlot) -> Bool {
    slot.releasePort { CurrentProcess.endChild($0) }
    return true
  }
}
