internal import CSharedRegion
public import PlanModel
public import RunContract
internal import Syscalls

/// Something that is done to a process at a point of its work.
///
/// It runs in the victim's own process. To add a fault, write one file with a type that conforms to this, and add it
/// to `FaultRegistry.all`.
public protocol Fault: SendableMetatype {
  /// What plans and reports know about it.
  static var descriptor: FaultDescriptor { get }

  /// The victim is at the point: inject the fault. May not return. The effect needs a witness, or the trial is invalid:
  /// the kernel's answer that is read back here (`FaultSlot.witness`), the harness that sees the victim's state
  /// (`FaultSlot.awaitState`), or the process that waits for the victim (`expectedExit`).
  static func inject(_ slot: FaultSlot, _ site: inout InjectionSite)

  /// The victim observed something after the injection.
  static func observe(_ observation: InjectionObservation, _ slot: FaultSlot)

  /// The trial is over and the victim lives: undo what still lasts.
  /// - Returns: whether nothing of it is left. Otherwise the processes are replaced, because the next trial would be
  ///   affected.
  static func heal(_ slot: FaultSlot) -> Bool

  /// The wait status (`waitpid(2)`) by which the victim's parent witnesses it; nil for faults that end no process.
  static func expectedExit(_ options: OptionValues) -> Int32?
}

extension Fault {
  /// Nothing to observe.
  public static func observe(_ observation: InjectionObservation, _ slot: FaultSlot) {}
  /// Nothing to undo.
  public static func heal(_ slot: FaultSlot) -> Bool { true }
  /// It ends no process.
  public static func expectedExit(_ options: OptionValues) -> Int32? { nil }
}

/// Every fault. An order names a fault by its position here.
public enum FaultRegistry {
  /// One line for each fault.
  public static let all: [any Fault.Type] = [
    Pause.self,
    Kill.self,
    ExitEarly.self,
    Hang.self,
    Delay.self,
    Steal.self,
    FailCall.self,
    DescriptorLimit.self,
    TruncatedReport.self,
    DuplicatedReport.self,
    GarbageReport.self,
    ClosedChannel.self,
    ParentCopy.self,
    LeakedDescriptors.self,
    NodeCut.self,
    Orphan.self,
  ]

  /// What plans and reports know about them.
  public static var descriptors: [FaultDescriptor] { all.map { $0.descriptor } }

  /// Position of the fault of that name, nil if there is none.
  public static func index(of name: String) -> Int? {
    all.firstIndex { $0.descriptor.name == name }
  }
}

/// One fault's record in the shared region, as its own process sees it.
public struct FaultSlot {
  let region: SharedRegion
  let number: Int
  private let slot: UnsafeMutablePointer<bs_fault>

  init(region: SharedRegion, number: Int) {
    self.region = region
    self.number = number
    slot = region.fault(number)
  }

  var pointee: bs_fault {
    get { slot.pointee }
    nonmutating set { slot.pointee = newValue }
  }

  var type: any Fault.Type { FaultRegistry.all[Int(slot.pointee.kind.index)] }

  /// The plan's options.
  public var options: OptionValues {
    let values = (0..<Int(BS_MAX_OPTIONS)).map { Int(bs_options_of(bs_kind_of(slot))[$0]) }
    return OptionValues(type.descriptor.options, values)
  }

  /// Drawn length of a pause or delay.
  public var amountNanoseconds: UInt64 { slot.pointee.amount_ns }

  /// Its effect was observed.
  public func witness(errno code: Int32 = 0) {
    if slot.pointee.witnessed_ns == 0 { slot.pointee.witnessed_ns = MonotonicClock.now() }
    if code != 0 { slot.pointee.error = code }
  }

  /// Its effect has ended.
  public func healed() { slot.pointee.healed_ns = MonotonicClock.now() }

  /// Ends the process that holds a port for the fault, and clears its claim.
  func releasePort(_ end: (Int32) -> Void) {
    let (pid, port) = (slot.pointee.helper_pid, UInt16(slot.pointee.port))
    guard pid > 0 else { return }
    end(pid)
    region.clearClaim(bs_claim(BS_CLAIM_FAULT, UInt32(number)), on: port)
  }

  /// The injection failed: the fault will not be witnessed.
  public func fail(_ code: Int32) { slot.pointee.error = code }

  /// The host refused a process that was to act for the fault, or that process never answered. This is neither a fault
  /// of the plan nor a failure of the strategy.
  public func refused(_ code: Int32) {
    slot.pointee.refused = code
    slot.pointee.error = code
  }

  /// Makes the harness witness the victim by its state in /proc, and continue it if it is stopped.
  /// - Parameters:
  ///   - state: T for stopped, S for sleeping (proc(5)).
  ///   - resume: when to continue it, nil for never.
  public func awaitState(_ state: Unicode.Scalar, resume: UInt64? = nil) {
    slot.pointee.resume_ns = resume ?? 0
    slot.pointee.awaited_state = state.value
    bs_ring(region.pointer)
  }
}

/// Injects the faults of one process.
public final class FaultInjector: Injector {
  private let region: SharedRegion
  private let count: Int
  private let role: UInt32
  private let launch: Int
  private let index: Int
  private var own: [FaultSlot] = []

  /// Nil where the plan has no faults.
  public init?(
    region: SharedRegion, faults: Int, role: FaultRole, launch: Int, index: Int
  ) {
    guard faults > 0 else { return nil }
    self.region = region
    count = faults
    self.role = UInt32(FaultRole.allCases.firstIndex(of: role)!)
    self.launch = launch
    self.index = index
  }

  public func arm() {
    own = (0..<count).map { FaultSlot(region: region, number: $0) }.filter {
      let fault = $0.pointee
      return fault.is_due != 0 && fault.role == role && Int(fault.launch) == launch
        && Int(fault.victim) == index
    }
    for slot in own {
      slot.pointee.pid = CurrentProcess.pid
      slot.pointee.armed_ns = MonotonicClock.now()
    }
  }

  public func expects(_ point: InjectionPoint) -> Bool {
    own.contains { Self.point($0) == point && $0.pointee.injected_ns == 0 }
  }

  public func reach(_ site: inout InjectionSite) {
    for slot in own where Self.point(slot) == site.point && slot.pointee.injected_ns == 0 {
      slot.pointee.port = UInt32(site.port)
      slot.pointee.injected_ns = MonotonicClock.now()
      slot.type.inject(slot, &site)
    }
  }

  public func observe(_ observation: InjectionObservation) {
    for slot in own where slot.pointee.injected_ns != 0 { slot.type.observe(observation, slot) }
  }

  public func heal() {
    for slot in own where slot.pointee.injected_ns != 0 && slot.pointee.healed_ns == 0 {
      if slot.type.heal(slot) { slot.healed() }
    }
  }

  private static func point(_ slot: FaultSlot) -> InjectionPoint {
    InjectionPoint.allCases[Int(slot.pointee.point)]
  }
}

/// What a process's parent reports about how it ended.
public enum FaultExit {
  /// A process has ended: a fault that was to end it is witnessed. Returns whether there was one.
  /// - Parameter status: as of `waitpid(2)`.
  @discardableResult
  public static func note(
    pid: Int32, status: Int32, region: SharedRegion, faults: Int
  ) -> Bool {
    var found = false
    for number in 0..<faults {
      let slot = FaultSlot(region: region, number: number)
      guard slot.pointee.pid == pid, slot.pointee.injected_ns != 0,
        slot.type.expectedExit(slot.options) == status
      else { continue }
      slot.witness()
      slot.healed()
      found = true
    }
    return found
  }
}
