internal import CSharedRegion
internal import History

/// Combines the two records of who holds a port: the claims of our own processes, and the kernel's answer. Pure, so
/// that every case can be tested.
enum HolderResolution {
  /// One of our processes.
  struct Role: Equatable {
    var kind: Holder.Kind
    var launch: Int
    var index: Int
    var pid: Int32
  }

  /// - Parameters:
  ///   - claimed: which of our processes claimed the port.
  ///   - kernelState: what the kernel answered.
  ///   - kernelPid: the process that has the kernel's socket open, 0 if none was found.
  ///   - kernelCommand: that process's name.
  ///   - roleOfPid: the role of that process, if it is one of ours.
  static func resolve(
    claimed: Role?, kernelState: bs_holder_state, kernelPid: Int32, kernelCommand: String,
    roleOfPid: (Int32) -> Role?
  ) -> Holder {
    let kernelRole = kernelPid == 0 ? nil : roleOfPid(kernelPid)
    switch (claimed, kernelPid) {
    case (let claimed?, 0):
      return holder(claimed, "", .events)
    case (let claimed?, _):
      // A listener that is being handed over belongs to the launcher and the API server at the same time.
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
      // The kernel saw no socket, or its process cannot be found, or the kernel could not be asked.
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
