internal import CZeroMQ

/// A ZeroMQ context: its I/O threads and its sockets. Belongs to one process; after a fork only the
/// process that made it may use it.
public struct Context: ~Copyable {
  let handle: UnsafeMutableRawPointer

  /// Makes a context.
  /// - Parameters:
  ///   - ioThreads: `ZMQ_IO_THREADS`; vLLM's client uses 2.
  ///   - maximumSockets: `ZMQ_MAX_SOCKETS`; libzmq's default is 1023.
  public init(ioThreads: Int32 = 2, maximumSockets: Int32 = 1023) throws(MessagingError) {
    guard let handle = zmq_ctx_new() else { throw .current("zmq_ctx_new") }
    zmq_ctx_set(handle, ZMQ_IO_THREADS, ioThreads)
    zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, maximumSockets)
    self.handle = handle
  }

  deinit { zmq_ctx_term(handle) }
}

/// The library itself.
public enum MessagingLibrary {
  /// Loads it, once for all processes that are forked afterwards. Returns why it cannot be loaded, nil if it can.
  public static func load() -> String? { bs_zmq_load().map { String(cString: $0) } }

  /// Its version at run time, for example `4.3.4`.
  public static var version: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    zmq_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }
}
