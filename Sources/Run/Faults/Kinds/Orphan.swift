internal import CSharedRegion
internal import Glibc
public import PlanModel
public import RunContract
internal import Syscalls

/// A process of an earlier run, which nobody waits for any more, still holds a number that the launcher has just decided
/// on for its first address. That it does not get it (EADDRINUSE) is an answer, as with `steal`; so is that there is no
/// number yet.
public enum Orphan: Fault {
  public static let descriptor = FaultDescriptor(
    name: "orphan", summary: "a process without a parent holds the launch's first number",
    points: [.afterProbe])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    guard site.port != 0 else { return slot.witness() }
    let pid = bs_fault_orphan(slot.region.pointer, UInt32(slot.number), site.port)
    if pid < 0 { return slot.refused(-pid) }
    guard slot.pointee.error == 0 else {
      // It has ended, and whoever took it in may have taken its exit: the number is not ours to end any more.
      slot.pointee.helper_pid = 0
      if slot.pointee.error == EADDRINUSE { slot.witness() }
      return
    }
    if ProcessRecords.parent(of: pid) != CurrentProcess.pid { slot.witness() }
  }

  public static func heal(_ slot: FaultSlot) -> Bool {
    slot.releasePort { CurrentProcess.endOther($0) }
    return true
  }
}
