internal import Glibc
public import PlanModel
public import RunContract
internal import Syscalls

/// The victim has no descriptor left to open (RLIMIT_NOFILE), as on a host where `ulimit -n` is too low. Witness: a
/// `dup()` that fails with EMFILE.
public enum DescriptorLimit: Fault {
  public static let descriptor = FaultDescriptor(
    name: FaultName.descriptorLimit, summary: "the process can open no further descriptor (EMFILE)",
    points: [.beforeInputBind, .beforeOutputBind], needsFreshWorkers: true)

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    let code = CurrentProcess.forbidNewDescriptors()
    if code == EMFILE { slot.witness(errno: code) } else { slot.fail(code) }
  }
}
