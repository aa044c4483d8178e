import CSharedRegion
import CLinuxShims
import RunContract
import PlanModel
import Testing

@testable import Workers

/// What workers make of their order, without a process that follows it.
@Suite struct OrderRulesTests {
  private func order(_ change: (inout Arm) -> Void) -> WorkerOrder {
    var arm = Arm(
      index: 0, scenario: "s", strategy: Choice(name: "x", label: "x"), depth: .bind,
      topology: Topology(apiServers: 2), workers: .fresh, sockets: .tcp, trials: 1)
    change(&arm)
    let region = SharedRegion.privateCopy()
    defer { region.deallocate() }
    Order(arm: arm, strategy: 0, thieves: [], confinesSockets: false).write(to: region)
    return WorkerOrder(region)
  }

  @Test
  func `engine cores of another size or on another number of nodes are of another configuration`() {
    let sizes = [(2, 1), (2, 2), (4, 1), (4, 2), (256, 16), (1, 1)]
    let hashes = sizes.map { EngineRole.configurationHash(Startup(engines: $0.0, nodes: $0.1)) }
    #expect(Set(hashes).count == sizes.count, "\(hashes)")
    // What does not make a launch another one does not count.
    let slow = Startup(variant: .v019, engines: 2, loadMilliseconds: 999)
    #expect(EngineRole.configurationHash(slow) == hashes[0])
  }

  @Test func `each launch of each trial has an identity of its own, which is not negative`() {
    let region = SharedRegion.privateCopy()
    defer { region.deallocate() }
    var seen: Set<Int64> = []
    for seed in [UInt64(1), 2] {
      region.pointer.pointee.trial_seed = seed
      for launch in 0..<3 {
        let identity = ServingRole.identity(region, launch: launch)
        #expect(identity >= 0 && seen.insert(identity).inserted)
        #expect(
          identity == ServingRole.identity(region, launch: launch), "the same in each process")
      }
    }
  }
}
