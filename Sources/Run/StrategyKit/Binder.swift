internal import CLinuxShims
public import CSharedRegion
internal import Glibc
public import PlanModel
public import PortModel
public import RunContract
public import Syscalls

/// Which of an API server's two endpoints.
public enum EndpointRole: Int, Sendable, CaseIterable {
  /// Requests come in: ROUTER.
  case input
  /// Results come in: PULL.
  case output
}

/// The binder's view of one API server: its slot, its sockets, the sockets that it was handed. It lives in the API
/// server's process, and records everything it does in the slot.
public final class Binder {
  /// The shared region.
  public let region: SharedRegion
  /// Number of the launch.
  public let launch: Int
  /// Number of the API server within its launch.
  public let number: Int
  /// API servers of the launch.
  public var servers: Int { order.serversPerLaunch }
  /// Slot of the API server.
  public let slot: Int
  /// The arm's order.
  public let order: BindingOrder
  /// Channel to the launcher, -1 if there is none.
  public var channel: Int32 = -1
  /// Sockets that this process was handed, -1 where there is none.
  public var inherited: (input: Int32, output: Int32) = (-1, -1)
  /// The endpoints' sockets.
  public let sockets: EndpointSockets
  /// Injects the plan's faults; nil if there are none.
  public var injector: (any Injector)?
  private let server: UnsafeMutablePointer<bs_server>
  private let claim: UInt32

  public init(
    region: SharedRegion, launch: Int, number: Int, slot: Int, order: BindingOrder
  ) {
    self.region = region
    self.launch = launch
    self.number = number
    self.slot = slot
    self.order = order
    server = region.server(slot)
    claim = bs_claim(BS_CLAIM_SERVER, UInt32(slot))
    sockets = EndpointSockets(
      kind: order.sockets, confinedTo: order.confinedTo, host: order.host)
  }

  /// The endpoint's record.
  public func endpoint(_ role: EndpointRole) -> UnsafeMutablePointer<bs_endpoint> {
    role == .input ? server.input : server.output
  }

  /// The port that the launcher chose, 0 for a wildcard bind.
  public func requested(_ role: EndpointRole) -> UInt16 { endpoint(role).pointee.requested }

  /// Whether both endpoints listen.
  public var isBound: Bool {
    server.input.pointee.is_bound != 0 && server.output.pointee.is_bound != 0
  }

  /// Random numbers of this API server in this trial.
  public func generator() -> SeededGenerator {
    SeededGenerator(trialSeed: region.pointer.pointee.trial_seed, for: .binder, UInt64(slot))
  }

  /// Whether an adapter binds the endpoints instead of this process.
  public var launcherBinds: Bool { region.launcher(launch).pointee.binds_itself != 0 }

  /// Sleeps.
  public func pause(nanoseconds: UInt64) {
    if nanoseconds > 0 { MonotonicClock.sleep(until: MonotonicClock.now() + nanoseconds) }
  }

  // MARK: Binding

  /// Binds and listens. Returns false, with errno and the port's holder in the record, if it fails. After an earlier
  /// failure of the same endpoint with EADDRINUSE this counts as a retry.
  /// - Parameters:
  ///   - port: 0 to let the kernel choose.
  ///   - sharing: options beyond those that libzmq sets by itself (SO_REUSEADDR).
  public func bind(_ role: EndpointRole, port: UInt16, sharing: TCPSocket.Sharing = []) -> Bool {
    let record = begin(role, port: port)
    record.pointee.requested = port
    return finish(
      role, sockets.bind(role, port: port, sharing: sharing, pausing: pausing(role, port)))
  }

  /// Binds the first port in the list that is free, as a search: taken ports are neither failures nor retries. Returns
  /// false, with the last errno at stage `scan`, if none can be bound.
  public func bindAny(_ role: EndpointRole, of ports: some Sequence<UInt16>) -> Bool {
    let record = begin(role, port: 0)
    record.pointee.requested = 0
    var code = EADDRINUSE
    for port in ports {
      switch sockets.bind(role, port: port, sharing: [], pausing: pausing(role, port)) {
      case .listening(let bound): return finish(role, .listening(bound))
      case .failed(_, let error):
        code = error
        if error != EADDRINUSE {
          return finish(role, .failed(stage: BS_STAGE_SCAN.rawValue, code: code))
        }
      }
    }
    return finish(role, .failed(stage: BS_STAGE_SCAN.rawValue, code: code))
  }

  /// Binds a Unix socket at that path, through libzmq.
  public func bind(_ role: EndpointRole, path: String) -> Bool {
    let record = begin(role, port: 0)
    record.pointee.is_path = 1
    return finish(role, sockets.bind(role, path: path))
  }

  /// Adopts the listener this process was handed for the endpoint.
  public func adopt(_ role: EndpointRole) -> Bool {
    _ = begin(role, port: requested(role))
    return finish(role, sockets.adopt(role, listener: takeHanded(role)), isAdopted: true)
  }

  /// Closes the socket this process was handed for the endpoint, if it was.
  public func closeHanded(_ role: EndpointRole) {
    let socket = takeHanded(role)
    if socket >= 0 { closeDescriptor(socket) }
  }

  private func takeHanded(_ role: EndpointRole) -> Int32 {
    let socket = role == .input ? inherited.input : inherited.output
    if role == .input { inherited.input = -1 } else { inherited.output = -1 }
    return socket
  }

  /// Draws a port with `bind(0)` on the wildcard address and releases it at once; nil, with errno in the endpoint's
  /// record, if there is none.
  public func probe(for role: EndpointRole) -> UInt16? {
    let record = endpoint(role)
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      defer { closeDescriptor(socket) }
      if let range = order.confinedTo { try TCPSocket.confine(socket, to: range) }
      try TCPSocket.bind(socket, .wildcard, port: 0)
      record.pointee.draws += 1
      return try TCPSocket.port(of: socket)
    } catch {
      record.pointee.error = error.code
      record.pointee.stage = BS_STAGE_PROBE.rawValue
      return nil
    }
  }

  /// Records the endpoint as bound to a port that this process does not hold: for tests of the checkers.
  public func pretend(_ role: EndpointRole, port: UInt16) {
    _ = begin(role, port: 0)
    endpoint(role).pointee.finished_ns = MonotonicClock.now()
    endpoint(role).pointee.bound = port
    endpoint(role).pointee.is_bound = 1
  }

  /// Records a failure of the endpoint that no other method of this class has recorded.
  public func fail(_ role: EndpointRole, stage: bs_stage, code: Int32) {
    endpoint(role).pointee.error = code
    endpoint(role).pointee.stage = stage.rawValue
    endpoint(role).pointee.finished_ns = MonotonicClock.now()
  }

  // MARK: Talking to the launcher

  /// Reports the ports that both endpoints listen on.
  public func report() {
    report(input: server.input.pointee.bound, output: server.output.pointee.bound)
  }

  /// Reports these ports, whatever is bound. A failure is recorded at the input.
  public func report(input: UInt16, output: UInt16) {
    let change = reach(.beforeReport)
    let now = MonotonicClock.now()
    for role in EndpointRole.allCases { endpoint(role).pointee.reported_ns = now }
    let message = ChannelMessage(.report, first: input, second: output)
    let code = send(message, change)
    if code != 0 {
      // A report that was not sent does not count as reported.
      for role in EndpointRole.allCases { endpoint(role).pointee.reported_ns = 0 }
      fail(.input, stage: BS_STAGE_REPORT, code: code)
    }
    if injector != nil {
      injector?.observe(.reportSent(code))
      _ = reach(.afterReport)
    }
  }

  private func send(_ message: ChannelMessage, _ change: InjectionSite.ReportChange) -> Int32 {
    switch change {
    case .none:
      guard injector?.expects(.midReport) == true else { return message.send(over: channel) }
      let code = message.sendFirstHalf(over: channel)
      if code != 0 { return code }
      _ = reach(.midReport)
      return message.sendSecondHalf(over: channel)
    case .truncated: return message.sendFirstHalf(over: channel)
    case .duplicated:
      let code = message.send(over: channel)
      return code == 0 ? message.send(over: channel) : code
    case .garbage: return ChannelMessage.sendGarbage(over: channel)
    }
  }

  // MARK: Faults

  /// The API server has reached a point. Returns what happens to a report.
  @discardableResult
  public func reach(_ point: InjectionPoint, port: UInt16 = 0) -> InjectionSite.ReportChange {
    guard let injector else { return .none }
    var site = InjectionSite(point, port: port, channel: channel)
    injector.reach(&site)
    channel = site.channel
    return site.report
  }

  /// What to do between `bind()` and `listen()`; nil if there is nothing, so that they stay one call.
  private func pausing(_ role: EndpointRole, _ port: UInt16) -> (() -> Void)? {
    guard role == .output, injector?.expects(.betweenBindAndListen) == true else { return nil }
    return { self.reach(.betweenBindAndListen, port: port) }
  }

  /// Tells the launcher that there will be no report.
  public func reportFailure() {
    _ = ChannelMessage(.failure).send(over: channel)
  }

  /// Asks the launcher for a port to bind.
  /// - Parameter lost: a number that could not be bound, 0 if there is none.
  /// - Returns: nil, with errno in the record, if the launcher does not answer or has none.
  public func ask(
    _ role: EndpointRole, lost: UInt16, timeoutMilliseconds: Int
  ) -> UInt16? {
    var code = ChannelMessage(.question, role: UInt16(role.rawValue), first: lost)
      .send(over: channel)
    if code == 0 {
      code = ChannelMessage.awaitReadable(
        channel, until: MonotonicClock.now() + UInt64(timeoutMilliseconds) * 1_000_000)
    }
    if code == 0 {
      if let answer = ChannelMessage.receive(from: channel), answer.kind == .answer,
        answer.first != 0
      {
        return answer.first
      }
      code = EPIPE
    }
    fail(role, stage: BS_STAGE_ASK, code: code)
    return nil
  }

  /// Receives the sockets that the launcher passed through the channel.
  public func receiveHanded() {
    var pair: [Int32] = [-1, -1]
    let received = bs_receive_descriptors(channel, &pair, 2)
    if received == 2 { inherited = (pair[0], pair[1]) }
  }

  /// Whether the launcher has already failed, so that no process waits any more.
  public var hasLauncherFailed: Bool { bs_load_error(region.launcher(launch)) != 0 }

  /// Seed of the trial.
  public var trialSeed: UInt64 { region.pointer.pointee.trial_seed }

  /// The port of the launcher's own service.
  public var servicePort: UInt16 { region.launcher(launch).pointee.service_port }

  /// Closes everything and waits until the kernel has released the ports.
  public func close() {
    for role in EndpointRole.allCases {
      let port = endpoint(role).pointee.bound
      if port != 0 { region.clearClaim(claim, on: port) }
      closeHanded(role)
    }
    sockets.close()
  }

  private func begin(_ role: EndpointRole, port: UInt16) -> UnsafeMutablePointer<bs_endpoint> {
    reach(role == .input ? .beforeInputBind : .beforeOutputBind, port: port)
    let record = endpoint(role)
    if record.pointee.error == EADDRINUSE { record.pointee.retries += 1 }
    record.pointee.error = 0
    record.pointee.stage = BS_STAGE_NONE.rawValue
    record.pointee.attempted_ns = MonotonicClock.now()
    return record
  }

  private func finish(
    _ role: EndpointRole, _ result: EndpointSockets.BindResult, isAdopted: Bool = false
  ) -> Bool {
    let record = endpoint(role)
    record.pointee.finished_ns = MonotonicClock.now()
    if case .failed(_, let code) = result { injector?.observe(.bindEnded(code)) }
    switch result {
    case .listening(let port):
      record.pointee.bound = port
      record.pointee.is_bound = 1
      if record.pointee.is_path != 0 { return true }
      // A port that was chosen earlier was counted when it was drawn.
      if (record.pointee.requested == 0 && !isAdopted) || record.pointee.retries > 0 {
        record.pointee.draws += 1
      }
      region.setClaim(claim, on: port)
      if order.ownershipCheck == .kernel {
        record.pointee.listener_inode = sockets.listenerInode(role, port: port)
      }
      return true
    case .failed(let stage, let code):
      record.pointee.error = code
      record.pointee.stage = stage
      let port = record.pointee.requested
      if code == EADDRINUSE && port != 0 {
        PortHolder.find(port, at: order.host, in: region).note(in: record)
      }
      return false
    }
  }
}

extension Binder {
  /// Binds both endpoints to the ports that the launcher chose, as vLLM does: the input first, and the output only if
  /// the input succeeded.
  public func bindRequested() {
    guard bind(.input, port: requested(.input)) else { return }
    _ = bind(.output, port: requested(.output))
  }

  /// Adopts the listeners of both endpoints, the input's first.
  public func adoptBoth() {
    guard adopt(.input) else { return }
    _ = adopt(.output)
  }
}
