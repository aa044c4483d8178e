internal import RunContract
public import Syscalls

/// Why a run could not continue.
public enum RunError: Error, CustomStringConvertible {
  /// The worker host died, and with it every worker.
  case workerHostEnded
  /// The worker host could not be started or refused a request.
  case workers(String)
  /// The plan or the command line requires isolation, which this host does not allow.
  case isolationUnavailable(String)
  /// A strategy or thief of the plan is not in the registry of the workers.
  case unknownName(String)
  /// The history could not be written.
  case history(String)
  /// The host refused to create a worker.
  case refused(String)
  /// A system call of the harness failed.
  case system(SystemError)

  public var description: String {
    switch self {
    case .workerHostEnded: "the worker host ended unexpectedly"
    case .workers(let text), .refused(let text): text
    case .isolationUnavailable(let why):
      "no network namespace can be had here (\(why)), and isolation is required; \(Namespace.howToGrant)"
    case .unknownName(let name): "'\(name)' is not in the registry"
    case .history(let text): text
    case .system(let error): error.description
    }
  }
}
