public import PlanModel
public import RunContract
internal import Syscalls

/// The victim's node is cut off for a time: its link goes down and comes back, which affects every process on that
/// node. Witness: the kernel's record of the link. The head node has no link, so the fault never happens there.
public enum NodeCut: Fault {
  public static let descriptor = FaultDescriptor(
    name: "node-cut", summary: "the link of the victim's node is down for a time",
    options: FaultDescriptor.duration, points: [.beforeEngineConnect])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    do throws(SystemError) {
      try NodeNetwork.setLink(up: false)
      if !NodeNetwork.isLinkOperational { slot.witness() }
      MonotonicClock.sleep(until: MonotonicClock.now() + slot.amountNanoseconds)
      try NodeNetwork.setLink(up: true)
      slot.healed()
    } catch {
      slot.fail(error.code)
    }
  }
}
