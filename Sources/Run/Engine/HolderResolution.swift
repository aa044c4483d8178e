internal import CSharedRegion
internal import History

/// Puts the two records of who holds a port together: what our own processes claimed, and what the kernel
/// said. Pure, so that every case can be tested.
enum HolderResolution {
  /// One of our processes.
  struct Role: Equatable {
    var kind: Holder.Kind
    var launch: Int
    var index: Int
    var pid: Int32
  }

  /// - Parameters:
  ///   - claimed: who of ours claimed the port.
  ///   - kernelState: what the kernel answered.
  ///   - kernelPid: who has the kernel's socket open, 0 if nobody was found.
  ///   - kernelCommand: that process's name.
  ///   - roleOfPid: whether that process is one of ours.
  static func resolve(
    claimed: Role?, kernelState: bs_holder_state, kernelPid: Int32, kernelCommand: String,
    roleOfPid: (Int32) -> Role?
  ) -> Holder {
    let kernelRole = kernelPid == 0 ? nil : roleOfPid(kernelPid)
    switch (claimed, kernelPid) {
    case (let claimed?, 0):
      return holder(claimed, "", .events)
    case (let claimed?, _):
      // A listener that is being handed over belongs to launcher and API server at once.
      let agrees =
        kernelRole == claimed
        || (claimed.kind == .launcher && kernelRole?.launch == claimed.launch)
        || (kernelRole?.kind == .launcher && kernelRole?.launch == claimed.launch)
      return holder(claimed, kernelCommand, agrees ? .eventsAndKernel : .contradiction)
    case (nil, let pid) where pid != 0:
      guard let kernelRole else {
        return Holder(kind: .outsider, pid: pid, command: kernelCommand, sources: .kernel)
      }
      return holder(kernelRole, kernelCommand, .kernel)
    default:
      // The kernel saw no socket, or it saw one whose process cannot be found, or it could not be asked.
      let kind: Holder.Kind = kernelState == BS_HOLDER_NOBODY ? .nobody : .cannotTell
      return Holder(kind: kind, sources: .neither)
    }
  }

  private static func holder(_ role: Role, _ command: String, _ sources: Holder.Sources) -> Holder {
    Holder(
      kind: role.kind, launch: role.launch, index: role.index, pid: role.pid, command: command,
      sources: sources)
  }
}
