internal import History
internal import PlanModel

/// A process of a trial, or the trial itself: whoever an event is about.
enum TrialActor: Hashable {
  case trial
  case launcher(Int)
  /// The launcher of a launch on another node.
  case headless(Int, node: Int)
  case coordinator(Int)
  case server(Int, Int)
  case engine(Int, Int)
  case frontEnd(Int, Int)
  case thief(Int)
  /// The thief that `check` puts into a window.
  case windowThief(pid: Int32)
  /// A process that acts for a fault.
  case helper(fault: Int)
  case fault(Int, serial: Int)
  /// A process of a program under `check`.
  case program(pid: Int32)
  /// A process that bindstorm did not start, or does not know.
  case other(pid: Int32, name: String)

  /// The process that held a port.
  /// - Parameter helpers: processes that act for faults, by their ids.
  init(_ holder: Holder, helpers: [Int32: Int]) {
    if let fault = helpers[holder.pid] {
      self = .helper(fault: fault)
      return
    }
    switch holder.kind {
    case .apiServer: self = .server(holder.launch, holder.index)
    case .launcher: self = .launcher(holder.launch)
    case .coordinator: self = .coordinator(holder.launch)
    case .engineCore: self = .engine(holder.launch, holder.index)
    case .thief where holder.index < 0: self = .windowThief(pid: holder.pid)
    case .thief: self = .thief(holder.index)
    case .outsider:
      self = .other(pid: holder.pid, name: holder.command.isEmpty ? "outsider" : holder.command)
    case .nobody, .cannotTell: self = .other(pid: holder.pid, name: "unknown process")
    }
  }

  /// The process that a fault is done to.
  init(victim record: FaultRecord) {
    switch record.point.role {
    case .launcher: self = .launcher(record.launch)
    case .apiServer: self = .server(record.launch, record.index)
    case .engineCore: self = .engine(record.launch, record.index)
    }
  }

  /// As lifelines are named.
  var name: String {
    switch self {
    case .trial: "trial"
    case .launcher(let launch): "launcher \(launch)"
    case .headless(let launch, let node): "launcher \(launch) on node \(node)"
    case .coordinator(let launch): "coordinator \(launch)"
    case .server(let launch, let number): "API server \(launch).\(number)"
    case .engine(let launch, let number): "engine core \(launch).\(number)"
    case .frontEnd(let launch, let number): "front end \(launch).\(number)"
    case .thief(let number): "thief \(number)"
    case .windowThief: "thief of bindstorm check"
    case .helper(let fault): "helper of fault \(fault)"
    case .fault(let fault, let serial):
      "fault \(fault)" + (serial == 0 ? "" : ", launch \(serial + 1) of the row")
    case .program(let pid): "process \(pid)"
    case .other(_, let name): name
    }
  }

  /// The process id where the name of the actor is one; 0 otherwise.
  var pid: Int32 {
    switch self {
    case .windowThief(let pid), .program(let pid), .other(let pid, _): pid
    default: 0
    }
  }
}
