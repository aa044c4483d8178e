public import CSharedRegion
internal import RunContract
public import Syscalls

/// Sockets that the launcher makes: to draw ports, to try them, and to hold them.
extension Launch {
  /// Makes a bound socket.
  /// - Parameters:
  ///   - port: 0 to let the kernel choose.
  ///   - stage: the stage of a failure in the record.
  public func open(
    port: UInt16 = 0, on host: TCPSocket.Host = .wildcard, sharing: TCPSocket.Sharing = [],
    listens: Bool = false, backlog: Int32 = 100, stage: bs_stage = BS_STAGE_PROBE
  ) throws(StageFailure) -> (socket: Int32, port: UInt16) {
    do throws(SystemError) {
      let socket = try TCPSocket.open(for: host)
      var isDone = false
      defer { if !isDone { closeDescriptor(socket) } }
      if let range = order.confinedTo, port == 0 { try TCPSocket.confine(socket, to: range) }
      try TCPSocket.share(socket, sharing)
      try TCPSocket.bind(socket, host, port: port)
      if listens { try TCPSocket.listen(socket, backlog: backlog) }
      let bound = port != 0 ? port : try TCPSocket.port(of: socket)
      slot.pointee.draws += 1
      isDone = true
      return (socket, bound)
    } catch {
      throw StageFailure(stage: stage.rawValue, code: error.code)
    }
  }

  /// Draws a port as vLLM's `_get_open_port` does: bind to the wildcard address and port 0, read, close.
  /// - Parameter host: another address to bind to.
  public func probe(
    on host: TCPSocket.Host = .wildcard, sharing: TCPSocket.Sharing = []
  ) throws(StageFailure) -> UInt16 {
    let (socket, port) = try open(on: host, sharing: sharing)
    closeDescriptor(socket)
    return port
  }

  /// Whether the port can be bound at this moment, found by binding and closing.
  public func isFree(_ port: UInt16) -> Bool {
    guard let (socket, _) = try? open(port: port) else { return false }
    closeDescriptor(socket)
    return true
  }

  /// The first port from `first` upwards that can be bound, found as vLLM's `_get_open_port` does with VLLM_PORT: bind,
  /// and try the next port on any error. Nil if `tries` ports were not free, or if the search passed 65,535.
  public func scan(from first: Int, tries: Int) -> UInt16? {
    guard first < 65_536, tries > 0 else { return nil }
    return (first..<min(first + tries, 65_536)).lazy.map { UInt16($0) }.first { self.isFree($0) }
  }

  /// Holds a socket until the API servers have closed.
  public func keep(_ socket: Int32, port: UInt16) {
    kept.append(socket)
    region.setClaim(claim, on: port)
  }

  /// Closes the sockets that are held.
  public func closeKept() {
    for socket in kept {
      if let port = try? TCPSocket.port(of: socket) { region.clearClaim(claim, on: port) }
      closeDescriptor(socket)
    }
    kept.removeAll(keepingCapacity: true)
  }

  /// Leaves the held sockets open for good: a leak, on purpose.
  public func forgetKept() {
    kept.removeAll(keepingCapacity: true)
  }
}
