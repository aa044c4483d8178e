public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// No port at all: Unix sockets at paths (`ipc://`), as vLLM uses on a single node. Unique paths cannot collide. Shared
/// paths (`unique` 0) collide silently: libzmq removes a socket file that is in the way, and the peers of the first
/// launch reach the second. A path that is too long for sun_path (`path_length`) fails.
public struct IPCPath: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "ipc-path",
    summary: "Unix sockets at unique paths instead of ports",
    origin: "vLLM single node; vllm-project/vllm#54481",
    options: [
      OptionDescriptor(
        name: "unique", defaultValue: 1, range: 0...1,
        summary: "0: the path depends on the rank alone, and launches share it", breaksModel: true),
      OptionDescriptor(
        name: "path_length", defaultValue: 0, range: 0...200,
        summary: "least length of the path; more than 107 bytes do not fit (unix(7))",
        breaksModel: true),
    ],
    collisionModel: .noPort, depths: [.bind], sockets: [.zmq],
    requirements: [.scratchFolder, .fullOwnershipCheck],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: true, worksAcrossHosts: false, failure: .either,
      weakness: "one host only; shared or long paths"))

  private let isUnique: Bool
  private let length: Int

  public init(options: OptionValues) {
    isUnique = options["unique"] != 0
    length = options["path_length"]
  }

  public func allocate(_ launch: Launch) {
    for address in 0..<launch.addresses {
      launch.decide(path: path(launch: launch.number, address: address), for: address)
    }
  }

  public func bind(_ binder: Binder) {
    for role in EndpointRole.allCases {
      let address = binder.number + role.rawValue * binder.servers
      guard binder.bind(role, path: path(launch: binder.launch, address: address)) else { return }
    }
  }

  public func release(_ launch: Launch) {
    for address in 0..<launch.addresses {
      ScratchFile.remove(path(launch: launch.number, address: address))
    }
  }

  private func path(launch: Int, address: Int) -> String {
    let name = isUnique ? "l\(launch)-a\(address)" : "a\(address)"
    let path = Scratch.path(name)
    return path + String(repeating: "x", count: max(0, length - path.utf8.count))
  }
}
