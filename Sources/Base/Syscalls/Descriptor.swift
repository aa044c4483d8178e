internal import Glibc

/// An open file descriptor that is closed when its owner is destroyed.
public struct Descriptor: ~Copyable {
  /// The number, valid as long as this value lives.
  public let number: Int32

  /// Takes over a descriptor, which nothing else may close.
  public init(owning number: Int32) {
    precondition(number >= 0, "not a descriptor")
    self.number = number
  }

  deinit { _ = Glibc.close(number) }

  /// Gives the descriptor away: the caller closes it.
  public consuming func release() -> Int32 {
    let kept = number
    discard self
    return kept
  }

  /// Whether this process can open no more descriptors: `EMFILE` or `ENFILE`; nil if it can.
  public static func lack() -> Int32? {
    // Not a copy of a standard stream: it may be closed.
    let probe = socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard probe < 0 else {
      _ = Glibc.close(probe)
      return nil
    }
    return errno == EMFILE || errno == ENFILE ? errno : nil
  }

  /// Whether this process can open so many more descriptors below its own limit (RLIMIT_NOFILE), other threads aside.
  public static func hasRoom(for count: Int) -> Bool {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    var free = 0
    // From above, where numbers are rarely in use: a high limit costs no more calls than `count`.
    var number = Int32(clamping: limit.rlim_cur) - 1
    while number >= 0 && free < count {
      if fcntl(number, F_GETFD) < 0 { free += 1 }
      number -= 1
    }
    return free >= count
  }

  /// Why a peer did not answer in time: `EMFILE` or `ENFILE` if this process has no descriptor left for a connection,
  /// which libzmq then drops without a word; `ETIMEDOUT` otherwise.
  public static func causeOfSilence() -> Int32 { lack() ?? ETIMEDOUT }
}

/// A pair of connected Unix sockets that keep message boundaries.
public struct Channel: Sendable {
  /// One end.
  public let parent: Int32
  /// The other end.
  public let child: Int32

  /// No channel.
  public static let none = Channel(parent: -1, child: -1)

  /// Makes a pair, close-on-exec. The caller closes both ends.
  public static func make() throws(SystemError) -> Channel {
    var ends: (Int32, Int32) = (-1, -1)
    let result =
      failing("socketpair")
      ?? withUnsafeMutableBytes(of: &ends) {
        socketpair(
          AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0,
          $0.baseAddress!.assumingMemoryBound(to: Int32.self))
      }
    guard result == 0 else { throw .current("socketpair") }
    return Channel(parent: ends.0, child: ends.1)
  }
}

/// Closes a descriptor number that has no owner.
public func closeDescriptor(_ number: Int32) {
  _ = Glibc.close(number)
}
