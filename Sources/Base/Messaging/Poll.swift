internal import CZeroMQ

/// `zmq_poll(3)` over a set of sockets and descriptors.
public struct Poll {
  /// Identifies one member of the set.
  public struct Token: Hashable, Sendable {
    fileprivate let index: Int
  }

  private var items: [zmq_pollitem_t] = []

  /// An empty set.
  public init() {}

  /// Adds a socket, which must outlive this value.
  @discardableResult
  public mutating func add(_ socket: borrowing Socket) -> Token {
    add(zmq_pollitem_t(socket: socket.pollHandle, fd: -1, events: Int16(ZMQ_POLLIN), revents: 0))
  }

  /// Adds a descriptor to be watched for reading; a negative one is never readable.
  @discardableResult
  public mutating func add(descriptor: Int32) -> Token {
    add(zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
  }

  private mutating func add(_ item: zmq_pollitem_t) -> Token {
    items.append(item)
    return Token(index: items.count - 1)
  }

  /// Takes a member out of the set; it is never readable from then on. The other tokens stay valid.
  public mutating func remove(_ token: Token) {
    items[token.index] = zmq_pollitem_t(socket: nil, fd: -1, events: 0, revents: 0)
  }

  /// Waits until a member is readable or the time is over; -1 waits without limit. Returns whether one is.
  public mutating func wait(milliseconds: Int) -> Bool {
    zmq_poll(&items, Int32(items.count), milliseconds) > 0
  }

  /// Whether the socket had a message, or the descriptor was readable or at its end, when `wait` last returned.
  public func isReadable(_ token: Token) -> Bool {
    items[token.index].revents & Int16(ZMQ_POLLIN | ZMQ_POLLERR) != 0
  }
}
