internal import CInterception
internal import CLinuxShims
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// The network namespaces that the tree's sockets live in: the supervisor's own, and others it can enter.
final class Networks {
  /// One namespace.
  struct Network {
    /// Descriptor of the namespace; -1 for the supervisor's own.
    let descriptor: Int32
    /// Its destroy events.
    let events: Int32
    /// Ports of which the kernel chooses there.
    let ephemeral: ClosedRange<UInt16>
  }

  /// By cookie.
  private(set) var known: [UInt64: Network] = [:]
  /// Namespaces that could not be entered.
  private(set) var unreachable: Set<UInt64> = []
  let own: UInt64
  private let ownDescriptor: Int32

  /// - Throws: when the own namespace's destroy events are not available.
  init() throws(SystemError) {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw .current("socket") }
    own = pt_namespace_cookie(socket)
    close(socket)
    ownDescriptor = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)
    guard ownDescriptor >= 0 else { throw .current("open /proc/self/ns/net") }
    let events = pt_open_destroy_events()
    guard events >= 0 else { throw SystemError("socket destroy events", code: -events) }
    known[own] = Network(descriptor: -1, events: events, ephemeral: Self.ephemeralPorts())
  }

  deinit {
    for network in known.values {
      close(network.events)
      if network.descriptor >= 0 { close(network.descriptor) }
    }
    close(ownDescriptor)
  }

  /// Whether sockets can be made there; opens its events at first use.
  func reach(_ cookie: UInt64, of tid: Int32) -> Bool {
    if known[cookie] != nil { return true }
    if unreachable.contains(cookie) { return false }
    let descriptor = open("/proc/\(tid)/ns/net", O_RDONLY | O_CLOEXEC)
    var events: Int32 = -1
    var ephemeral = Self.unknownRange
    // The thread's namespace may differ from its socket's.
    let isIt =
      descriptor >= 0
      && entering(descriptor) {
        let probe = Glibc.socket(
          AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { if probe >= 0 { close(probe) } }
        guard probe >= 0, pt_namespace_cookie(probe) == cookie else { return false }
        events = pt_open_destroy_events()
        ephemeral = Self.ephemeralPorts()
        return events >= 0
      } == true
    if isIt {
      known[cookie] = Network(descriptor: descriptor, events: events, ephemeral: ephemeral)
    } else {
      if descriptor >= 0 { close(descriptor) }
      unreachable.insert(cookie)
    }
    return isIt
  }

  /// Runs in a namespace and comes back. Nil if it cannot be entered.
  private func entering<R>(_ descriptor: Int32, _ body: () -> R) -> R? {
    guard descriptor >= 0 else { return body() }
    guard bs_enter_network(descriptor) == 0 else { return nil }
    defer {
      let code = bs_enter_network(ownDescriptor)
      precondition(code == 0, "cannot return to the own network namespace")
    }
    return body()
  }

  /// A new socket bound there, close-on-exec, or nil if it cannot be bound.
  /// - Parameters:
  ///   - reuse: with SO_REUSEADDR, and listening where the protocol can.
  ///   - sharing: with SO_REUSEPORT.
  func bind(
    _ key: PortKey, _ address: SocketAddress, reuse: Bool = false, sharing: Bool = false
  ) -> Int32? {
    guard let network = known[key.namespace] else { return nil }
    let type = Int32(key.transport == .tcp ? SOCK_STREAM.rawValue : SOCK_DGRAM.rawValue)
    let made = entering(network.descriptor) {
      Glibc.socket(
        address.isIPv6 ? AF_INET6 : AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0)
    }
    guard let made, made >= 0 else { return nil }
    var one: Int32 = 1
    if reuse { setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, 4) }
    if sharing { setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &one, 4) }
    let bytes = address.with(port: key.port).exclusive.socketBytes
    let isBound = bytes.withUnsafeBytes {
      Glibc.bind(
        made, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) == 0
    }
    if isBound && (!reuse || key.transport == .udp || Glibc.listen(made, 1) == 0) { return made }
    close(made)
    return nil
  }

  /// Ports of which the kernel chooses in the namespace that the thread is in.
  private static func ephemeralPorts() -> ClosedRange<UInt16> {
    guard let range = try? Namespace.portRange(), let low = UInt16(exactly: range.low),
      let high = UInt16(exactly: range.high), low <= high
    else { return unknownRange }
    return low...high
  }

  /// Where it cannot be read: the kernel's default.
  private static let unknownRange: ClosedRange<UInt16> = 32_768...60_999

  /// Ports of which the kernel chooses in a namespace.
  func ephemeralPorts(of namespace: UInt64) -> ClosedRange<UInt16> {
    known[namespace]?.ephemeral ?? Self.unknownRange
  }

  /// Sockets on a port there, or with an inode (0: any).
  func sockets(
    in namespace: UInt64, _ transport: Transport, port: UInt16, inode: UInt64 = 0
  ) -> [bs_socket_record] {
    guard let network = known[namespace] else { return [] }
    var records = [bs_socket_record](repeating: bs_socket_record(), count: 64)
    let count =
      entering(network.descriptor) {
        bs_list_all_sockets(
          transport == .tcp ? Int32(IPPROTO_TCP) : Int32(IPPROTO_UDP), port, inode, &records, 64)
      } ?? 0
    return Array(records.prefix(Int(max(0, min(count, 64)))))
  }

  /// TCP sockets that listen on a port there.
  func listeners(_ key: PortKey) -> [bs_socket_record] {
    guard let network = known[key.namespace], key.transport == .tcp else { return [] }
    var records = [bs_socket_record](repeating: bs_socket_record(), count: 64)
    let states = BS_SOCKETS_LISTENING.rawValue
    let count =
      entering(network.descriptor) { bs_list_sockets(states, key.port, &records, 64) } ?? 0
    return Array(records.prefix(Int(max(0, min(count, 64)))))
  }

  /// Makes the kernel destroy sockets there, whose events come after all pending events. Returns their cookies.
  func markEvents(in namespace: UInt64) -> Set<UInt64> {
    guard let network = known[namespace] else { return [] }
    var cookies = [UInt64](repeating: 0, count: Self.mostMarks)
    let count = entering(network.descriptor) {
      pt_mark_destroy_events(&cookies, Int32(Self.mostMarks))
    }
    return Set(cookies.prefix(Int(count ?? 0)))
  }

  /// With more CPUs than this, events of others can still be late.
  private static let mostMarks = 128
}
