internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import StartupProtocol
internal import StrategyKit
internal import Syscalls

/// The launcher's part in the data-parallel group of its engine cores: it probes the ports, before any address, holds
/// the coordination store, and orders the group to be formed anew.
final class GroupPorts {
  private let parts: StartupLaunch
  /// In the order of their use.
  private var ports: [UInt16] = []
  private var store: CoordinationStore?

  /// More probes than there are ports: whoever has not found different ones by then never will.
  private static let mostProbes = 65_536

  init(_ parts: StartupLaunch) { self.parts = parts }

  /// Probes the ports, as vLLM's configuration does: `get_open_ports_list` draws until all differ.
  /// - Throws: stage `probe`; stage `scan` with ELOOP when the kernel has too few different ones.
  func probe() throws(StageFailure) {
    ports = []
    guard parts.startup.group != .none else { return }
    for _ in 0..<Self.mostProbes where ports.count < parts.startup.groupPorts {
      let port = try parts.launch.probe()
      if !ports.contains(port) { ports.append(port) }
    }
    guard ports.count == parts.startup.groupPorts else {
      throw parts.failure(BS_STAGE_SCAN, ELOOP)
    }
    for (place, port) in ports.enumerated() { bs_group_ports_of(parts.record)[place] = port }
    parts.record.pointee.group_chosen_ns = MonotonicClock.now()
  }

  /// What the init message says of the group; nil for a model without one.
  var configuration: ParallelConfiguration? {
    guard !ports.isEmpty else { return nil }
    return ParallelConfiguration(
      masterAddress: parts.order.headHost.text, probed: ports, storePort: store?.port ?? 0,
      size: parts.startup.engines)
  }

  // MARK: The coordination store

  /// Binds the store, if the launch has one.
  /// - Throws: stage `service`.
  func openStore() throws(StageFailure) {
    guard parts.startup.effectiveGroup == .coordStore else { return }
    do throws(SystemError) {
      let store = try CoordinationStore(
        mark: ServingRole.identity(parts.region, launch: parts.launch.number),
        within: parts.order.confinedTo)
      self.store = store
      parts.launch.privateDescriptors.append(store.listener)
      parts.record.pointee.store_port = store.port
      parts.region.setClaim(parts.claim, on: store.port)
    } catch { throw parts.failure(BS_STAGE_SERVICE, error.code) }
  }

  /// Makes the poll wake for the store's clients.
  func add(to poll: inout Poll) { store?.add(to: &poll) }

  /// Answers the store's clients, without waiting.
  func serve() { store?.serve() }

  /// Closes the store: it lives until the engine cores have started.
  func closeStore() {
    guard let store else { return }
    parts.region.clearClaim(parts.claim, on: store.port)
    parts.launch.privateDescriptors.removeAll { $0 == store.listener }
    store.close()
    self.store = nil
  }

  /// The launch ends: nothing of the store and of what the engine cores bound is claimed any more.
  func end() {
    closeStore()
    for slot in parts.engineSlots {
      for kind in 0..<Int(BS_RENDEZVOUS_COUNT) {
        let bound = (bs_rendezvous_of(parts.region.engine(slot)) + kind).pointee.bound
        if bound != 0 {
          parts.region.clearClaim(bs_claim(BS_CLAIM_ENGINE, UInt32(slot)), on: bound)
        }
      }
    }
  }

  // MARK: The group that replaces the first one

  /// Lets the engine cores form their group anew, if the plan wants that. Returns false if a process died before.
  func reinitialise(hasCasualty: () -> Bool, sleep: () -> Void) -> Bool {
    guard parts.startup.isReinitialised else { return true }
    bs_store(bs_reinit_word(parts.record), 1)
    while true {
      if hasCasualty() { return false }
      let isFormed = parts.engineSlots.allSatisfy {
        let record = bs_rendezvous_of(parts.region.engine($0)) + Int(BS_RENDEZVOUS_REINIT.rawValue)
        return bs_load(bs_met_word(record)) != 0
      }
      if isFormed { break }
      sleep()
    }
    parts.record.pointee.reinitialised_ns = MonotonicClock.now()
    return true
  }
}
