import CSharedRegion
import Faults
import PlanModel
import RunContract
import Syscalls

/// A thief in the test's own process, with a region of its own: for what it does on its own, step by step. Its
/// sockets are on loopback or draw single ports.
final class ThiefBench {
  let region = SharedRegion.privateCopy()
  let loot: Loot
  var thief: any Thief

  /// - Parameter change: of the order.
  init(
    _ type: any Thief.Type, _ given: [String: Int], apiServers: Int = 1,
    _ change: (inout bs_order) -> Void = { _ in }
  ) {
    region.pointer.pointee.order.settings.topology_launches = 1
    region.pointer.pointee.order.settings.topology_api_servers = UInt32(apiServers)
    change(&region.pointer.pointee.order)
    loot = Loot(region: region, thief: 0, order: WorkerOrder(region))
    let options = type.descriptor.options
    thief = type.init(
      options: OptionValues(options, options.map { given[$0.name] ?? $0.defaultValue! }), seed: 1)
  }

  deinit {
    loot.releaseAll()
    region.deallocate()
  }

  var record: bs_thief { region.thief(0).pointee }
}
