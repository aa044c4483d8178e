import Glibc
import Messaging
import Syscalls
import TestSupport
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension Messaging.Socket {
  fileprivate func send(_ text: String, more: Bool = false) throws {
    try bytes(text).withUnsafeBytes { try send($0, more: more) }
  }

  /// Waits for a frame; nil when none comes in time.
  fileprivate func receive(within seconds: Double = 10) throws -> [UInt8]? {
    var poll = Poll()
    let token = poll.add(self)
    guard poll.wait(milliseconds: Int(seconds * 1_000)), poll.isReadable(token) else { return nil }
    var buffer = [UInt8](repeating: 0, count: 64)
    guard let length = try buffer.withUnsafeMutableBytes({ try receive(into: $0) })
    else { return nil }
    return Array(buffer.prefix(length))
  }
}

@Suite(.serialized, .timeLimit(.minutes(20))) struct MessagingTests {
  @Test func `the library has a version of 4 or newer`() throws {
    let major = try #require(MessagingLibrary.version.split(separator: ".").first)
    #expect(try #require(Int(major)) >= 4)
  }

  @Test func `a ROUTER on a wildcard port answers a DEALER that dials LAST_ENDPOINT`() throws {
    let context = try Context()
    let router = try Messaging.Socket(.router, in: context)
    #expect(router.lastEndpointPort() == 0)
    try router.bind(to: "tcp://127.0.0.1:0")
    let port = router.lastEndpointPort()
    #expect(port != 0)
    let dealer = try Messaging.Socket(.dealer, in: context)
    try dealer.connect(to: "tcp://127.0.0.1:\(port)")
    try dealer.send("question")
    let identity = try #require(try router.receive())
    #expect(try router.receive() == bytes("question"))
    try identity.withUnsafeBytes { try router.send($0, more: true) }
    try router.send("answer")
    #expect(try dealer.receive() == bytes("answer"))
  }

  @Test(
    .enabled(if: Kernel.hasIPv6Loopback, "needs ::1"), arguments: [true, false])
  func `an IPv6 host in brackets is bound and dialled`(_ isWhole: Bool) throws {
    let context = try Context()
    let pull = try Messaging.Socket(.pull, in: context)
    if isWhole {
      try pull.bind(to: "tcp://[::1]:0")
    } else {
      try pull.bind(to: Array("tcp://[::1]:".utf8), port: 0)
    }
    let push = try Messaging.Socket(.push, in: context)
    try push.connect(to: "tcp://[::1]:\(pull.lastEndpointPort())")
    try push.send("over IPv6")
    #expect(try pull.receive() == bytes("over IPv6"))
  }

  @Test func `an address in parts binds what the whole address binds`() throws {
    let context = try Context()
    let first = try Messaging.Socket(.pull, in: context)
    let start = Array("tcp://127.0.0.1:".utf8)
    try first.bind(to: start, port: 0)
    let port = first.lastEndpointPort()
    #expect(port >= 1_024)
    for whole in [true, false] {
      let error = #expect(throws: MessagingError.self) {
        let second = try Messaging.Socket(.pull, in: context)
        if whole {
          try second.bind(to: "tcp://127.0.0.1:\(port)")
        } else {
          try second.bind(to: start, port: port)
        }
      }
      #expect(error?.code == EADDRINUSE)
    }
    // Fewer digits than five: what libzmq made of the address says so, whoever may have the port.
    for small in [9, 80, 999, 8_080] as [UInt16] {
      let socket = try Messaging.Socket(.pull, in: context)
      do { try socket.bind(to: start, port: small) } catch {
        #expect([EADDRINUSE, EACCES].contains(error.code), "\(small): \(error)")
        continue
      }
      #expect(socket.lastEndpointPort() == small)
    }
  }

  @Test func `a PULL takes what a PUSH sent before it was bound`() throws {
    let context = try Context()
    // Two listeners, so that the number is one that just was free.
    let first = try Messaging.Socket(.pull, in: context)
    try first.bind(to: "tcp://127.0.0.1:0")
    let port = first.lastEndpointPort()
    let push = try Messaging.Socket(.push, in: context)
    try push.connect(to: "tcp://127.0.0.1:\(port)")
    try push.send("early")
    #expect(try first.receive() == bytes("early"))
    var none: [UInt8] = [0]
    let further = try none.withUnsafeMutableBytes { try first.receive(into: $0) }
    #expect(further == nil)
  }

  @Test func `a frame longer than the buffer reports its full length`() throws {
    let context = try Context()
    let pull = try Messaging.Socket(.pull, in: context)
    try pull.bind(to: "tcp://127.0.0.1:0")
    let push = try Messaging.Socket(.push, in: context)
    try push.connect(to: "tcp://127.0.0.1:\(pull.lastEndpointPort())")
    try push.send(String(repeating: "x", count: 50))
    var poll = Poll()
    poll.add(pull)
    let isThere = poll.wait(milliseconds: 10_000)
    #expect(isThere)
    var buffer = [UInt8](repeating: 0, count: 8)
    let length = try buffer.withUnsafeMutableBytes { try pull.receive(into: $0) }
    #expect(length == 50)
  }

  @Test func `a bind to a held port fails with EADDRINUSE, a bind to nonsense with EINVAL`() throws
  {
    let holder = Descriptor(owning: try TCPSocket.open())
    try TCPSocket.bind(holder.number, .wildcard, port: 0)
    let port = try TCPSocket.port(of: holder.number)
    let context = try Context()
    let router = try Messaging.Socket(.router, in: context)
    let failure = #expect(throws: MessagingError.self) {
      try router.bind(to: "tcp://127.0.0.1:\(port)")
    }
    #expect(failure?.call == "zmq_bind")
    #expect(failure?.code == EADDRINUSE)
    #expect(failure?.description == "zmq_bind: Address already in use")
    let nonsense = #expect(throws: MessagingError.self) { try router.bind(to: "nonsense") }
    #expect(nonsense?.code == EINVAL)
    // The socket is still good for another address.
    try router.bind(to: "tcp://127.0.0.1:0")
  }

  @Test func `an adopted listener is the socket that answers, whatever the address says`() throws {
    let listener = try TCPSocket.open()
    try TCPSocket.bind(listener, .loopback, port: 0)
    try TCPSocket.listen(listener)
    let port = try TCPSocket.port(of: listener)
    let inode = TCPSocket.inode(of: listener)
    let context = try Context()
    do {
      let pull = try Messaging.Socket(.pull, in: context)
      pull.adoptListener(listener)
      try pull.bind(to: "tcp://127.0.0.1:0")
      #expect(pull.lastEndpointPort() == port)
      let push = try Messaging.Socket(.push, in: context)
      try push.connect(to: "tcp://127.0.0.1:\(port)")
      try push.send("through the adopted one")
      #expect(try pull.receive() == bytes("through the adopted one"))
      #expect(TCPSocket.isOpen(listener, inode: inode))
    }
    // libzmq owns the descriptor and closes it with the socket, in its own thread.
    try waitUntil("the close of the adopted listener") {
      !TCPSocket.isOpen(listener, inode: inode)
    }
  }

  /// Why launchers must listen before they hand a socket over.
  @Test func `libzmq aborts the process that adopts a bound socket that does not listen`() async {
    await #expect(processExitsWith: .signal(SIGABRT)) {
      let socket = try TCPSocket.open()
      try TCPSocket.bind(socket, .loopback, port: 0)
      let context = try Context()
      let pull = try Messaging.Socket(.pull, in: context)
      pull.adoptListener(socket)
      try? pull.bind(to: "tcp://127.0.0.1:0")
      let push = try Messaging.Socket(.push, in: context)
      try push.connect(to: "tcp://127.0.0.1:\(try TCPSocket.port(of: socket))")
      // The abort comes from libzmq's thread, some moments later.
      MonotonicClock.sleep(until: MonotonicClock.now() + 20_000_000_000)
    }
  }

  @Test func `a dead context's sockets close without lingering`() throws {
    let started = MonotonicClock.now()
    do {
      let context = try Context()
      let push = try Messaging.Socket(.push, in: context)
      // Nobody is there; what was sent must not hold the close up.
      try push.connect(to: "tcp://127.0.0.1:9")
      try push.send("lost")
    }
    #expect(MonotonicClock.now() - started < 10_000_000_000)
  }

  @Test func `a context has as many sockets as it was made for`() throws {
    let context = try Context(ioThreads: 1, maximumSockets: 1)
    let only = try Messaging.Socket(.pull, in: context)
    let failure = #expect(throws: MessagingError.self) {
      _ = try Messaging.Socket(.pull, in: context)
    }
    #expect(failure?.call == "zmq_socket")
    #expect(failure?.code == EMFILE)
    _ = only.lastEndpointPort()
  }

  @Test func `who waits gets the place of a socket that was closed before`() throws {
    let context = try Context(ioThreads: 1, maximumSockets: 1)
    // Without waiting the first rounds fail already: libzmq's thread takes longer than the next call.
    for _ in 0..<2_000 {
      let socket = try Messaging.Socket(.pull, in: context, waitsForPlace: { true })
      _ = socket.lastEndpointPort()
    }
  }
}
