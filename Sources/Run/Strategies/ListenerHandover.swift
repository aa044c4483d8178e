internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import PlanModel
internal import StrategyKit
internal import Syscalls

/// Shared by the inherited-listener strategies: the launcher binds and listens for every address before anything
/// starts, and hands the sockets over.
struct ListenerHandover {
  static let options = [
    OptionDescriptor(
      name: "close_parent_copy", defaultValue: 1, range: 0...1,
      summary: "0: the launcher forgets to close its copies, and the ports are never free again",
      breaksModel: true),
    OptionDescriptor(
      name: "leak_to_child", defaultValue: 0, range: 0...1,
      summary: "1: an unrelated long-lived child of the launcher inherits the listeners, too",
      breaksModel: true),
    OptionDescriptor(
      name: "listens", defaultValue: 1, range: 0...1,
      summary: "0: the launcher forgets listen(); libzmq aborts the process that adopts the socket",
      breaksModel: true),
  ]

  private let closesParentCopy: Bool
  private let leaksToChild: Bool
  private let listens: Bool

  init(_ options: OptionValues) {
    closesParentCopy = options["close_parent_copy"] != 0
    leaksToChild = options["leak_to_child"] != 0
    listens = options["listens"] != 0
  }

  func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      let (socket, port) = try launch.open(
        on: launch.host, listens: listens, stage: BS_STAGE_LISTENER_SETUP)
      launch.handOver(socket, port: port, for: address)
      launch.endpoint(address).pointee.advertised = port
    }
    if leaksToChild { try startBystander(launch) }
    if !closesParentCopy { launch.keepHanded() }
  }

  func bind(_ binder: Binder) { binder.adoptBoth() }

  /// A forgotten copy stays open: the trial ends with a leak, as real launches do.
  func release(_ launch: Launch) {
    if !closesParentCopy { launch.forgetKept() }
  }

  /// A child that does not know of the listeners it inherited, and outlives the API servers.
  private func startBystander(_ launch: Launch) throws(StageFailure) {
    let parent = getpid()
    let pid = bs_fork(BS_PROCESS_BYSTANDER)
    guard pid >= 0 else { throw launch.refused("a bystander of the launcher", errno) }
    guard pid == 0 else { return }
    _ = bs_set_parent_death_signal(SIGKILL)
    if getppid() != parent { _exit(0) }
    bs_set_name("bs-bystander", -1, -1)
    while true { pause() }
  }
}
