internal import CSharedRegion
internal import LinuxFacts
public import PlanModel
public import RunContract

/// From here on one kind of call fails in the victim with a chosen errno. The kernel itself refuses it, by a seccomp
/// filter, also for calls from libzmq. Witness: a bind that ends with that errno.
public enum FailCall: Fault {
  public static let descriptor = FaultDescriptor(
    name: FaultName.failCall, summary: "one kind of call fails from here on with an errno",
    options: [
      OptionDescriptor(
        name: "call", defaultValue: 0, range: 0...2, summary: "bind, listen or socket",
        words: ["bind", "listen", "socket"]),
      OptionDescriptor(
        name: "errno", defaultValue: nil, range: 0...5, summary: names.joined(separator: ", "),
        words: names),
    ],
    points: [.beforeInputBind, .beforeOutputBind, .betweenBindAndListen], needsFreshWorkers: true)

  private static let names = [
    "EADDRINUSE", "EADDRNOTAVAIL", "EACCES", "EMFILE", "ENFILE", "ENOBUFS",
  ]

  private static func code(_ slot: FaultSlot) -> Int32 {
    LinuxErrno.number(named: names[slot.options["errno"]])!
  }

  public static func inject(_ slot: FaultSlot, _ site: inout InjectionSite) {
    let code = bs_fault_fail_calls(
      bs_failing_call(UInt32(slot.options["call"])), code(slot))
    if code != 0 { slot.fail(code) }
  }

  public static func observe(_ observation: InjectionObservation, _ slot: FaultSlot) {
    if observation == .bindEnded(code(slot)) { slot.witness(errno: code(slot)) }
  }
}
