internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import PlanModel
internal import RunContract
internal import Strategies
internal import Syscalls

/// The program of `bindstorm-worker`. The harness starts it with the arguments HARNESS-PID namespace|no-namespace,
/// the shared region at descriptor 3 and the control channel at descriptor 4; `bindstorm adapter-check` replaces itself
/// by it; and it executes itself again as an API server if a strategy demands exec.
public func runWorker() -> Never {
  let arguments = CurrentProcess.arguments
  if arguments.count == 6, arguments[1] == ServerRole.command {
    ServerRole.run(arguments: numbers(arguments[2...], count: 4))
  }
  if arguments.count > 1, arguments[1] == AdapterCheckRole.command {
    AdapterCheckRole.run(arguments[2...])
  }
  guard arguments.count == 3, let harness = Int32(arguments[1]) else {
    die("started by bindstorm only; it has no use of its own")
  }
  HostRole(harness: harness, allowNamespace: arguments[2] == "namespace").run()
}

private func numbers(_ arguments: ArraySlice<String>, count: Int) -> [Int] {
  let numbers = arguments.compactMap { Int($0) }
  guard numbers.count == count else { die("wrong arguments") }
  return numbers
}

extension SharedRegion {
  /// The region that this process was started with. Ends the process if the region cannot be mapped, or belongs to an
  /// executable of another build.
  static func attach() -> SharedRegion {
    let region: SharedRegion
    do {
      region = try SharedRegion(mapping: WorkerDescriptor.region)
    } catch {
      die("cannot attach to the shared region: \(error)")
    }
    let own = BuildFingerprint.of(
      strategies: StrategyRegistry.descriptors, thieves: ThiefRegistry.descriptors,
      faults: FaultRegistry.descriptors)
    guard [0, own].contains(region.pointer.pointee.build) else {
      die("bindstorm and its workers are of different builds; build or install all of them anew")
    }
    return region
  }
}
