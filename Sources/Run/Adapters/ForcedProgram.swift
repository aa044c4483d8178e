internal import CLinuxShims
internal import CSharedRegion
internal import ForcedCalls
internal import Glibc
internal import Interception
internal import PlanModel
internal import RaceLedger
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// A program of a strategy that runs with its port calls caught, as under `bindstorm check`. The process that would
/// have executed it becomes its supervisor. The supervisor holds stolen ports until the program's process tree has
/// ended, and writes its account to the launch's slot.
struct ForcedProgram {
  let command: AdapterCommand
  let forcing: Forcing
  let region: SharedRegion
  let launch: Int
  /// Nanoseconds after which its process tree is ended; nil: never.
  let timeLimit: UInt64?

  /// Nil if the command is not to be forced.
  init?(_ command: AdapterCommand, _ launch: Launch, timeLimit: UInt64? = nil) {
    guard let forcing = command.forcing else { return nil }
    self.command = command
    self.forcing = forcing
    region = launch.region
    self.launch = launch.number
    self.timeLimit = timeLimit
  }

  /// Why this host cannot force anything; nil if it can.
  static var reasonNotToRun: String? {
    let abilities = HostAbilities()
    return abilities.mode == nil ? "port calls cannot be caught: \(abilities.missing)" : nil
  }

  /// Why the program of a command cannot be found, as execvp(3) looks for it from the command's folder, and what to do; nil
  /// if it can.
  static func reasonForNone(_ command: AdapterCommand) -> String? {
    let program = command.words[0]
    if program.contains("/") {
      let path = program.hasPrefix("/") ? program : "\(command.folder)/\(program)"
      if access(path, X_OK) == 0 { return nil }
      let why = access(path, F_OK) == 0 ? "it is there and cannot be executed" : "nothing is there"
      return
        "\(program): no such program: \(path): \(why); prepare or install it there, or change \"command\""
    }
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    let isThere = path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    return isThere
      ? nil
      : "\(program): no such program in PATH (\(path)); install it, or write its path in \"command\""
  }

  /// Clears what an earlier trial left.
  func clear() {
    bs_forced_of(region.launcher(launch)).pointee = bs_forced_run()
    region.setWindow("", of: launch)
  }

  /// In its own process: supervises the program until its process tree has ended, writes the account, and ends in the
  /// same way as the program did. Descriptors 0 to 3 are the program's.
  func run() -> Never {
    bs_set_name("bs-forcer", Int32(launch), -1)
    let account = bs_forced_of(region.launcher(launch))
    account.pointee.supervisor = getpid()
    var supervision = Supervision(command: command.words)
    supervision.steal = StealPolicy(
      mode: forcing.steal, limit: forcing.max,
      rebind: forcing.rebind, minimumWindow: UInt64(forcing.minWindowMilliseconds) * 1_000_000,
      only: forcing.only)
    supervision.timeLimit = timeLimit
    supervision.injections = forcing.injections.map { InjectRule($0) }
    do {
      let observation = try Supervisor.run(supervision)
      write(observation, to: account)
      bs_store(bs_forced_is_complete(account), 1)
      switch observation.status {
      case .exited(let code): _exit(code)
      case .signalled(let signal):
        endBySignal(signal)
        _exit(128 + signal)
      case .hung: _exit(128 + SIGKILL)
      }
    } catch {
      let line = "\(error)\n"
      _ = Glibc.write(2, line, line.utf8.count)
      _exit(127)
    }
  }

  private func write(
    _ observation: Observation, to account: UnsafeMutablePointer<bs_forced_run>
  ) {
    let windows = observation.findings.filter(\.canBeStolen)
    let refusals = observation.findings.filter {
      !$0.wasStolen && $0.result == EADDRINUSE && $0.owner?.isThief != true && $0.kind.isRace
    }
    (account.pointee.ending, account.pointee.status) =
      switch observation.status {
      case .exited(let code): (BS_ENDING_EXITED.rawValue, code)
      case .signalled(let signal): (BS_ENDING_SIGNALLED.rawValue, signal)
      case .hung: (BS_ENDING_HUNG.rawValue, 0)
      }
    account.pointee.calls = UInt32(clamping: observation.calls)
    account.pointee.unobserved = UInt32(clamping: observation.unobserved)
    account.pointee.lost = UInt32(clamping: observation.lostEvents)
    account.pointee.probes = UInt32(clamping: observation.portsFollowed)
    account.pointee.windows = UInt32(clamping: windows.count)
    account.pointee.told = UInt32(clamping: writeWindows(observation.findings))
    account.pointee.stolen = UInt32(clamping: observation.stolen)
    account.pointee.injected = UInt32(clamping: observation.injected.reduce(0, +))
    if let refusal = refusals.first {
      let holder = refusal.owner?.isInTree == true ? BS_REFUSAL_TREE : BS_REFUSAL_OUTSIDER
      account.pointee.refusal = holder.rawValue
    }
    let told = windows.first(where: \.wasStolen) ?? refusals.first ?? windows.first
    region.setWindow(told.map { Self.words($0) } ?? "", of: launch)
  }

  /// A window's length in the unit in which its number is short.
  static func length(nanoseconds: UInt64) -> String {
    let microseconds = nanoseconds / 1_000
    if microseconds < 10_000 { return "\(microseconds) us" }
    let milliseconds = microseconds / 1_000
    if milliseconds < 10_000 { return "\(milliseconds) ms" }
    return "\(milliseconds / 1_000).\(milliseconds / 100 % 10) s"
  }

  /// The window for people: prober, re-binder, port, and how long the window was open.
  private static func words(_ finding: Finding) -> String {
    let length = finding.window.map { " after \(Self.length(nanoseconds: $0))" } ?? ""
    let owner = finding.owner.map { ", held by pid \($0.pid) \($0.command)" } ?? ""
    return
      "\(finding.summary), port \(finding.key.port)\(length)\(finding.wasStolen ? "" : owner)"
  }
}
