internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
public import Messaging
public import PlanModel
public import Syscalls

/// Plain listeners of both endpoints, -1 where there is none. Not an array: its memory would be another page for each
/// fresh API server to copy.
public struct PlainListeners: Sendable {
  private var input: Int32 = -1
  private var output: Int32 = -1

  /// The listener of an endpoint.
  public subscript(role: EndpointRole) -> Int32 {
    get { role == .input ? input : output }
    set { if role == .input { input = newValue } else { output = newValue } }
  }
}

/// The sockets behind an API server's two endpoints: libzmq's ROUTER and PULL, or plain TCP listeners.
public final class EndpointSockets {
  /// The result of a bind or an adoption.
  public enum BindResult {
    /// It listens on this port.
    case listening(UInt16)
    /// It failed at this stage (`bs_stage`) with this errno.
    case failed(stage: UInt32, code: Int32)
  }

  /// Descriptors of a worker are below this number: it opens a few dozen at most.
  private static let highestDescriptor: Int32 = 127
  /// How long libzmq's thread may take to close listeners. It normally takes microseconds. A listener that is still
  /// open afterwards blocks its port in the next trial, which reports it.
  private static let closingNanoseconds: UInt64 = 5_000_000_000

  private let kind: SocketKind
  private let confinedTo: ClosedRange<Int>?
  /// Made with the context, used by the first bind of the input.
  private var firstRouter: Socket?
  private let host: TCPSocket.Host
  /// A ZeroMQ address of the host up to its port. It is made once, in the launcher: making a string costs a fresh API
  /// server ten page faults.
  private let addressStart: [UInt8]
  private var router: Socket?
  private var pull: Socket?
  private var listeners = PlainListeners()
  /// Last, so that it ends after its sockets, for which it waits.
  private var context: Context?

  /// Sockets that are still to be opened, which another process may do.
  public init(
    kind: SocketKind, confinedTo: ClosedRange<Int>?, host: TCPSocket.Host = .loopback
  ) {
    self.kind = kind
    self.confinedTo = confinedTo
    self.host = host
    addressStart = kind == .zmq ? Array("tcp://\(host.text):".utf8) : []
  }

  /// Does the work that does not depend on the ports, in the process that binds.
  /// - Throws: `MessagingError` if libzmq's context cannot be created.
  public func open() throws(MessagingError) {
    guard kind == .zmq else { return }
    context = try Context(ioThreads: 2)
    // The first socket starts libzmq's threads. In vLLM the context already exists long before the endpoints bind.
    firstRouter = try Socket(.router, in: context!)
  }

  /// Binds port `port` (0: of the kernel's choice) of the host's address and listens.
  /// - Parameter pausing: called between `bind()` and `listen()`, where libzmq makes one call of both.
  /// - Parameter sharing: socket options besides SO_REUSEADDR. libzmq sets no others: where there are some,
  ///   the socket is made here and libzmq adopts it.
  public func bind(
    _ role: EndpointRole, port: UInt16, sharing: TCPSocket.Sharing, pausing: (() -> Void)? = nil
  ) -> BindResult {
    switch (kind, sharing.isEmpty && pausing == nil) {
    case (.tcp, _): return bindPlain(role, port: port, sharing, pausing)
    case (.zmq, true): return bindMessaging(role, to: .port(port))
    case (.zmq, false):
      let result = bindPlain(role, port: port, sharing, pausing)
      guard case .listening = result else { return result }
      let listener = listeners[role]
      listeners[role] = -1
      return bindMessaging(role, to: .listener(listener))
    }
  }

  /// Binds a Unix socket at a path (`ipc://`); libzmq removes a socket file that is in the way. The port of
  /// the result is 0.
  public func bind(_ role: EndpointRole, path: String) -> BindResult {
    bindMessaging(role, to: .path(path))
  }

  /// Adopts a listening socket, which is closed with the endpoint.
  public func adopt(_ role: EndpointRole, listener: Int32) -> BindResult {
    guard listener >= 0 else { return .failed(stage: BS_STAGE_ADOPT.rawValue, code: EBADF) }
    switch kind {
    case .zmq:
      return bindMessaging(role, to: .listener(listener))
    case .tcp:
      listeners[role] = listener
      do throws(SystemError) {
        return .listening(try TCPSocket.port(of: listener))
      } catch {
        return .failed(stage: BS_STAGE_ADOPT.rawValue, code: error.code)
      }
    }
  }

  /// The inode of the socket that listens for an endpoint, 0 if there is none.
  public func listenerInode(_ role: EndpointRole, port: UInt16) -> UInt64 {
    let listener = listener(role, port: port)
    return listener >= 0 ? TCPSocket.inode(of: listener) : 0
  }

  /// Closes both endpoints. libzmq closes the listeners later, in its I/O thread, and a trial must not start while the
  /// last one's ports are still held. In a namespace of its own the harness counts the sockets once for all processes.
  /// Elsewhere it cannot, and each API server waits for its own.
  public func close() {
    switch kind {
    case .zmq:
      let open = confinedTo == nil ? [] : openListeners()
      let limit = MonotonicClock.now() + Self.closingNanoseconds
      firstRouter = nil
      router = nil
      pull = nil
      for (listener, inode) in open {
        while TCPSocket.isOpen(listener, inode: inode) && MonotonicClock.now() < limit {
          usleep(50)
        }
      }
    case .tcp:
      for role in EndpointRole.allCases where listeners[role] >= 0 {
        closeDescriptor(listeners[role])
      }
      listeners = PlainListeners()
    }
  }

  /// Runs `body` with the ROUTER and the PULL; nil unless both are bound ZeroMQ sockets.
  public func withMessagingSockets<Result>(
    _ body: (borrowing Socket, borrowing Socket) -> Result
  ) -> Result? {
    guard router != nil, pull != nil else { return nil }
    return body(router!, pull!)
  }

  /// The plain listeners.
  public var plainListeners: PlainListeners { listeners }

  private func listener(_ role: EndpointRole, port: UInt16) -> Int32 {
    kind == .tcp ? listeners[role] : bs_find_listener(3, Self.highestDescriptor, port)
  }

  /// What a ZeroMQ socket binds.
  private enum Place {
    /// A port of the host, 0: of the kernel's choice.
    case port(UInt16)
    case path(String)
    /// A socket that listens already.
    case listener(Int32)
  }

  /// From this call on a listener belongs to it, whatever the result.
  private func bindMessaging(_ role: EndpointRole, to place: Place) -> BindResult {
    do throws(MessagingError) {
      let socket: Socket
      do throws(MessagingError) { socket = try makeSocket(role) } catch {
        // No socket of libzmq's closes it: in a pooled process it would hold its port in all later trials.
        if case .listener(let listener) = place { closeDescriptor(listener) }
        throw error
      }
      var port: UInt16 = 0
      switch place {
      case .port(let number):
        try socket.bind(to: addressStart, port: number)
        port = number != 0 ? number : socket.lastEndpointPort()
      case .path(let path):
        try socket.bind(to: "ipc://\(path)")
      case .listener(let listener):
        socket.adoptListener(listener)
        try socket.bind(to: "tcp://127.0.0.1:0")
        port = socket.lastEndpointPort()
      }
      if role == .input { router = consume socket } else { pull = consume socket }
      return .listening(port)
    } catch {
      // libzmq does not distinguish errors of bind() and listen().
      if case .listener = place {
        return .failed(stage: BS_STAGE_ADOPT.rawValue, code: error.code)
      }
      return .failed(stage: BS_STAGE_BIND.rawValue, code: error.code)
    }
  }

  private func openListeners() -> [(Int32, UInt64)] {
    EndpointRole.allCases.compactMap { role in
      let port = role == .input ? router?.lastEndpointPort() : pull?.lastEndpointPort()
      guard let port, port != 0 else { return nil }
      let listener = listener(role, port: port)
      return listener < 0 ? nil : (listener, TCPSocket.inode(of: listener))
    }
  }

  private func makeSocket(_ role: EndpointRole) throws(MessagingError) -> Socket {
    if role == .input, let first = firstRouter.take() { return first }
    return try Socket(role == .input ? .router : .pull, in: context!)
  }

  private func bindPlain(
    _ role: EndpointRole, port: UInt16, _ sharing: TCPSocket.Sharing, _ pausing: (() -> Void)?
  ) -> BindResult {
    var stage = BS_STAGE_BIND
    do throws(SystemError) {
      let socket = try TCPSocket.open(for: host)
      listeners[role] = socket
      if let confinedTo, port == 0 { try TCPSocket.confine(socket, to: confinedTo) }
      // As libzmq does.
      try TCPSocket.share(socket, sharing.union(.reuseAddress))
      try TCPSocket.bind(socket, host, port: port)
      pausing?()
      stage = BS_STAGE_LISTEN
      try TCPSocket.listen(socket)
      return .listening(port != 0 ? port : try TCPSocket.port(of: socket))
    } catch {
      if listeners[role] >= 0 { closeDescriptor(listeners[role]) }
      listeners[role] = -1
      return .failed(stage: stage.rawValue, code: error.code)
    }
  }
}
