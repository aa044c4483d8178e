internal import CZeroMQ
internal import Glibc

/// A ZeroMQ socket. It is used by one thread at a time, and closed without lingering when its owner goes.
public struct Socket: ~Copyable {
  /// The socket types that the harness needs.
  public enum Kind: Sendable {
    /// Takes requests from many peers and answers each.
    case router
    /// Takes results from many peers.
    case pull
    /// Talks to a ROUTER.
    case dealer
    /// Talks to a PULL.
    case push

    var code: Int32 {
      switch self {
      case .router: ZMQ_ROUTER
      case .pull: ZMQ_PULL
      case .dealer: ZMQ_DEALER
      case .push: ZMQ_PUSH
      }
    }

    var receives: Bool { self != .push }
    var sends: Bool { self != .pull }
  }

  private let handle: UnsafeMutableRawPointer

  /// Makes a socket with the options that vLLM's `make_zmq_socket` sets before bind or connect on a host
  /// without large buffers: no high-water marks, the system's buffer sizes (-1).
  public init(_ kind: Kind, in context: borrowing Context) throws(MessagingError) {
    guard let handle = zmq_socket(context.handle, kind.code) else { throw .current("zmq_socket") }
    self.handle = handle
    if kind.receives {
      set(ZMQ_RCVHWM, 0)
      set(ZMQ_RCVBUF, -1)
    }
    if kind.sends {
      set(ZMQ_SNDHWM, 0)
      set(ZMQ_SNDBUF, -1)
    }
    set(ZMQ_LINGER, 0)
  }

  deinit { zmq_close(handle) }

  private func set(_ option: Int32, _ value: Int32) {
    var value = value
    // Cannot fail for these options and values on an open socket (zmq_setsockopt(3)).
    zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size)
  }

  /// `ZMQ_USE_FD`: the next bind adopts this listening descriptor. libzmq closes it with the socket. A
  /// descriptor that is bound but does not listen makes libzmq abort the process.
  public func adoptListener(_ descriptor: Int32) {
    set(ZMQ_USE_FD, descriptor)
  }

  /// `zmq_bind(3)`; libzmq sets SO_REUSEADDR on the listener and calls `listen`.
  public func bind(to endpoint: String) throws(MessagingError) {
    guard zmq_bind(handle, endpoint) == 0 else { throw .current("zmq_bind") }
  }

  /// `zmq_connect(3)`; returns at once, also when nobody listens.
  public func connect(to endpoint: String) throws(MessagingError) {
    guard zmq_connect(handle, endpoint) == 0 else { throw .current("zmq_connect") }
  }

  /// The TCP port of `ZMQ_LAST_ENDPOINT`, 0 if it has none.
  public func lastEndpointPort() -> UInt16 {
    var size = 256
    let text = withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { buffer -> String in
      guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, buffer.baseAddress!, &size) == 0, size > 0
      else { return "" }
      return String(decoding: buffer[..<(size - 1)], as: UTF8.self)
    }
    guard let colon = text.lastIndex(of: ":") else { return 0 }
    return UInt16(text[text.index(after: colon)...]) ?? 0
  }

  /// Sends one frame; `more` announces that another follows. Never blocks: there is no high-water mark.
  public func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) throws(MessagingError) {
    let flags = more ? ZMQ_SNDMORE | ZMQ_DONTWAIT : ZMQ_DONTWAIT
    while zmq_send(handle, bytes.baseAddress, bytes.count, flags) < 0 {
      if zmq_errno() != EINTR { throw .current("zmq_send") }
    }
  }

  /// Receives one frame if one is there. Returns its full length, which may exceed the buffer's, or nil if
  /// none is there.
  public func receive(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(MessagingError) -> Int? {
    while true {
      let length = zmq_recv(handle, buffer.baseAddress, buffer.count, ZMQ_DONTWAIT)
      if length >= 0 { return Int(length) }
      if zmq_errno() == EAGAIN { return nil }
      if zmq_errno() != EINTR { throw .current("zmq_recv") }
    }
  }

  /// For `Poll`: libzmq's own handle.
  var pollHandle: UnsafeMutableRawPointer { handle }
}

/// `zmq_poll(3)` over a fixed set of sockets.
public struct Poll {
  private var items: [zmq_pollitem_t] = []

  /// An empty set.
  public init() {}

  /// Adds a socket, which must outlive this value; its number is the count of those added before it.
  public mutating func add(_ socket: borrowing Socket) {
    items.append(
      zmq_pollitem_t(socket: socket.pollHandle, fd: -1, events: Int16(ZMQ_POLLIN), revents: 0))
  }

  /// Waits until one of the sockets has a message or the time is over. Returns whether one has.
  public mutating func wait(milliseconds: Int) -> Bool {
    zmq_poll(&items, Int32(items.count), milliseconds) > 0
  }

  /// Whether the socket with that number had a message when `wait` last returned.
  public func isReadable(_ number: Int) -> Bool {
    items[number].revents & Int16(ZMQ_POLLIN) != 0
  }
}
