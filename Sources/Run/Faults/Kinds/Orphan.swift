internal import CSharedRegion
internal import Glibc
public import PlanModel
public import RunContract
internal import Syscalls

/// An orphan of an earlier run still holds a port that the launcher has just chosen for its first address. If the
/// orphan does not get the port (EADDRINUSE), that counts as an answer, as with `steal`; so does an address without a
/// port yet.
public enum Orphan: Fault {
  public static let descriptor = FaultDescriptor(
    name: "orphan", summary: "a process without a parent holds the launch's first number",
    points: [.afterProbe])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    guard site.port != 0 else { return slot.witness() }
    let pid = bs_fault_orphan(slot.region.pointer, UInt32(slot.number), site.port)
    if pid < 0 { return slot.refused(-pid) }
    guard slot.pointee.error == 0 else {
      // It has ended, and its new parent may have waited for it: do not signal that pid any more.
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
