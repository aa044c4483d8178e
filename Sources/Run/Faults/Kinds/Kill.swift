internal import Glibc
public import PlanModel
public import RunContract
internal import Syscalls

/// The victim is killed by a signal: the OOM killer's SIGKILL, a supervisor's SIGTERM, an assertion's SIGABRT. Its
/// parent sees how it ended.
public enum Kill: Fault {
  public static let descriptor = FaultDescriptor(
    name: FaultName.kill, summary: "ends the process by a signal",
    options: [
      OptionDescriptor(
        name: "signal", defaultValue: 0, range: 0...2, summary: "SIGKILL, SIGTERM or SIGABRT",
        words: ["SIGKILL", "SIGTERM", "SIGABRT"])
    ])

  private static func signal(_ options: OptionValues) -> Int32 {
    [SIGKILL, SIGTERM, SIGABRT][options["signal"]]
  }

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    CurrentProcess.end(by: signal(slot.options))
  }

  public static func expectedExit(_ options: OptionValues) -> Int32? { signal(options) }
}
