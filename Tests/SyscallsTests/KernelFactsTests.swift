import Glibc
import Syscalls
import TestSupport
import Testing

/// The kernel's facts that documents, plans and comments state, each against the running kernel, in a network namespace
/// with a range of its own.
@Suite(
  .serialized, .timeLimit(.minutes(5)),
  .enabled(if: Kernel.allowsNamespaces, "needs a network namespace"))
struct KernelFactsTests {
  /// Ports of the range, 50 at each distance from its low end; so many draws miss one of 50 equally likely ports with
  /// probability 50·(49/50)^2000 < 2e-16, one of 100 with 100·(99/100)^4000 < 4e-16.
  static let size = 100

  /// What to ask for a port with.
  struct Asker: Sendable, CustomTestStringConvertible {
    var family = AF_INET
    var isDatagram = false
    var sharing: TCPSocket.Sharing = []
    /// The low end of the range.
    var low = 40_000
    /// The distances from the low end of what is drawn while nothing is held.
    var distances: [Int]
    var testDescription: String {
      "\(family == AF_INET ? "IPv4" : "IPv6") \(isDatagram ? "UDP" : "TCP") \(sharing.rawValue) from \(low)"
    }

    func open() throws -> Int32 {
      let kind = Int32((isDatagram ? SOCK_DGRAM : SOCK_STREAM).rawValue)
      let socket = Glibc.socket(family, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
      guard socket >= 0 else { throw SystemError.current("socket") }
      try TCPSocket.share(socket, sharing)
      return socket
    }

    /// `bind(0)` to the wildcard address; the socket's port.
    func draw(_ socket: Int32) throws -> Int {
      var bytes = [UInt8](repeating: 0, count: 28)
      bytes[0] = UInt8(family)
      return try bytes.withUnsafeMutableBytes { raw in
        let address = raw.baseAddress!.assumingMemoryBound(to: sockaddr.self)
        var length = socklen_t(family == AF_INET ? 16 : 28)
        guard Glibc.bind(socket, address, length) == 0,
          getsockname(socket, address, &length) == 0
        else { throw SystemError.current("bind") }
        return Int(raw[2]) << 8 | Int(raw[3])
      }
    }

    /// What so many draws give, each released at once.
    func drawn(_ count: Int) throws -> Set<Int> {
      var seen: Set<Int> = []
      for _ in 0..<count {
        let socket = try open()
        defer { close(socket) }
        seen.insert(try draw(socket))
      }
      return seen
    }
  }

  static let odd = Array(stride(from: 1, to: size, by: 2))
  static let all = Array(0..<size)

  static let askers = [
    Asker(distances: odd), Asker(family: AF_INET6, distances: odd),
    // With an odd low end the port numbers are even ones.
    Asker(low: 40_001, distances: odd),
    // With SO_REUSEADDR the lower half comes first; SO_REUSEPORT alone changes nothing.
    Asker(sharing: .reuseAddress, distances: odd.filter { $0 < size / 2 }),
    Asker(sharing: .reusePort, distances: odd),
    Asker(isDatagram: true, distances: all),
    Asker(isDatagram: true, sharing: .reuseAddress, distances: all),
    Asker(family: AF_INET6, isDatagram: true, distances: all),
  ]

  @Test func `bind to 0 draws over TCP at an odd distance from the low end, over UDP everywhere`()
    async
  {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      for asker in Self.askers {
        _ = try Namespace.setPortRange(low: asker.low, high: asker.low + Self.size - 1)
        let seen = try asker.drawn(4_000)
        #expect(seen.map { $0 - asker.low }.sorted() == asker.distances, "\(asker)")
      }
    }
  }

  /// A connection from the address, or from whichever the kernel chooses, and its local port.
  static func connect(
    to port: UInt16, boundFirst: Bool = false, late: Bool = false
  ) throws -> (socket: Int32, port: Int) {
    let client = try TCPSocket.open()
    TCPSocket.resetOnClose(client)
    if late {
      // IP_BIND_ADDRESS_NO_PORT of linux/in.h.
      var one: Int32 = 1
      guard setsockopt(client, Int32(IPPROTO_IP), 24, &one, 4) == 0
      else { throw SystemError.current("IP_BIND_ADDRESS_NO_PORT") }
    }
    if boundFirst { try TCPSocket.bind(client, .loopback, port: 0) }
    _ = try TCPSocket.connect(client, port: port)
    return (client, Int(try TCPSocket.port(of: client)))
  }

  static func listener(_ port: UInt16) throws -> Int32 {
    let listener = try TCPSocket.open()
    try TCPSocket.bind(listener, .loopback, port: port)
    try TCPSocket.listen(listener, backlog: 4_000)
    return listener
  }

  /// Certain: no chance is involved in which half a connection takes while that half has room.
  @Test func `connect takes an even distance, who binds an address first an odd one`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      _ = try Namespace.setPortRange(low: 40_000, high: 40_099)
      _ = try Self.listener(20_000)
      for (boundFirst, late, parity) in [
        (false, false, 0), (true, false, 1), (true, true, 0), (false, false, 0),
      ] {
        let made = try (0..<50).map { _ in
          try Self.connect(to: 20_000, boundFirst: boundFirst, late: late)
        }
        #expect(
          made.allSatisfy { $0.port % 2 == parity }, "bound \(boundFirst), late \(late): \(made)")
        for connection in made { close(connection.socket) }
      }
      let ports = try (0..<60).map { _ in try Self.connect(to: 20_000).port }
      #expect(ports.prefix(50).allSatisfy { $0 % 2 == 0 }, "\(ports)")
      #expect(ports.dropFirst(50).allSatisfy { $0 % 2 == 1 }, "\(ports)")
    }
  }

  /// 30 of 50 slots are reserved at the low end. A draw among them gives the first one above: 31 of 50 draws, 620 of
  /// 1,000 with a standard deviation of 15. Five of these: a false alarm has probability below 6e-7.
  @Test func `a draw among reserved ports gives the next one above`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      _ = try Namespace.setPortRange(low: 40_000, high: 40_099)
      try Namespace.reserve([40_000...40_059])
      let asker = Asker(distances: [])
      var first = 0
      for _ in 0..<1_000 {
        let socket = try asker.open()
        defer { close(socket) }
        let port = try asker.draw(socket)
        #expect(port > 40_060, "a reserved port")
        if port == 40_061 { first += 1 }
      }
      #expect((545...695).contains(first), "\(first)")
      // Who asks for the number gets it.
      let socket = try TCPSocket.open()
      try TCPSocket.bind(socket, .loopback, port: 40_001)
    }
  }

  /// Certain: who may bind beside TIME_WAIT depends on the options alone, and `bind(0)` never gives such a port.
  @Test func `TIME_WAIT lets in who sets the option of the server, and nobody else`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      try Namespace.allowTimeWait(true)
      _ = try Namespace.setPortRange(low: 40_000, high: 40_099)
      let kinds: [TCPSocket.Sharing] = [[], .reuseAddress, .reusePort]
      for (number, server) in kinds.enumerated() {
        let port = UInt16(40_001 + 2 * number)
        let listener = try TCPSocket.open()
        try TCPSocket.share(listener, server)
        try TCPSocket.bind(listener, .loopback, port: port)
        try TCPSocket.listen(listener)
        // From below the range, so that it holds nothing of it.
        let client = try TCPSocket.open()
        try TCPSocket.bind(client, .secondLoopback, port: UInt16(20_000 + number))
        _ = try TCPSocket.connect(client, port: port)
        // The side that closes first keeps TIME_WAIT.
        close(try TCPSocket.accept(listener))
        close(client)
        close(listener)
        for other in kinds {
          let socket = try TCPSocket.open()
          defer { close(socket) }
          try TCPSocket.share(socket, other)
          let isLetIn = (try? TCPSocket.bind(socket, .loopback, port: port)) != nil
          #expect(
            isLetIn == (!server.isEmpty && other == server),
            "server \(server.rawValue), after it \(other.rawValue)")
        }
      }
      let left = Set([40_001, 40_003, 40_005])
      for sharing in kinds {
        let drawn = try Asker(sharing: sharing, distances: []).drawn(2_000)
        #expect(drawn.isDisjoint(with: left), "\(sharing.rawValue)")
      }
    }
  }
}
