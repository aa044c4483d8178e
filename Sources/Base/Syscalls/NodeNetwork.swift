internal import CLinuxShims
internal import Glibc

/// Hosts made of network namespaces: the calling process's namespace is the head node, the others are connected to a
/// bridge in it. Each has its own loopback and its own range of ephemeral ports. All of them are removed with the last
/// process that has their descriptors open.
///
/// The calling process must be single-threaded, because it enters the namespaces.
public final class NodeNetwork {
  /// Descriptors of the namespaces of the nodes 1, 2, ...
  public private(set) var nodes: [Int32] = []
  private let head: Int32
  /// How many of `nodes` have their addresses; the others are left from an attempt that failed.
  private var linked = 0
  private var hasBridge = false

  private static let bridge = "bs-br0"
  /// How long links may take to become operational.
  private static let linkNanoseconds: UInt64 = 5_000_000_000

  /// - Throws: when the process's own namespace cannot be opened.
  public init() throws(SystemError) {
    head = try Self.current()
  }

  /// Why there can be no second node; nil if there can. Tried in a child, so that its namespaces are removed with it.
  public static func problemOfTrying() -> String? {
    Namespace.problemInChild { () throws(SystemError) in
      if Namespace.enter(allowed: true).how == .none {
        throw SystemError("entering a network namespace", code: EPERM)
      }
      try NodeNetwork().grow(to: 2)
    }
  }

  /// Makes sure that there are this many nodes, the head node included, with working links. After a failure it may be
  /// called again, and continues where it stopped.
  /// - Throws: the error of a step; `ETIMEDOUT` when a link does not become operational.
  public func grow(to count: Int) throws(SystemError) {
    guard count > 1 else { return }
    // A trial that was abandoned may have left a node cut off.
    for node in 0..<linked {
      try visit(node + 1) { () throws(SystemError) in
        try self.check("setting a node's link up", bs_set_up("eth0"))
        try self.awaitLink("eth0", MonotonicClock.now() + Self.linkNanoseconds)
      }
    }
    guard linked < count - 1 else { return }
    if !hasBridge {
      try check("making a bridge", bs_make_bridge(Self.bridge), unless: EEXIST)
      try check("setting the head node's address", bs_set_address(Self.bridge, NodeAddress.of(0)))
      hasBridge = true
    }
    let known = linked
    for node in (known + 1)..<count {
      if nodes.count < node { nodes.append(try makeNamespace()) }
      let name = "bs-veth\(node)"
      // Remove what an earlier attempt left: a link that was made but not attached to the bridge is useless.
      _ = bs_remove_link(name)
      try check("making a link", bs_make_link(name, Self.bridge, nodes[node - 1]))
      try check("setting a link up", bs_set_up(name))
      try visit(node) { () throws(SystemError) in
        try self.check(
          "setting a node's address", bs_set_address("eth0", NodeAddress.of(node)))
      }
      linked = node
    }
    let deadline = MonotonicClock.now() + Self.linkNanoseconds
    for node in (known + 1)..<count {
      try awaitLink("bs-veth\(node)", deadline)
      try visit(node) { () throws(SystemError) in try self.awaitLink("eth0", deadline) }
    }
    try awaitLink(Self.bridge, deadline)
  }

  /// A new network namespace with loopback; afterwards this process is back in its own.
  private func makeNamespace() throws(SystemError) -> Int32 {
    try check("unshare(CLONE_NEWNET)", bs_unshare_network(0))
    defer { _ = bs_enter_network(head) }
    let made = Descriptor(owning: try Self.current())
    try check("bringing loopback up", bs_bring_loopback_up())
    try Namespace.allowTimeWait(false)
    return made.release()
  }

  /// Gives every node its IPv6 address, unless it has it.
  /// - Throws: the error of a step: a kernel without IPv6, or one that has it switched off.
  public func addIPv6Addresses() throws(SystemError) {
    try addIPv6Address(of: 0, to: Self.bridge)
    for node in nodes.indices.prefix(linked) {
      try visit(node + 1) { () throws(SystemError) in
        try self.addIPv6Address(of: node + 1, to: "eth0")
      }
    }
  }

  private func addIPv6Address(of node: Int, to name: String) throws(SystemError) {
    // A link that goes down for a time must not lose it.
    try Namespace.keepIPv6Addresses(of: name)
    let address = NodeAddress.ipv6(of: node).bigEndian
    let code = withUnsafeBytes(of: address) {
      bs_add_ipv6_address(name, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), 64)
    }
    try check("setting a node's IPv6 address", code, unless: EEXIST)
  }

  /// Sets the range of ephemeral ports on every node but the head node.
  public func setPortRange(low: Int, high: Int) throws(SystemError) {
    for node in nodes.indices {
      try visit(node + 1) { () throws(SystemError) in
        _ = try Namespace.setPortRange(low: low, high: high)
      }
    }
  }

  /// Sets the ports that a node's kernel never chooses by itself, on every node except the head node.
  /// - Parameter ports: by node.
  public func reserve(_ ports: [Int: [ClosedRange<Int>]]) throws(SystemError) {
    for node in nodes.indices {
      try visit(node + 1) { () throws(SystemError) in
        try Namespace.reserve(ports[node + 1] ?? [])
      }
    }
  }

  /// Whether closed connections leave TIME_WAIT behind, on every node but the head node.
  public func allowTimeWait(_ isAllowed: Bool) throws(SystemError) {
    for node in nodes.indices {
      try visit(node + 1) { () throws(SystemError) in try Namespace.allowTimeWait(isAllowed) }
    }
  }

  /// Ends what is in TIME_WAIT on every node but the head node.
  public func destroyTimeWait() throws(SystemError) {
    for node in nodes.indices {
      try visit(node + 1) { () throws(SystemError) in _ = bs_destroy_time_wait() }
    }
  }

  private func visit(
    _ node: Int, _ body: () throws(SystemError) -> Void
  ) throws(SystemError) {
    try check("setns", bs_enter_network(nodes[node - 1]))
    defer { _ = bs_enter_network(head) }
    try body()
  }

  /// There is no notification for this; it usually takes 0.1 ms.
  private func awaitLink(_ name: String, _ deadline: UInt64) throws(SystemError) {
    while true {
      let state = bs_is_operational(name)
      if state > 0 { return }
      if state < 0 { throw SystemError("asking for the state of \(name)", code: -state) }
      let now = MonotonicClock.now()
      if now >= deadline { throw SystemError("waiting for \(name)", code: ETIMEDOUT) }
      MonotonicClock.sleep(until: now + 100_000)
    }
  }

  /// - Parameter accepted: an errno that counts as success.
  private func check(
    _ call: String, _ code: Int32, unless accepted: Int32 = 0
  ) throws(SystemError) {
    if code != 0 && code != accepted { throw SystemError(call, code: code) }
  }

  /// Cuts off the calling process's node, or reconnects it; not for the head node.
  /// - Throws: `ENODEV` on the head node, which has no link of its own.
  public static func setLink(up: Bool) throws(SystemError) {
    let code = up ? bs_set_up("eth0") : bs_set_down("eth0")
    if code != 0 { throw SystemError("setting a node's link", code: code) }
  }

  /// Whether the link of the calling process's node works.
  public static var isLinkOperational: Bool { bs_is_operational("eth0") > 0 }

  private static func current() throws(SystemError) -> Int32 {
    let descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .current("open /proc/thread-self/ns/net") }
    return descriptor
  }
}
