internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
internal import RunContract
public import StrategyKit
internal import Syscalls

/// A program that the plan names is the whole launch: an unmodified launcher that runs to its end with its port calls
/// caught and its windows stolen. One trial is one run. It has succeeded if it exits with 0.
///
/// The API servers of the arm are idle: bindstorm does not check what the program starts and binds.
public struct Check: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "check",
    summary: "a program that the plan names is the launch, and its windows are stolen",
    origin: "real launchers: see Documentation/check.md",
    options: [
      OptionDescriptor(
        name: "run_timeout_ms", defaultValue: 8_000, range: 1...3_600_000,
        summary: "how long one run of the program may take")
    ],
    collisionModel: .unmodelled, depths: [.bind], apiServers: 1, requirements: [.namespace],
    takesCommand: true, alwaysForces: true,
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: false, failure: .either,
      weakness: "that of the program"))

  public static let handover = Handover(collects: true)

  /// Bytes of output that are kept as evidence.
  private static let evidence = 400
  /// Time allowed for starting and ending the program, beyond its own time limit.
  private static let margin: UInt64 = 1_000_000_000

  private let timeLimit: UInt64

  public init(options: OptionValues) {
    timeLimit = UInt64(options["run_timeout_ms"]) * 1_000_000
  }

  public mutating func allocate(_ launch: Launch) throws(StageFailure) {
    launch.bindsItself = true
    guard let command = launch.order.command,
      let forced = ForcedProgram(command, launch, timeLimit: timeLimit)
    else {
      launch.setDetail("not-started: the order holds no command to force")
      throw Self.failure
    }
    forced.clear()
  }

  public mutating func bind(_ binder: Binder) {}

  public mutating func collect(_ launch: Launch) throws(StageFailure) {
    guard let command = launch.order.command,
      let forced = ForcedProgram(command, launch, timeLimit: timeLimit)
    else { throw Self.failure }
    let program: AdapterProcess
    let hasExited: Bool
    do throws(AdapterFault) {
      program = try AdapterProcess(
        command,
        launch: AdapterRequest.Launch(
          number: launch.number, apiServers: launch.servers, sockets: launch.order.sockets,
          depth: launch.order.depth),
        deadlines: AdapterProcess.Deadlines(all: 1), forced: forced, isLaunch: true)
      launch.adapterTree = program.keeperPid
      hasExited = try program.awaitEnd(until: MonotonicClock.now() + timeLimit + Self.margin)
    } catch {
      launch.setDetail("\(error.kind.rawValue): \(error.text)")
      throw Self.failure
    }
    program.end()
    let words = program.lastErrorLines(limit: Self.evidence)
    program.forgetErrors()
    launch.adapterTree = 0
    launch.setDetail(words)
    let account = bs_forced_of(launch.region.launcher(launch.number))
    guard bs_load(bs_forced_is_complete(account)) != 0 else {
      launch.setDetail("\(hasExited ? "its supervisor failed" : "it could not be ended"): \(words)")
      throw Self.failure
    }
  }

  private static var failure: StageFailure {
    StageFailure(stage: BS_STAGE_ADAPTER.rawValue, code: EPROTO)
  }
}
