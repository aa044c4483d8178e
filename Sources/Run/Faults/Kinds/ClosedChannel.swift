internal import Glibc
public import PlanModel
public import RunContract
internal import Syscalls

/// The victim loses its channel to the launcher and lives on: a closed pipe. Witness: the kernel, for which the
/// descriptor is no longer open.
public enum ClosedChannel: Fault {
  public static let descriptor = FaultDescriptor(
    name: "closed-channel", summary: "the channel to the launcher is closed, the process lives on",
    points: [.beforeReport, .afterReport], needsFreshWorkers: true)

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    guard site.channel >= 0 else { return slot.fail(EBADF) }
    closeDescriptor(site.channel)
    if fcntl(site.channel, F_GETFD) < 0 && errno == EBADF { slot.witness() }
    site.channel = -1
  }
}
