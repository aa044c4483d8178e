internal import Glibc

/// A kernel call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The call, for example `bind`.
  public let call: String
  /// The error number, see errno(3).
  public let code: Int32

  /// An error of `call` with an explicit number.
  public init(_ call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// The current `errno`, taken as an error of `call`. Read it before any other call.
  public static func current(_ call: String) -> SystemError {
    SystemError(call, code: errno)
  }

  /// The call and the system's text, for example `bind: Address already in use (EADDRINUSE)`.
  public var description: String { "\(call): \(ErrorNumber.text(code))" }
}

/// Names and texts of error numbers.
public enum ErrorNumber {
  /// The system's text, with the name for the numbers that matter here.
  public static func text(_ code: Int32) -> String {
    let text = String(cString: strerror(code))
    guard let name = name(code) else { return text }
    return "\(text) (\(name))"
  }

  /// The symbolic name of the numbers that bindstorm meets, nil for others.
  public static func name(_ code: Int32) -> String? {
    switch code {
    case EADDRINUSE: "EADDRINUSE"
    case EADDRNOTAVAIL: "EADDRNOTAVAIL"
    case EACCES: "EACCES"
    case EPERM: "EPERM"
    case EMFILE: "EMFILE"
    case ENFILE: "ENFILE"
    case ENOBUFS: "ENOBUFS"
    case ETIMEDOUT: "ETIMEDOUT"
    case ECONNREFUSED: "ECONNREFUSED"
    case EPIPE: "EPIPE"
    case ENOSPC: "ENOSPC"
    case ENOENT: "ENOENT"
    case EINVAL: "EINVAL"
    default: nil
    }
  }
}
