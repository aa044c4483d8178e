public import CSharedRegion
public import PlanModel

/// What a process has at hand when it comes to an injection point; a fault may change it.
public struct InjectionSite {
  /// What becomes of a report.
  public enum ReportChange: Sendable {
    /// It is made as it is.
    case none
    /// Only its first half is sent.
    case truncated
    /// It is sent twice.
    case duplicated
    /// Bytes that are no report are sent instead.
    case garbage
  }

  /// Where the process is.
  public let point: InjectionPoint
  /// The number at stake, 0 for none.
  public let port: UInt16
  /// Channel to the launcher, -1 for none; what closes it says so here.
  public var channel: Int32
  /// What is to become of the report that follows.
  public var report = ReportChange.none
  /// Whether the launcher is to keep its copies of the sockets it handed over.
  public var keepsParentCopies = false

  public init(_ point: InjectionPoint, port: UInt16 = 0, channel: Int32 = -1) {
    self.point = point
    self.port = port
    self.channel = channel
  }
}

/// What a process saw after an injection, by which some faults are witnessed.
public enum InjectionObservation: Equatable, Sendable {
  /// A bind ended with that errno; 0 for success.
  case bindEnded(Int32)
  /// The kernel took what was to be sent as a report: errno, 0 for success.
  case reportSent(Int32)
  /// So many copies of handed-over sockets are still open in the launcher.
  case copiesKept(Int)
}

/// Breaks into the work of one process. Where a plan has no faults there is none, and nothing is asked.
public protocol Injector: AnyObject {
  /// The process begins a trial.
  func arm()
  /// The process has come to a point. It may not return.
  func reach(_ site: inout InjectionSite)
  /// The process saw what a fault may have caused.
  func observe(_ observation: InjectionObservation)
  /// Whether the process has one to inject at that point in this trial.
  func expects(_ point: InjectionPoint) -> Bool
  /// The trial is over: what it still does is undone.
  func heal()
}

extension SharedRegion {
  /// A fault's slot.
  public func fault(_ number: Int) -> UnsafeMutablePointer<bs_fault> {
    bs_fault_at(pointer, UInt32(number))
  }
}
