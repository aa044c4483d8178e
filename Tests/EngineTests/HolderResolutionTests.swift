import CSharedRegion
import History
import Testing

@testable import Engine

@Suite struct HolderResolutionTests {
  static let server = HolderResolution.Role(kind: .apiServer, launch: 1, index: 2, pid: 100)
  static let sibling = HolderResolution.Role(kind: .apiServer, launch: 0, index: 2, pid: 101)
  static let launcher = HolderResolution.Role(kind: .launcher, launch: 1, index: -1, pid: 200)
  static let thief = HolderResolution.Role(kind: .thief, launch: -1, index: 0, pid: 300)
  static let otherLauncher = HolderResolution.Role(kind: .launcher, launch: 0, index: -1, pid: 201)
  static let ours = [server, sibling, launcher, otherLauncher, thief]
  static let states = [
    BS_HOLDER_NOT_ASKED, BS_HOLDER_FOUND, BS_HOLDER_NOBODY, BS_HOLDER_UNKNOWN,
  ]

  private func resolve(
    _ claimed: HolderResolution.Role?, _ state: bs_holder_state, pid: Int32 = 0
  ) -> Holder {
    HolderResolution.resolve(
      claimed: claimed, kernelState: state, kernelPid: pid,
      kernelCommand: pid == 0 ? "" : "name-\(pid)",
      roleOfPid: { pid in Self.ours.first { $0.pid == pid } })
  }

  private func holder(
    _ role: HolderResolution.Role, _ sources: Holder.Sources, by pid: Int32 = 0
  ) -> Holder {
    Holder(
      kind: role.kind, launch: role.launch, index: role.index, pid: role.pid,
      command: pid == 0 ? "" : "name-\(pid)", sources: sources)
  }

  @Test func `a claim alone is taken, whatever the kernel did not see`() {
    for role in Self.ours {
      for state in Self.states { #expect(resolve(role, state) == holder(role, .events)) }
    }
  }

  @Test func `a claim that the kernel confirms has both sources`() {
    for role in Self.ours {
      #expect(
        resolve(role, BS_HOLDER_FOUND, pid: role.pid)
          == holder(role, .eventsAndKernel, by: role.pid))
    }
  }

  @Test func `a listener in hand-over belongs to the launcher and the API server of one launch`() {
    #expect(
      resolve(Self.launcher, BS_HOLDER_FOUND, pid: 100)
        == holder(Self.launcher, .eventsAndKernel, by: 100))
    #expect(
      resolve(Self.server, BS_HOLDER_FOUND, pid: 200)
        == holder(Self.server, .eventsAndKernel, by: 200))
    #expect(
      resolve(Self.launcher, BS_HOLDER_FOUND, pid: 101)
        == holder(Self.launcher, .contradiction, by: 101))
    #expect(
      resolve(Self.server, BS_HOLDER_FOUND, pid: 201)
        == holder(Self.server, .contradiction, by: 201))
  }

  @Test func `a claim that the kernel denies is a contradiction`() {
    for (claimed, pid) in [
      (Self.server, 300), (Self.thief, 100), (Self.server, 101), (Self.thief, 999),
    ]
      as [(HolderResolution.Role, Int32)]
    {
      #expect(
        resolve(claimed, BS_HOLDER_FOUND, pid: pid) == holder(claimed, .contradiction, by: pid))
    }
  }

  @Test func `without a claim the kernel's process is one of ours or an outsider`() {
    for role in Self.ours {
      #expect(
        resolve(nil, BS_HOLDER_FOUND, pid: role.pid) == holder(role, .kernel, by: role.pid))
    }
    #expect(
      resolve(nil, BS_HOLDER_FOUND, pid: 999)
        == Holder(kind: .outsider, pid: 999, command: "name-999", sources: .kernel))
  }

  @Test func `cannot tell is another thing than nobody`() {
    #expect(resolve(nil, BS_HOLDER_NOBODY) == Holder(kind: .nobody, sources: .neither))
    for state in [BS_HOLDER_FOUND, BS_HOLDER_UNKNOWN, BS_HOLDER_NOT_ASKED] {
      #expect(resolve(nil, state) == Holder(kind: .cannotTell, sources: .neither))
    }
  }
}
