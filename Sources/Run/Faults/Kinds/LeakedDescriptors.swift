internal import CSharedRegion
public import PlanModel
public import RunContract
internal import Syscalls

/// An unrelated child of the launcher inherits all of its descriptors, including listeners and channels, and outlives
/// the API servers. Witness: the kernel, which shows that the child exists.
public enum LeakedDescriptors: Fault {
  public static let descriptor = FaultDescriptor(
    name: "leaked-descriptors",
    summary: "an unrelated child of the launcher inherits all its descriptors",
    points: [.afterProbe, .afterSpawn])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    let pid = bs_fault_bystander()
    if pid < 0 { return slot.refused(-pid) }
    slot.pointee.helper_pid = pid
    if ProcessRecords.parent(of: pid) == CurrentProcess.pid { slot.witness() }
  }

  /// The child must outlive the API servers to be a leak. It ends with the launcher, which is replaced.
  public static func heal(_ slot: FaultSlot) -> Bool { slot.pointee.helper_pid == 0 }
}
