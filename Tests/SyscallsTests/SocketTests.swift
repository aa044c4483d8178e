import CLinuxShims
import Glibc
import Syscalls
import TestSupport
import Testing

/// A TCP socket that is closed with its value.
private final class TestSocket {
  let number: Int32
  init() throws { number = try TCPSocket.open() }
  deinit { closeDescriptor(number) }
}

/// Two ports of this host's range that nothing used a moment ago, so that the tests need no fixed numbers.
private func freePort() throws -> UInt16 {
  let socket = try TestSocket()
  try TCPSocket.bind(socket.number, .loopback, port: 0)
  return try TCPSocket.port(of: socket.number)
}

private func isOpen(_ descriptor: Int32) -> Bool { fcntl(descriptor, F_GETFD) >= 0 }

@Suite(.serialized) struct DescriptorTests {
  @Test func `an owned descriptor is closed with its owner`() throws {
    let number = dup(0)
    do {
      let owner = Descriptor(owning: number)
      #expect(isOpen(owner.number))
    }
    // The number may be given out again by another thread at once: the file behind it tells.
    let pipeEnds = try Self.pipe()
    do { _ = Descriptor(owning: pipeEnds.write) }
    var byte: UInt8 = 0
    #expect(read(pipeEnds.read, &byte, 1) == 0, "the other end is closed")
    closeDescriptor(pipeEnds.read)
  }

  @Test func `a released descriptor stays open`() throws {
    let ends = try Self.pipe()
    let kept = Descriptor(owning: ends.write).release()
    #expect(kept == ends.write)
    var byte: UInt8 = 7
    #expect(write(kept, &byte, 1) == 1)
    #expect(read(ends.read, &byte, 1) == 1)
    closeDescriptor(kept)
    closeDescriptor(ends.read)
  }

  @Test func `room for descriptors ends at the limit`() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    #expect(Descriptor.hasRoom(for: 1))
    #expect(Descriptor.lack() == nil)
    // The standard streams at least are open.
    #expect(!Descriptor.hasRoom(for: Int(clamping: limit.rlim_cur)))
  }

  @Test func `a channel keeps message boundaries and is not inherited`() throws {
    let channel = try Channel.make()
    defer {
      closeDescriptor(channel.parent)
      closeDescriptor(channel.child)
    }
    #expect(fcntl(channel.parent, F_GETFD) & FD_CLOEXEC != 0)
    #expect(fcntl(channel.child, F_GETFD) & FD_CLOEXEC != 0)
    #expect(send(channel.parent, "ab", 2, 0) == 2)
    #expect(send(channel.parent, "c", 1, 0) == 1)
    var buffer = [UInt8](repeating: 0, count: 8)
    #expect(recv(channel.child, &buffer, 8, 0) == 2)
    #expect(recv(channel.child, &buffer, 8, 0) == 1)
  }

  /// A channel, whose end is seen when its other side is closed; close-on-exec, unlike pipe(2)'s.
  private static func pipe() throws -> (read: Int32, write: Int32) {
    let channel = try Channel.make()
    return (channel.parent, channel.child)
  }
}

/// Where a port must be free again at once, or a range be free of others, a process and a network namespace of its own
/// (where that is allowed): on the host any process may draw the number, and what other tests start holds copies of
/// this process's sockets until it has called exec.
@Suite(.serialized) struct TCPSocketTests {
  @Test func `bind to port 0 stays inside a confined range and serves one parity first`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      let range = try Namespace.portRange()
      // 16 ports at the top of the host's range, where its own traffic is as likely as anywhere else.
      let pool = (range.high - 15)...range.high
      var sockets: [Int32] = []
      defer { sockets.forEach(closeDescriptor) }
      var ports: [UInt16] = []
      for _ in 0..<4 {
        let socket = try TCPSocket.open()
        sockets.append(socket)
        try TCPSocket.confine(socket, to: pool)
        try TCPSocket.bind(socket, .loopback, port: 0)
        ports.append(try TCPSocket.port(of: socket))
      }
      #expect(ports.allSatisfy { pool.contains(Int($0)) }, "\(ports)")
      #expect(Set(ports).count == 4)
      // The kernel looks through the ports of one parity before it turns to the other; with 8 of each, 4 binds
      // and next to no other traffic here they all fit.
      #expect(Set(ports.map { $0 % 2 }).count == 1, "\(ports)")
    }
  }

  @Test func `an exhausted range says EADDRINUSE`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      let range = try Namespace.portRange()
      let pool = (range.high - 21)...(range.high - 20)
      var sockets: [Int32] = []
      defer { sockets.forEach(closeDescriptor) }
      let failure = #expect(throws: SystemError.self) {
        for _ in 0..<3 {
          let socket = try TCPSocket.open()
          sockets.append(socket)
          try TCPSocket.confine(socket, to: pool)
          try TCPSocket.bind(socket, .loopback, port: 0)
        }
      }
      #expect(failure == SystemError("bind", code: EADDRINUSE))
    }
  }

  @Test func `a held port says EADDRINUSE, with its name in the text`() throws {
    let first = try TestSocket()
    try TCPSocket.bind(first.number, .loopback, port: 0)
    let port = try TCPSocket.port(of: first.number)
    let second = try TestSocket()
    let failure = #expect(throws: SystemError.self) {
      try TCPSocket.bind(second.number, .wildcard, port: port)
    }
    #expect(failure?.description == "bind: Address already in use (EADDRINUSE)")
  }

  @Test func `address reuse shares a port that nobody listens on, and only that`() throws {
    let first = try TestSocket()
    let second = try TestSocket()
    let third = try TestSocket()
    for number in [first.number, second.number, third.number] {
      try TCPSocket.allowAddressReuse(number)
    }
    try TCPSocket.bind(first.number, .loopback, port: 0)
    let port = try TCPSocket.port(of: first.number)
    try TCPSocket.bind(second.number, .loopback, port: port)
    try TCPSocket.listen(first.number)
    // Split brain is impossible on Linux without SO_REUSEPORT: the second listen fails.
    #expect(throws: SystemError("listen", code: EADDRINUSE)) {
      try TCPSocket.listen(second.number)
    }
    #expect(throws: SystemError("bind", code: EADDRINUSE)) {
      try TCPSocket.bind(third.number, .loopback, port: port)
    }
  }

  /// Connects to a listener, closes the connecting side, and returns whether the port can be bound at once.
  private static func canBindAfterClose(reset: Bool) throws -> Bool {
    let port: UInt16
    do {
      let listener = try TestSocket()
      try TCPSocket.bind(listener.number, .loopback, port: 0)
      try TCPSocket.listen(listener.number)
      port = try TCPSocket.port(of: listener.number)
      let client = try TestSocket()
      #expect(try TCPSocket.connect(client.number, port: port))
      let accepted = Descriptor(owning: accept(listener.number, nil, nil))
      if reset { TCPSocket.resetOnClose(accepted.number) }
      // The server's side closes first: without a reset the TIME_WAIT is on its port.
      consume(accepted)
      var byte: UInt8 = 0
      _ = recv(client.number, &byte, 1, 0)
    }
    let again = try TestSocket()
    do throws(SystemError) {
      try TCPSocket.bind(again.number, .loopback, port: port)
      return true
    } catch {
      #expect(error.code == EADDRINUSE)
      return false
    }
  }

  private static func consume(_ descriptor: consuming Descriptor) {}

  @Test func `a reset on close leaves no TIME_WAIT, an ordinary close does`() async {
    await #expect(processExitsWith: .success) {
      // A namespace for runs has no TIME_WAIT.
      if Namespace.enter(allowed: true).how != .none { try Namespace.allowTimeWait(true) }
      #expect(try Self.canBindAfterClose(reset: true))
      #expect(try !Self.canBindAfterClose(reset: false))
    }
  }

  @Test func `a connection to a port nobody listens on is refused`() throws {
    let port = try freePort()
    let client = try TestSocket()
    let failure = #expect(throws: SystemError.self) {
      _ = try TCPSocket.connect(client.number, port: port)
    }
    #expect(failure?.description == "connect: Connection refused (ECONNREFUSED)")
  }

  @Test func `a disconnected socket can connect again from the port it is bound to`() throws {
    let client = try TestSocket()
    TCPSocket.resetOnClose(client.number)
    let port = try freePort()
    try TCPSocket.bind(client.number, .secondLoopback, port: port)
    for _ in 0..<2 {
      let listener = try TestSocket()
      try TCPSocket.bind(listener.number, .loopback, port: 0)
      try TCPSocket.listen(listener.number)
      #expect(try TCPSocket.connect(client.number, port: TCPSocket.port(of: listener.number)))
      let accepted = Descriptor(owning: try TCPSocket.accept(listener.number))
      try TCPSocket.disconnect(client.number)
      var byte: UInt8 = 0
      #expect(recv(accepted.number, &byte, 1, 0) == -1 && errno == ECONNRESET)
      #expect(try TCPSocket.port(of: client.number) == port)
      // A refusal is forgotten, too.
      #expect(throws: SystemError("connect", code: ECONNREFUSED)) {
        try TCPSocket.connect(client.number, port: freePort())
      }
      try TCPSocket.disconnect(client.number)
    }
  }

  @Test func `an inode names a socket as long as it is open`() throws {
    let inode: UInt64
    let number: Int32
    do {
      let socket = try TestSocket()
      number = socket.number
      inode = TCPSocket.inode(of: number)
      #expect(inode != 0)
      #expect(TCPSocket.isOpen(number, inode: inode))
    }
    #expect(!TCPSocket.isOpen(number, inode: inode))
  }
}

@Suite(.serialized) struct SocketRecordTests {
  private static func list(_ states: bs_socket_states, _ port: UInt16) throws -> [bs_socket_record]
  {
    var records = [bs_socket_record](repeating: bs_socket_record(), count: 8)
    let count = bs_list_sockets(states.rawValue, port, &records, 8)
    try #require(count >= 0, "sock_diag: \(ErrorNumber.text(-count))")
    return Array(records.prefix(Int(count)))
  }

  @Test func `the kernel lists a socket as bound, then as listening, then not at all`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      let port: UInt16
      do {
        let socket = try TestSocket()
        try TCPSocket.bind(socket.number, .loopback, port: 0)
        port = try TCPSocket.port(of: socket.number)
        let bound = try Self.list(BS_SOCKETS_BOUND, port)
        #expect(bound.map(\.inode) == [TCPSocket.inode(of: socket.number)])
        #expect(bound.map(\.is_listening) == [0])
        #expect(try Self.list(BS_SOCKETS_LISTENING, port).isEmpty)
        var found = bs_socket_record()
        #expect(bs_find_listening_socket(port, &found) == 0)

        try TCPSocket.listen(socket.number)
        let listening = try Self.list(BS_SOCKETS_LISTENING, port)
        #expect(listening.map(\.inode) == [TCPSocket.inode(of: socket.number)])
        #expect(listening.map(\.is_listening) == [1])
        #expect(try Self.list(BS_SOCKETS_BOUND, port).isEmpty)
        #expect(bs_find_listening_socket(port, &found) == 1)
        #expect(found.inode == TCPSocket.inode(of: socket.number))
        #expect(found.port == port)
      }
      #expect(try Self.list(BS_SOCKETS_LISTENING, port).isEmpty)
      #expect(try Self.list(BS_SOCKETS_BOUND, port).isEmpty)
    }
  }

  @Test func `a wildcard listener is found by one look-up, too`() throws {
    let socket = try TestSocket()
    try TCPSocket.bind(socket.number, .wildcard, port: 0)
    try TCPSocket.listen(socket.number)
    var found = bs_socket_record()
    #expect(bs_find_listening_socket(try TCPSocket.port(of: socket.number), &found) == 1)
    #expect(found.inode == TCPSocket.inode(of: socket.number))
  }

  @Test func `a listing says how many there are when they do not fit`() throws {
    let sockets = (try TestSocket(), try TestSocket())
    for number in [sockets.0.number, sockets.1.number] {
      try TCPSocket.bind(number, .loopback, port: 0)
      try TCPSocket.listen(number)
    }
    var record = bs_socket_record()
    #expect(bs_list_sockets(BS_SOCKETS_LISTENING.rawValue, 0, &record, 1) >= 2)
  }

  @Test func `a process's own listener is found among its descriptors`() throws {
    let socket = try TestSocket()
    try TCPSocket.bind(socket.number, .loopback, port: 0)
    let port = try TCPSocket.port(of: socket.number)
    #expect(bs_find_listener(3, 1_023, port) == -1, "it does not listen yet")
    try TCPSocket.listen(socket.number)
    #expect(bs_find_listener(3, 1_023, port) == socket.number)
  }

  @Test func `the owner of a socket is found among the processes, suspects first`() throws {
    let socket = try TestSocket()
    let inode = TCPSocket.inode(of: socket.number)
    for suspects in [[], [getpid()], [1, 0, getpid()]] {
      let owners = ProcessRecords.owners(ofSockets: [inode, 0, inode], suspects: suspects)
      #expect(owners.map(\.pid) == [getpid(), 0, getpid()])
      #expect(owners[1].command == "")
      let name = try FileText.read("/proc/self/comm").prefix { $0 != "\n" }
      #expect(owners[0].command == name)
    }
  }

  @Test func `a process that is stopped is known as such, and what it has open`() throws {
    let socket = try TestSocket()
    let inode = TCPSocket.inode(of: socket.number)
    #expect(ProcessRecords.isStopped(getpid()) == false)
    #expect(ProcessRecords.holders(ofSocketsIn: [getpid()])[inode] == [getpid()])
    let child = try Program(["sleep", "600"])
    child.signal(SIGSTOP)
    try waitUntil("the stop") { ProcessRecords.isStopped(child.pid) == true }
    #expect(ProcessRecords.isOutside(getppid(), of: child.pid))
    #expect(!ProcessRecords.isOutside(child.pid, of: child.pid))
    #expect(!ProcessRecords.isOutside(child.pid, of: getpid()))
    child.signal(SIGKILL)
    try child.wait()
    #expect(ProcessRecords.isStopped(child.pid) == nil)
    #expect(!ProcessRecords.isOutside(child.pid, of: 1), "it is gone, and its parents with it")
  }

  @Test func `a socket that nobody has open has no owner`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      let inode: UInt64
      do {
        let socket = try TestSocket()
        inode = TCPSocket.inode(of: socket.number)
      }
      #expect(ProcessRecords.owners(ofSockets: [inode]).map(\.pid) == [0])
    }
  }
}

@Suite(.serialized) struct DescriptorPassingTests {
  @Test func `a passed listener is the same socket under another number`() throws {
    let channel = try Channel.make()
    defer {
      closeDescriptor(channel.parent)
      closeDescriptor(channel.child)
    }
    let sockets = (try TestSocket(), try TestSocket())
    #expect(bs_send_descriptors(channel.parent, [sockets.0.number, sockets.1.number], 2) == 0)
    var received: [Int32] = [-1, -1]
    #expect(bs_receive_descriptors(channel.child, &received, 2) == 2)
    defer { received.forEach(closeDescriptor) }
    #expect(TCPSocket.inode(of: received[0]) == TCPSocket.inode(of: sockets.0.number))
    #expect(TCPSocket.inode(of: received[1]) == TCPSocket.inode(of: sockets.1.number))
    #expect(received[0] != sockets.0.number)
    #expect(fcntl(received[0], F_GETFD) & FD_CLOEXEC != 0)
  }

  @Test func `descriptors beyond the capacity are closed, not leaked`() throws {
    let channel = try Channel.make()
    defer {
      closeDescriptor(channel.parent)
      closeDescriptor(channel.child)
    }
    let passed = try Channel.make()
    #expect(bs_send_descriptors(channel.parent, [passed.parent, passed.child], 2) == 0)
    closeDescriptor(passed.child)
    var received: Int32 = -1
    #expect(bs_receive_descriptors(channel.child, &received, 1) == 1)
    closeDescriptor(passed.parent)
    // Had the second one, the other side, been kept, this would wait for ever.
    var byte: UInt8 = 0
    #expect(bs_wait_readable(received, 5_000) > 0)
    #expect(read(received, &byte, 1) == 0)
    closeDescriptor(received)
  }

  /// As under the fault `descriptor-limit`: the kernel passes on as many as there are numbers for.
  @Test func `descriptors that find no number are EMFILE, and none of the others stays`() async {
    await #expect(processExitsWith: .success) {
      let channel = try Channel.make()
      let sockets = (try TestSocket(), try TestSocket())
      let free = dup(0)
      closeDescriptor(free)
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      for room in [Int32(1), 0] {
        limit.rlim_cur = rlim_t(free + room)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(bs_send_descriptors(channel.parent, [sockets.0.number, sockets.1.number], 2) == 0)
        var received: [Int32] = [-1, -1]
        #expect(bs_receive_descriptors(channel.child, &received, 2) == -EMFILE, "room for \(room)")
        // By socket and not by number: the process's other threads may open files meanwhile.
        let copies = (0..<free + 8).filter { number in
          number != sockets.0.number && number != sockets.1.number
            && [sockets.0.number, sockets.1.number].contains {
              TCPSocket.inode(of: $0) == TCPSocket.inode(of: number)
            }
        }
        #expect(copies == [])
      }
    }
  }

  @Test func `the end of the channel is no descriptor, and too many are refused`() throws {
    let channel = try Channel.make()
    var received: Int32 = -1
    #expect(bs_send_descriptors(channel.parent, Array(repeating: 0, count: 9), 9) == EINVAL)
    #expect(bs_send_descriptors(channel.parent, [-1], 1) == EBADF)
    closeDescriptor(channel.parent)
    #expect(bs_receive_descriptors(channel.child, &received, 1) == 0)
    closeDescriptor(channel.child)
  }
}

@Suite struct SystemErrorTests {
  @Test func `texts name the call, the reason and the number's name`() {
    #expect(
      SystemError("fork", code: EAGAIN).description
        == "fork: Resource temporarily unavailable (EAGAIN)")
    #expect(SystemError("a", code: ENOSPC).description == "a: No space left on device (ENOSPC)")
  }

  @Test func `a missing file is an error of its open`() {
    #expect(throws: SystemError("open /nonexistent", code: ENOENT)) {
      try FileText.read("/nonexistent")
    }
  }

  @Test func `the clock goes on and sleeps end no earlier than told`() {
    let start = MonotonicClock.now()
    MonotonicClock.sleep(until: start + 2_000_000)
    let middle = MonotonicClock.now()
    #expect(middle >= start + 2_000_000)
    MonotonicClock.spin(until: middle + 100_000)
    #expect(MonotonicClock.now() >= middle + 100_000)
  }
}
