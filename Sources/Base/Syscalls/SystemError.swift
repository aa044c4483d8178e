internal import Glibc
internal import LinuxFacts

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

/// Texts of error numbers.
public enum ErrorNumber {
  /// The system's text, with the symbolic name where `LinuxErrno` has it.
  public static func text(_ code: Int32) -> String {
    let text = String(cString: strerror(code))
    guard let name = LinuxErrno.name(code) else { return text }
    return "\(text) (\(name))"
  }
}
