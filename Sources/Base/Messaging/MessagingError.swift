internal import CZeroMQ

/// A libzmq call that failed.
public struct MessagingError: Error, Equatable, CustomStringConvertible {
  /// The call, for example `zmq_bind`.
  public let call: String
  /// The error number of `zmq_errno(3)`; an errno where libzmq passes one on.
  public let code: Int32

  /// The current `zmq_errno()`, taken as an error of `call`.
  static func current(_ call: String) -> MessagingError {
    MessagingError(call: call, code: zmq_errno())
  }

  /// The call and libzmq's text.
  public var description: String { "\(call): \(String(cString: zmq_strerror(code)))" }
}
