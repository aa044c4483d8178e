internal import CLinuxShims
internal import Glibc
internal import Syscalls

/// The messages between an API server and its launcher over their channel.
public struct ChannelMessage: Sendable, Equatable {
  /// What it means.
  public enum Kind: UInt16, Sendable {
    /// API server: my endpoints listen on `first` (input) and `second` (output).
    case report = 1
    /// API server: I failed; there will be no report.
    case failure
    /// API server: asks for a port to bind for the endpoint `role`. `first` is a port that was lost, or 0.
    case question
    /// Launcher: bind the port `first`; 0 if there is none.
    case answer
  }
  public var kind: Kind
  /// Raw value of `EndpointRole`.
  public var role: UInt16
  public var first: UInt16
  public var second: UInt16

  public init(_ kind: Kind, role: UInt16 = 0, first: UInt16 = 0, second: UInt16 = 0) {
    self.kind = kind
    self.role = role
    self.first = first
    self.second = second
  }

  /// Sends it as one datagram. Returns 0 or errno.
  public func send(over channel: Int32) -> Int32 {
    var words = (kind.rawValue, role, first, second)
    let size = MemoryLayout.size(ofValue: words)
    while Glibc.send(channel, &words, size, Int32(MSG_NOSIGNAL)) != size {
      if errno != EINTR { return errno }
    }
    return 0
  }

  /// Sends the first half of it, as a datagram of its own.
  public func sendFirstHalf(over channel: Int32) -> Int32 {
    Self.send([kind.rawValue, role], over: channel)
  }

  /// Sends the second half of it.
  public func sendSecondHalf(over channel: Int32) -> Int32 {
    Self.send([first, second], over: channel)
  }

  /// Sends bytes that are not a message.
  public static func sendGarbage(over channel: Int32) -> Int32 {
    send([.max, .max, .max], over: channel)
  }

  private static func send(_ words: [UInt16], over channel: Int32) -> Int32 {
    let size = words.count * MemoryLayout<UInt16>.size
    while Glibc.send(channel, words, size, Int32(MSG_NOSIGNAL)) != size {
      if errno != EINTR { return errno }
    }
    return 0
  }

  /// Receives a message, and waits for its second half if only the first has come, like a reader of a pipe. Nil at the
  /// end of the channel or when the datagram is not a message.
  public static func receive(from channel: Int32) -> ChannelMessage? {
    if case .message(let message) = read(from: channel) { message } else { nil }
  }

  /// The result of receiving from a channel.
  public enum Received {
    /// A whole message.
    case message(ChannelMessage)
    /// The other side has closed it, or its process has ended.
    case end
    /// It is not a message.
    case unreadable
  }

  /// The same as `receive`, but gives the reason why there is no message.
  public static func read(from channel: Int32) -> Received {
    var words: (UInt16, UInt16, UInt16, UInt16) = (0, 0, 0, 0)
    let size = MemoryLayout.size(ofValue: words)
    var length = recv(channel, &words, size, 0)
    while length < 0 && errno == EINTR { length = recv(channel, &words, size, 0) }
    if length == size / 2 {
      var half: (UInt16, UInt16) = (0, 0)
      var rest = recv(channel, &half, size / 2, 0)
      while rest < 0 && errno == EINTR { rest = recv(channel, &half, size / 2, 0) }
      guard rest == size / 2 else { return rest > 0 ? .unreadable : .end }
      (words.2, words.3) = half
      length = size
    }
    guard length > 0 else { return .end }
    guard length == size, let kind = Kind(rawValue: words.0) else { return .unreadable }
    return .message(ChannelMessage(kind, role: words.1, first: words.2, second: words.3))
  }

  /// Reads everything that has arrived, and drops it.
  public static func discard(from channel: Int32) {
    var words: (UInt16, UInt16, UInt16, UInt16) = (0, 0, 0, 0)
    while true {
      let length = recv(channel, &words, MemoryLayout.size(ofValue: words), Int32(MSG_DONTWAIT))
      if length <= 0 && !(length < 0 && errno == EINTR) { return }
    }
  }

  /// Waits until a descriptor is readable. Returns 0, ETIMEDOUT or another errno.
  public static func awaitReadable(_ descriptor: Int32, until deadline: UInt64) -> Int32 {
    while true {
      let now = MonotonicClock.now()
      let left = now < deadline ? Int32(min((deadline - now + 999_999) / 1_000_000, 60_000)) : 0
      let ready = bs_wait_readable(descriptor, left)
      if ready > 0 { return 0 }
      if ready < 0 && ready != -EINTR { return -ready }
      if ready == 0 && MonotonicClock.now() >= deadline { return ETIMEDOUT }
    }
  }
}
