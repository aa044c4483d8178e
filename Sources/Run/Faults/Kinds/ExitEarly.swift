public import PlanModel
public import RunContract
internal import Syscalls

/// The victim ends itself with an exit code, as after an unhandled exception. Its parent sees the code.
public enum ExitEarly: Fault {
  public static let descriptor = FaultDescriptor(
    name: FaultName.exit, summary: "ends the process with an exit code",
    options: [
      OptionDescriptor(
        name: "code", defaultValue: 1, range: 0...255, summary: "the exit code")
    ])

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    CurrentProcess.exit(code: Int32(slot.options["code"]))
  }

  public static func expectedExit(_ options: OptionValues) -> Int32? {
    Int32(options["code"]) << 8
  }
}
