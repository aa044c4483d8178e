internal import CZeroMQ
internal import Glibc

/// A ZeroMQ socket. It is used by one thread at a time, and closed without lingering when its owner is destroyed.
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
    /// Publishes, and receives the subscriptions.
    case xpub
    /// Talks to an XPUB.
    case xsub

    var code: Int32 {
      switch self {
      case .router: ZMQ_ROUTER
      case .pull: ZMQ_PULL
      case .dealer: ZMQ_DEALER
      case .push: ZMQ_PUSH
      case .xpub: ZMQ_XPUB
      case .xsub: ZMQ_XSUB
      }
    }

    var receivesInBulk: Bool { self == .pull || self == .dealer || self == .router }
    var sendsInBulk: Bool { self == .push || self == .dealer || self == .router }
  }

  private let handle: UnsafeMutableRawPointer

  /// Makes a socket with the options that vLLM's `make_zmq_socket` sets before bind or connect on a host without large
  /// buffers: no high-water marks, the system's buffer sizes (-1); XPUBs pass on every subscription.
  /// - Parameters:
  ///   - identity: `ZMQ_ROUTING_ID`, by which ROUTERs know a DEALER.
  ///   - lingerMilliseconds: how long `close` waits for unsent messages.
  ///   - waitsForPlace: asked again and again while the context has no place (EMFILE); the call fails when it says no.
  ///     A thread of libzmq's gives a closed socket's place and descriptor back some time after the close.
  public init(
    _ kind: Kind, in context: borrowing Context, identity: [UInt8]? = nil,
    lingerMilliseconds: Int32 = 0, waitsForPlace: () -> Bool = { false }
  ) throws(MessagingError) {
    var handle = zmq_socket(context.handle, kind.code)
    while handle == nil {
      let failure = MessagingError.current("zmq_socket")
      guard failure.code == EMFILE && waitsForPlace() else { throw failure }
      sched_yield()
      handle = zmq_socket(context.handle, kind.code)
    }
    self.handle = handle!
    if kind.receivesInBulk {
      set(ZMQ_RCVHWM, 0)
      set(ZMQ_RCVBUF, -1)
    }
    if kind.sendsInBulk {
      set(ZMQ_SNDHWM, 0)
      set(ZMQ_SNDBUF, -1)
    }
    if kind == .xpub { set(ZMQ_XPUB_VERBOSE, 1) }
    if let identity {
      zmq_setsockopt(handle, ZMQ_ROUTING_ID, identity, identity.count)
    }
    set(ZMQ_LINGER, lingerMilliseconds)
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

  /// As vLLM's `make_zmq_socket`: `ZMQ_IPV6` for an address that begins with an IPv6 host in brackets, without which
  /// libzmq refuses it. The wildcard `[*]` is no such host.
  private func admitFamily(of start: UnsafeRawBufferPointer) {
    guard start.count > 7, start[0] == UInt8(ascii: "t"), start[6] == UInt8(ascii: "["),
      start[7] != UInt8(ascii: "*")
    else { return }
    set(ZMQ_IPV6, 1)
  }

  private func admitFamily(of endpoint: String) {
    var endpoint = endpoint
    endpoint.withUTF8 { admitFamily(of: UnsafeRawBufferPointer($0)) }
  }

  /// `zmq_bind(3)`; libzmq sets SO_REUSEADDR on the listener and calls `listen`.
  public func bind(to endpoint: String) throws(MessagingError) {
    admitFamily(of: endpoint)
    guard zmq_bind(handle, endpoint) == 0 else { throw .current("zmq_bind") }
  }

  /// `zmq_bind(3)` to an address that ends in a port. On bytes, as `port(in:)`.
  /// - Parameters:
  ///   - start: the address up to the port, as `tcp://127.0.0.1:`; 64 bytes at most.
  ///   - port: 0 to let the kernel choose.
  /// - Throws: `MessagingError` with the errno of `zmq_bind`, EADDRINUSE where the port is taken.
  public func bind(to start: [UInt8], port: UInt16) throws(MessagingError) {
    precondition(start.count <= 64, "the address is too long")
    start.withUnsafeBytes { admitFamily(of: $0) }
    let result = withUnsafeTemporaryAllocation(byteCount: 72, alignment: 1) { buffer -> Int32 in
      var end = start.count
      start.withUnsafeBytes { buffer.copyMemory(from: $0) }
      var divisor: UInt16 = 10_000
      while divisor > 1 && port < divisor { divisor /= 10 }
      while divisor > 0 {
        buffer[end] = UInt8(ascii: "0") + UInt8(port / divisor % 10)
        end += 1
        divisor /= 10
      }
      buffer[end] = 0
      return zmq_bind(handle, buffer.baseAddress!.assumingMemoryBound(to: CChar.self))
    }
    guard result == 0 else { throw .current("zmq_bind") }
  }

  /// `zmq_connect(3)`; returns at once, even if no socket listens.
  public func connect(to endpoint: String) throws(MessagingError) {
    admitFamily(of: endpoint)
    guard zmq_connect(handle, endpoint) == 0 else { throw .current("zmq_connect") }
  }

  /// The TCP port of `ZMQ_LAST_ENDPOINT`, 0 if it has none.
  public func lastEndpointPort() -> UInt16 {
    var size = 256
    return withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { buffer -> UInt16 in
      guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, buffer.baseAddress!, &size) == 0, size > 0
      else { return 0 }
      return Self.port(in: UnsafeRawBufferPointer(rebasing: buffer[..<(size - 1)]))
    }
  }

  /// The decimal number after the last colon, 0 if it is not a port number. It works on bytes, because each fresh API
  /// server runs it, and strings would cost page faults.
  static func port(in endpoint: UnsafeRawBufferPointer) -> UInt16 {
    guard let colon = endpoint.lastIndex(of: UInt8(ascii: ":")), colon + 1 < endpoint.count
    else { return 0 }
    var port = 0
    for byte in endpoint[(colon + 1)...] {
      guard byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") else { return 0 }
      port = 10 * port + Int(byte - UInt8(ascii: "0"))
      guard port <= Int(UInt16.max) else { return 0 }
    }
    return UInt16(port)
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

  /// Receives one frame of any length if one is there; nil if none is.
  public func receiveFrame() throws(MessagingError) -> [UInt8]? {
    var message = zmq_msg_t()
    zmq_msg_init(&message)
    defer { zmq_msg_close(&message) }
    while zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) < 0 {
      if zmq_errno() == EAGAIN { return nil }
      if zmq_errno() != EINTR { throw .current("zmq_msg_recv") }
    }
    return Array(
      UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message)))
  }

  /// Receives all frames of one message if one is there; nil if none is.
  public func receiveMessage() throws(MessagingError) -> [[UInt8]]? {
    guard let first = try receiveFrame() else { return nil }
    var frames = [first]
    while hasMoreFrames, let next = try receiveFrame() { frames.append(next) }
    return frames
  }

  /// Sends the frames as one message.
  public func send(_ frames: [[UInt8]]) throws(MessagingError) {
    for (number, frame) in frames.enumerated() {
      var failure: MessagingError?
      frame.withUnsafeBytes { bytes in
        do throws(MessagingError) {
          try send(bytes, more: number + 1 < frames.count)
        } catch { failure = error }
      }
      if let failure { throw failure }
    }
  }

  private var hasMoreFrames: Bool {
    var more: Int32 = 0
    var size = MemoryLayout<Int32>.size
    return zmq_getsockopt(handle, ZMQ_RCVMORE, &more, &size) == 0 && more != 0
  }

  /// For `Poll`: libzmq's own handle.
  var pollHandle: UnsafeMutableRawPointer { handle }
}
