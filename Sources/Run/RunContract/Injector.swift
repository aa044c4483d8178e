public import CSharedRegion
public import PlanModel

/// The state of a process at an injection point; a fault may change it.
public struct InjectionSite {
  /// What becomes of a report.
  public enum ReportChange: Sendable {
    /// It is sent unchanged.
    case none
    /// Only its first half is sent.
    case truncated
    /// It is sent twice.
    case duplicated
    /// Bytes that are not a report are sent instead.
    case garbage
  }

  /// The point.
  public let point: InjectionPoint
  /// The port at stake, 0 for none.
  public let port: UInt16
  /// Channel to the launcher, -1 for none. A fault that closes it sets this.
  public var channel: Int32
  /// What happens to the report that follows.
  public var report = ReportChange.none
  /// Whether the launcher keeps its copies of the sockets that it handed over.
  public var keepsParentCopies = false

  public init(_ point: InjectionPoint, port: UInt16 = 0, channel: Int32 = -1) {
    self.point = point
    self.port = port
    self.channel = channel
  }
}

/// What a process observed after an injection, by which some faults are witnessed.
public enum InjectionObservation: Equatable, Sendable {
  /// A bind ended with that errno; 0 for success.
  case bindEnded(Int32)
  /// The kernel accepted or refused the bytes of a report: errno, 0 for success.
  case reportSent(Int32)
  /// This many copies of handed-over sockets are still open in the launcher.
  case copiesKept(Int)
}

/// Injects faults into the work of one process. If a plan has no faults there is no injector, and nothing is called.
public protocol Injector: AnyObject {
  /// The process begins a trial.
  func arm()
  /// The process has reached a point. It may not return.
  func reach(_ site: inout InjectionSite)
  /// The process observed what a fault may have caused.
  func observe(_ observation: InjectionObservation)
  /// Whether the process has a fault to inject at that point in this trial.
  func expects(_ point: InjectionPoint) -> Bool
  /// The trial is over: undo what still has an effect.
  func heal()
}

extension SharedRegion {
  /// A fault's slot.
  public func fault(_ number: Int) -> UnsafeMutablePointer<bs_fault> {
    bs_fault_at(pointer, UInt32(number))
  }
}
