import CLinuxShims
import Glibc
import TestSupport
import Testing

@testable import Syscalls

/// Sockets of the table, in a namespace that the calling process has entered.
private struct KernelTable {
  typealias Place = ListenerReachTests.Place
  static let port: UInt16 = 20_000
  /// Where two listeners share connections, one of them gets none of so many with a probability of 2^-39. There are
  /// 5 rows of at most 12 such pairs, asked in 2 orders: 2.2e-10 for all.
  static let connections = 40

  static func withAddress<R>(
    _ place: Place, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) -> R {
    var bytes = [UInt8](repeating: 0, count: 28)
    bytes[0] = UInt8(place.family)
    (bytes[2], bytes[3]) = (UInt8(port >> 8), UInt8(port & 0xff))
    let start = place.family == AF_INET ? 4 : 8
    bytes.replaceSubrange(start..<(start + place.address.count), with: place.address)
    return bytes.withUnsafeBytes {
      body(
        $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
        place.family == AF_INET ? 16 : 28)
    }
  }

  /// A listener that shares its port with all that come; nil if the kernel does not let it bind.
  static func listen(_ place: Place, sharing: Bool) throws -> Int32? {
    let socket = Glibc.socket(
      place.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard socket >= 0 else { throw SystemError.current("socket") }
    var (one, only): (Int32, Int32) = (1, place.isOnly ? 1 : 0)
    if sharing { setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &one, 4) }
    if place.family == AF_INET6 {
      setsockopt(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &only, 4)
    }
    if !place.device.isEmpty {
      let length = socklen_t(place.device.utf8.count)
      guard setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, place.device, length) == 0
      else { throw SystemError.current("SO_BINDTODEVICE") }
    }
    guard withAddress(place, port: port, { Glibc.bind(socket, $0, $1) }) == 0,
      Glibc.listen(socket, 128) == 0
    else {
      let code = errno
      close(socket)
      if code == EADDRINUSE { return nil }
      throw SystemError("bind or listen", code: code)
    }
    return socket
  }

  /// Connects, and says which of the listeners has the connection to accept; nil if it is refused.
  static func connect(_ place: Place, listeners: [Int32]) throws -> Int? {
    let socket = Glibc.socket(place.family, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw SystemError.current("socket") }
    TCPSocket.resetOnClose(socket)
    defer { close(socket) }
    if withAddress(place, port: port, { Glibc.connect(socket, $0, $1) }) != 0 {
      let code = errno
      guard code == ECONNREFUSED else { throw SystemError("connect", code: code) }
      return nil
    }
    // On loopback the connection is in the backlog when connect(2) is back.
    for (index, listener) in listeners.enumerated() {
      let accepted = accept(listener, nil, nil)
      guard accepted >= 0 else { continue }
      close(accepted)
      return index
    }
    throw TestFailure("connected, and nobody accepts")
  }

  /// What the rules say of listening sockets, from what the kernel lists of them.
  static func predicted(_ place: Place, _ listeners: [Int32]) throws -> Set<Int> {
    let listed = try SocketListing.sockets(.listening, port: port)
    let inodes = listeners.map(TCPSocket.inode(of:))
    let target = ListenerReachTests.target(
      place, port: port, bridge: if_nametoindex(ListenerReachTests.bridge))
    let reached = Listener.reached(
      listed.filter { inodes.contains($0.inode) }, connectionTo: target, by: \.listener)
    return Set(reached.compactMap { inodes.firstIndex(of: $0.inode) })
  }

  static func check(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    if !condition { throw TestFailure(text()) }
  }

  static func compareSingles() throws {
    for place in ListenerReachTests.places {
      let listener = try listen(place, sharing: false)!
      defer { close(listener) }
      for target in ListenerReachTests.promised {
        let accepted = Set([try connect(target, listeners: [listener])].compactMap(\.self))
        let predicted = try predicted(target, [listener])
        try check(accepted == predicted, "\(place) alone, \(target): \(accepted), \(predicted)")
      }
    }
  }

  /// - Returns: how many pairs there are.
  static func comparePairs(sharing: Bool) throws -> Int {
    let places = ListenerReachTests.places
    var pairs = 0
    for first in places.indices {
      for second in first..<places.count {
        // Which of two equals is reached may depend on who listened first: by place, over both orders.
        var accepted = [Set<Int>](repeating: [], count: ListenerReachTests.promised.count)
        var predicted = accepted
        var isPair = true
        for order in [[first, second], [second, first]] where isPair {
          var listeners: [Int32] = []
          defer { for listener in listeners { close(listener) } }
          for place in order {
            if let one = try listen(places[place], sharing: sharing) { listeners.append(one) }
          }
          isPair = listeners.count == 2
          guard isPair else { continue }
          for (row, target) in ListenerReachTests.promised.enumerated() {
            // The sides of a pair of one place are told apart by their number.
            let name = { (index: Int) in
              first == second ? places.count + index : order[index]
            }
            predicted[row].formUnion(try self.predicted(target, listeners).map(name))
            for _ in 0..<connections {
              guard let index = try connect(target, listeners: listeners) else { break }
              accepted[row].insert(name(index))
            }
          }
        }
        if isPair { pairs += 1 }
        for (row, target) in ListenerReachTests.promised.enumerated() {
          try check(
            accepted[row] == predicted[row],
            "\(places[first]) and \(places[second]), \(target): \(accepted[row]), \(predicted[row])"
          )
        }
      }
    }
    return pairs
  }
}

/// The rules of `Listener`, held to the running kernel: for every promised address and every pair of listeners real
/// sockets are made, connected to, and asked who accepts.
@Suite(.serialized, .enabled(if: Kernel.allowsNamespaces, "needs network namespaces"))
struct KernelReachTests {
  /// A link with an address of a node's, beside loopback.
  static func enter() throws {
    try #require(Namespace.enter(allowed: true).how != .none)
    try #require(bs_make_bridge(ListenerReachTests.bridge) == 0)
    try #require(bs_set_address(ListenerReachTests.bridge, NodeAddress.of(0)) == 0)
  }

  @Test func `the kernel gives a connection to whom the rules say, for each pair of listeners`()
    async throws
  {
    let result = await #expect(
      processExitsWith: .success, observing: [\.standardOutputContent]
    ) {
      do {
        try Self.enter()
        try KernelTable.compareSingles()
        let count = ListenerReachTests.places.count
        // With SO_REUSEPORT any two can be there; without it those that no connection can choose between.
        let (all, apart) = (
          try KernelTable.comparePairs(sharing: true), try KernelTable.comparePairs(sharing: false)
        )
        try KernelTable.check(all == count * (count + 1) / 2, "\(all) pairs with SO_REUSEPORT")
        try KernelTable.check(apart > count, "\(apart) pairs without")
        print("as the rules say")
      } catch {
        print("\(error)")
      }
    }
    let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
    #expect(output.contains("as the rules say"), "\(output)")
  }

  @Test func `what does not listen and what is no TCP socket receives nothing`() async {
    await #expect(processExitsWith: .success) {
      try Self.enter()
      let place = ListenerReachTests.places[0]
      for kind in [SOCK_STREAM, SOCK_DGRAM] {
        let socket = Glibc.socket(AF_INET, Int32(kind.rawValue), 0)
        defer { close(socket) }
        let isBound = KernelTable.withAddress(place, port: KernelTable.port) {
          Glibc.bind(socket, $0, $1) == 0
        }
        try #require(isBound)
        #expect(try SocketListing.reached(at: HostAddress(.loopback)).isEmpty)
        #expect(try KernelTable.connect(place, listeners: []) == nil)
      }
    }
  }
}
