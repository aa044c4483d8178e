internal import CSharedRegion
internal import Glibc
public import PlanModel
public import RunContract
internal import Syscalls

/// Another process tries to take the port that the victim is about to bind, exactly at that moment, and holds it: the
/// forced interleaving of a lost race. A refusal (EADDRINUSE) counts as an answer, because a working fix causes it; so
/// does an endpoint without a port yet.
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
    // If the binder lets the kernel choose, there is no port to steal.
    guard site.port != 0 else { return slot.witness() }
    let options = slot.options
    let pid = bs_fault_steal(
      slot.region.pointer, UInt32(slot.number), site.port, Int32(options[OptionName.reuseAddress]),
      Int32(options["listens"]))
    if pid < 0 { return slot.refused(-pid) }
    // The kernel's answer to the other process.
    if [0, EADDRINUSE].contains(slot.pointee.error) { slot.witness() }
  }

  public static func heal(_ slot: FaultSlot) -> Bool {
    slot.releasePort { CurrentProcess.endChild($0) }
    return true
  }
}
