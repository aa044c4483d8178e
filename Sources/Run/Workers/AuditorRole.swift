internal import Adapters
internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// The dialler of the ownership check: it connects to every advertised endpoint from outside, as an engine core would,
/// and records who answers; or it asks the kernel who listens. It does not judge.
final class AuditorRole {
  private let region: SharedRegion
  private let order: WorkerOrder
  private let context: Context?
  private let plainSockets: PlainSockets
  private var seen: UInt32

  /// Below every pool. All connections have this source port. That is possible because their targets differ (tcp(7)). A
  /// check that took source ports from the pool under test would fail when the pool is full.
  static let sourcePort: UInt16 = 1_023
  /// Without our own namespace a port below 1024 may need a privilege.
  private var dialsFromOutside: Bool { order.confinedTo == nil }

  /// The largest number of sockets dialled at once; more are dialled in turn.
  private static let batch = 256

  init(region: SharedRegion, order: WorkerOrder, seen: UInt32) {
    bs_set_name("bs-auditor", -1, -1)
    self.region = region
    self.order = order
    self.seen = seen
    plainSockets = PlainSockets(dialsFromOutside: order.confinedTo == nil)
    do {
      context =
        order.sockets == .zmq && order.ownershipCheck == .full
        ? try Context(ioThreads: 1, maximumSockets: Int32(4 * Self.batch)) : nil
    } catch {
      die("auditor: \(error)")
    }
  }

  func run() -> Never {
    let word = CommandWord(bs_auditor_word(region.pointer))
    while true {
      while !word.wait(differsFrom: seen) {}
      seen &+= 1
      let slots = (0..<(order.launches * order.serversPerLaunch)).filter {
        let server = region.server($0).pointee
        return server.is_dead == 0 && server.input.is_bound != 0 && server.output.is_bound != 0
      }
      let ours = slots.filter { !isBoundByAdapter($0) }
      switch (order.ownershipCheck, order.sockets) {
      case (.full, .zmq): dial(ours, with: dialMessaging)
      case (.full, .tcp): dial(ours, with: dialPlain)
      case (.kernel, _): askKernel(ours)
      case (.off, _): break
      }
      if order.ownershipCheck != .off { checkAdapters(slots.filter(isBoundByAdapter)) }
      bs_complete(
        region.pointer, bs_auditor_done(region.pointer), bs_load(bs_phase_word(region.pointer)))
    }
  }

  private func dial(_ slots: [Int], with body: (ArraySlice<Int>, UInt64) throws -> Void) {
    let deadline = MonotonicClock.now() + UInt64(order.timeoutMilliseconds) * 1_000_000
    // If the records already show a failure, an answer would change nothing.
    let strange = slots.filter { !listensAsAdvertised($0) }
    if !strange.isEmpty { _ = countListeners(strange) }
    let slots = strange.isEmpty ? slots : slots.filter(listensAsAdvertised)
    do {
      for start in stride(from: 0, to: slots.count, by: Self.batch) {
        try body(slots[start..<min(start + Self.batch, slots.count)], deadline)
      }
    } catch {
      die("auditor: \(error)")
    }
  }

  private func listensAsAdvertised(_ slot: Int) -> Bool {
    let server = region.server(slot)
    return [server.input, server.output].allSatisfy {
      $0.pointee.is_path != 0 || $0.pointee.advertised == $0.pointee.bound
    }
  }

  private func question(_ slot: Int, _ role: EndpointRole) -> Nonce {
    Nonce(trialSeed: region.pointer.pointee.trial_seed, slot: slot, endpoint: role.rawValue)
  }

  /// Records who answered the question to the slot's endpoint; nil if the bytes are not a nonce.
  private func note(_ answer: Nonce?, to slot: Int, _ role: EndpointRole) {
    let servers = order.launches * order.serversPerLaunch
    let answerer = question(slot, role).answerer(answer, servers: servers)
    bs_store(
      bs_answered_by(endpoint(slot, role)),
      answerer.map { UInt32($0) + 1 } ?? BS_ANSWERED_BY_STRANGER.rawValue)
  }

  private func endpoint(_ slot: Int, _ role: EndpointRole) -> UnsafeMutablePointer<bs_endpoint> {
    let server = region.server(slot)
    return role == .input ? server.input : server.output
  }

  private func advertised(_ slot: Int, _ role: EndpointRole) -> UInt16 {
    endpoint(slot, role).pointee.advertised
  }

  /// The address to which peers connect.
  private func address(_ slot: Int, _ role: EndpointRole) -> String {
    let endpoint = endpoint(slot, role)
    if endpoint.pointee.is_path != 0 { return "ipc://" + String(cString: bs_path_of(endpoint)) }
    let target = "\(order.host.text):\(endpoint.pointee.advertised)"
    // The wildcard is the only source that libzmq does not first look up among the interfaces' names (getifaddrs(3)).
    // It is in brackets because zmq_connect(3) does not allow an address to start with an asterisk.
    return dialsFromOutside ? "tcp://[*]:\(Self.sourcePort);\(target)" : "tcp://\(target)"
  }

  private func dialMessaging(_ slots: ArraySlice<Int>, _ deadline: UInt64) throws {
    // A thread of libzmq's gives back the places of those dialled before. A second is an allowance for it, not a measure.
    let patience = min(deadline, MonotonicClock.now() + 1_000_000_000)
    try waitForRoom(slots.count, before: patience)
    // Arrays cannot hold non-copyable sockets; a class can.
    var dealers: [OwnedSocket] = []
    var pushers: [OwnedSocket] = []
    var poll = Poll()
    var tokens: [Poll.Token] = []
    for slot in slots {
      let dealer = try OwnedSocket(
        .dealer, context!, dialling: address(slot, .input), question(slot, .input), before: patience
      )
      let pusher = try OwnedSocket(
        .push, context!, dialling: address(slot, .output), question(slot, .output), before: patience
      )
      tokens.append(poll.add(dealer.socket))
      dealers.append(dealer)
      pushers.append(pusher)
    }
    let worth = countListeners(Array(slots))
    let asked = slots.indices.filter { worth.contains(slots[$0]) }
    var silent = Set(asked)
    let wordAddress = CommandWord(bs_auditor_word(region.pointer))
    while !silent.isEmpty && MonotonicClock.now() < deadline && wordAddress.value == seen {
      guard poll.wait(milliseconds: 20) else {
        dieWithoutDescriptors()
        continue
      }
      for (number, index) in slots.indices.enumerated() where poll.isReadable(tokens[number]) {
        switch try dealers[number].receive() {
        case .nothing: continue
        case .foreign: if silent.remove(index) != nil { note(nil, to: slots[index], .input) }
        case .nonce(let answer):
          if silent.remove(index) != nil { note(answer, to: slots[index], .input) }
        }
      }
    }
    // The PULLs answer through the shared region: the process that gets the nonce records it. Closing now would drop
    // the nonce, so the pushers stay open until it has arrived or the time is over.
    for index in asked where !silent.contains(index) {
      let slot = slots[index]
      // A stranger at the input is sufficient proof.
      if region.server(slot).pointee.input.answered_by != UInt32(slot) + 1 { continue }
      if bs_load(bs_answered_by(region.server(slot).output)) == 0 { dieWithoutDescriptors() }
      while bs_load(bs_answered_by(region.server(slot).output)) == 0
        && MonotonicClock.now() < deadline && region.server(slot).pointee.is_dead == 0
        && wordAddress.value == seen
      {
        sched_yield()
      }
    }
    // What is closed here would stay in TIME_WAIT for a minute, on the ports of the host's that later trials choose from. A
    // namespace keeps no TIME_WAIT.
    if !dialsFromOutside { TCPSocket.resetAllOnClose() }
    withExtendedLifetime((dealers, pushers)) {}
  }

  /// Waits until connections to so many API servers have descriptors: an event and a connection for each of two sockets, and
  /// one for the kernel's list of listeners. libzmq makes the connections later, and says nothing if it cannot.
  private func waitForRoom(_ servers: Int, before deadline: UInt64) throws(SystemError) {
    while !Descriptor.hasRoom(for: 4 * servers + 1) {
      guard MonotonicClock.now() < deadline else {
        throw SystemError("connections to the API servers", code: EMFILE)
      }
      sched_yield()
    }
  }

  /// Without a descriptor libzmq makes no connection, and says nothing: the API servers would look silent.
  private func dieWithoutDescriptors() {
    if let code = Descriptor.lack() {
      die("auditor: \(SystemError("connections to the API servers", code: code))")
    }
  }

  private func dialPlain(_ slots: ArraySlice<Int>, _ deadline: UInt64) throws {
    let dial = PlainDial(
      plainSockets, question: { self.question($0, $1) }, answer: { self.note($2, to: $0, $1) })
    defer { dial.hangUpAll() }
    for slot in slots {
      for role in EndpointRole.allCases {
        try dial.call(slot, role, port: advertised(slot, role))
      }
    }
    let worth = countListeners(Array(slots))
    dial.hangUp { !worth.contains($0) }
    while !dial.isDone && MonotonicClock.now() < deadline { dial.wait(milliseconds: 20) }
  }

  /// Inodes of the listeners that connections to the advertised address reach, by port.
  private func listeners(_ slots: [Int]) -> [UInt16: [UInt64]] {
    do throws(SystemError) {
      let reached = try SocketListing.reached(
        at: HostAddress(order.host), expected: 8 * slots.count + 64)
      return reached.mapValues { $0.map(\.inode) }
    } catch {
      die("auditor: \(error)")
    }
  }

  /// Records how many sockets a connection to each advertised endpoint could reach. One answered nonce does not prove
  /// that the next one will be answered: if two sockets listen on one port (SO_REUSEPORT), the kernel distributes
  /// connections between them. The query runs while the API servers answer, so it costs no extra time.
  /// - Returns: the slots whose answer is worth waiting for. If no socket listens, no answer will come; if the records
  ///   already show a failure, an answer would change nothing.
  private func countListeners(_ slots: [Int]) -> Set<Int> {
    let found = listeners(slots)
    return Set(
      slots.filter { slot in
        var canAnswer = true
        for role in EndpointRole.allCases {
          let endpoint = endpoint(slot, role)
          guard endpoint.pointee.is_path == 0 else { continue }
          let count = found[advertised(slot, role)]?.count ?? 0
          endpoint.pointee.listeners_seen = UInt32(count)
          // Two listeners are sufficient proof, and so is a port that differs from the reported one.
          if count != 1 || advertised(slot, role) != endpoint.pointee.bound { canAnswer = false }
        }
        return canAnswer
      })
  }

  private func isBoundByAdapter(_ slot: Int) -> Bool {
    region.launcher(slot / order.serversPerLaunch).pointee.binds_itself != 0
  }

  /// Endpoints that an adapter reports as bound.
  private func checkAdapters(_ slots: [Int]) {
    guard !slots.isEmpty else { return }
    let places = slots.flatMap { slot in EndpointRole.allCases.map { (slot, $0) } }
    let claims = places.map { slot, role in
      ListenerCheck.Claim(
        port: advertised(slot, role),
        root: region.launcher(slot / order.serversPerLaunch).pointee.tree_pid)
    }
    let word = CommandWord(bs_auditor_word(region.pointer))
    let source = ListenerCheck.Source(.thirdLoopback, port: Self.sourcePort)
    let findings: [ListenerCheck.Finding]
    do throws(SystemError) {
      findings = try ListenerCheck.examine(
        claims, from: dialsFromOutside ? source : nil, isCalledOff: { word.value != self.seen })
    } catch {
      die("auditor: \(error)")
    }
    for ((slot, role), finding) in zip(places, findings) {
      let endpoint = endpoint(slot, role)
      endpoint.pointee.listeners_seen = 1
      switch finding {
      case .owner: endpoint.pointee.answered_by = UInt32(slot) + 1
      case .unaccepted: endpoint.pointee.answered_by = BS_ANSWERED_BY_BACKLOG.rawValue
      case .stranger: endpoint.pointee.answered_by = BS_ANSWERED_BY_STRANGER.rawValue
      case .stopped: endpoint.pointee.answered_by = BS_ANSWERED_BY_STOPPED.rawValue
      case .full: endpoint.pointee.answered_by = BS_ANSWERED_BY_FULL.rawValue
      case .nobody: endpoint.pointee.listeners_seen = 0
      case .shared(let count): endpoint.pointee.listeners_seen = UInt32(count)
      }
    }
  }

  /// Counts the kernel's listeners at each advertised endpoint and finds the process that owns the socket.
  private func askKernel(_ slots: [Int]) {
    let listeners = listeners(slots)
    var owners: [UInt64: Int] = [:]
    for slot in slots {
      owners[region.server(slot).pointee.input.listener_inode] = slot
      owners[region.server(slot).pointee.output.listener_inode] = slot
    }
    for slot in slots {
      for role in EndpointRole.allCases {
        let endpoint = endpoint(slot, role)
        let found = listeners[advertised(slot, role)] ?? []
        endpoint.pointee.listeners_seen = UInt32(found.count)
        if found.contains(endpoint.pointee.listener_inode) {
          endpoint.pointee.answered_by = UInt32(slot) + 1
        } else if let owner = found.compactMap({ owners[$0] }).first {
          endpoint.pointee.answered_by = UInt32(owner) + 1
        } else if !found.isEmpty && endpoint.pointee.listener_inode != 0 {
          endpoint.pointee.answered_by = BS_ANSWERED_BY_STRANGER.rawValue
        }
      }
    }
  }
}
