internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// The ownership check's dialler: it goes to every advertised endpoint from outside, as an engine core
/// would, and notes who answers; or it asks the kernel who listens. Judging is not its business.
final class AuditorRole {
  private let region: SharedRegion
  private let order: WorkerOrder
  private let context: Context?
  private let plainSockets: PlainSockets
  private var seen: UInt32

  /// Below every pool. All connections have this source port: their targets differ, which is enough (tcp(7)),
  /// and a check that took source ports from the pool under test would fail where the pool is full.
  static let sourcePort: UInt16 = 1_023
  /// Without a namespace of our own a port below 1024 may be out of reach.
  private var dialsFromOutside: Bool { order.confinedTo == nil }

  /// Sockets dialled at once; more are dialled in turn.
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
    // Where the records show already that it is wrong, an answer would change nothing.
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

  /// Notes who answered the question to the slot's endpoint.
  private func note(_ answer: Nonce?, to slot: Int, _ role: EndpointRole) {
    guard let answer, answer.value == question(slot, role).value else { return }
    let server = region.server(slot)
    bs_store(
      bs_answered_by(role == .input ? server.input : server.output), UInt32(answer.answeredBy))
  }

  private func advertised(_ slot: Int, _ role: EndpointRole) -> UInt16 {
    let server = region.server(slot)
    return (role == .input ? server.input : server.output).pointee.advertised
  }

  /// What a peer is told to connect to.
  private func address(_ slot: Int, _ role: EndpointRole) -> String {
    let server = region.server(slot)
    let endpoint = role == .input ? server.input : server.output
    if endpoint.pointee.is_path != 0 { return "ipc://" + String(cString: bs_path_of(endpoint)) }
    let target = "127.0.0.1:\(endpoint.pointee.advertised)"
    // The wildcard is the one source that libzmq does not first look for among the interfaces' names (getifaddrs(3));
    // in brackets, since zmq_connect(3) wants no address to start with an asterisk.
    return dialsFromOutside ? "tcp://[*]:\(Self.sourcePort);\(target)" : "tcp://\(target)"
  }

  private func dialMessaging(_ slots: ArraySlice<Int>, _ deadline: UInt64) throws {
    // Arrays hold no non-copyable sockets; a class does.
    var dealers: [OwnedSocket] = []
    var pushers: [OwnedSocket] = []
    var poll = Poll()
    var tokens: [Poll.Token] = []
    for slot in slots {
      let dealer = try OwnedSocket(
        .dealer, context!, dialling: address(slot, .input), question(slot, .input))
      let pusher = try OwnedSocket(
        .push, context!, dialling: address(slot, .output), question(slot, .output))
      tokens.append(poll.add(dealer.socket))
      dealers.append(dealer)
      pushers.append(pusher)
    }
    let worth = countListeners(Array(slots))
    let asked = slots.indices.filter { worth.contains(slots[$0]) }
    var silent = Set(asked)
    let wordAddress = CommandWord(bs_auditor_word(region.pointer))
    while !silent.isEmpty && MonotonicClock.now() < deadline && wordAddress.value == seen {
      guard poll.wait(milliseconds: 20) else { continue }
      for (number, index) in slots.indices.enumerated() where poll.isReadable(tokens[number]) {
        if let answer = try dealers[number].receive(), silent.remove(index) != nil {
          note(answer, to: slots[index], .input)
        }
      }
    }
    // The PULLs answer through the shared region: whoever gets the nonce notes it. Closing now would take the
    // nonce along, so the pushers stay until it has arrived or the time is over.
    for index in asked where !silent.contains(index) {
      let slot = slots[index]
      while bs_load(bs_answered_by(region.server(slot).output)) == 0
        && MonotonicClock.now() < deadline && region.server(slot).pointee.is_dead == 0
        && wordAddress.value == seen
      {
        sched_yield()
      }
    }
    withExtendedLifetime(pushers) {}
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

  /// The kernel's listening sockets by port: their inodes. Those of another IPv4 address than 127.0.0.1, which the
  /// peers dial, share no port with ours.
  private func listeners(expected: Int) -> [UInt16: [UInt64]] {
    var records = [bs_socket_record](repeating: bs_socket_record(), count: 4 * expected + 64)
    let count = bs_list_sockets(BS_SOCKETS_LISTENING.rawValue, 0, &records, Int32(records.count))
    guard count >= 0 else { die("auditor: sock_diag: \(ErrorNumber.text(-count))") }
    if Int(count) > records.count { return listeners(expected: Int(count)) }
    var listeners: [UInt16: [UInt64]] = [:]
    for record in records.prefix(Int(count)) {
      let isElsewhere =
        record.family == AF_INET && record.address != 0
        && record.address != INADDR_LOOPBACK.bigEndian
      if isElsewhere { continue }
      listeners[record.port, default: []].append(record.inode)
    }
    return listeners
  }

  /// Notes how many sockets listen at each advertised endpoint. A nonce that is answered does not prove that the
  /// next one will be: where two sockets listen on one port (SO_REUSEPORT) the kernel deals connections out
  /// between them. Asked while the API servers are at their answers, so that it costs no time of its own.
  /// - Returns: the slots whose answer is worth waiting for. Where nobody listens, nobody will answer; where the
  ///   records show already that it is wrong, an answer would change nothing.
  private func countListeners(_ slots: [Int]) -> Set<Int> {
    let found = listeners(expected: 2 * slots.count)
    return Set(
      slots.filter { slot in
        var canAnswer = true
        for role in EndpointRole.allCases {
          let endpoint = role == .input ? region.server(slot).input : region.server(slot).output
          guard endpoint.pointee.is_path == 0 else { continue }
          let count = found[advertised(slot, role)]?.count ?? 0
          endpoint.pointee.listeners_seen = UInt32(count)
          // Two listeners are proof enough, and so is another port than the one it says it listens on.
          if count != 1 || advertised(slot, role) != endpoint.pointee.bound { canAnswer = false }
        }
        return canAnswer
      })
  }

  private func isBoundByAdapter(_ slot: Int) -> Bool {
    region.launcher(slot / order.serversPerLaunch).pointee.binds_itself != 0
  }

  /// Endpoints that an adapter says it bound: the kernel must show one listener, and a process below the
  /// adapter that has it open.
  private func checkAdapters(_ slots: [Int]) {
    guard !slots.isEmpty else { return }
    let listeners = listeners(expected: 2 * slots.count)
    var sockets: [Int: Set<UInt64>] = [:]
    for launch in Set(slots.map { $0 / order.serversPerLaunch }) {
      let root = region.launcher(launch).pointee.tree_pid
      if root > 0 { sockets[launch] = ProcessRecords.sockets(of: ProcessRecords.tree(of: root)) }
    }
    for slot in slots {
      let own = sockets[slot / order.serversPerLaunch] ?? []
      for role in EndpointRole.allCases {
        let endpoint = role == .input ? region.server(slot).input : region.server(slot).output
        let found = listeners[advertised(slot, role)] ?? []
        endpoint.pointee.listeners_seen = UInt32(found.count)
        guard let first = found.first else { continue }
        // Slots end before this one: nobody of ours.
        let stranger = UInt32(BS_MAX_SERVERS) + 1
        endpoint.pointee.answered_by = own.contains(first) ? UInt32(slot) + 1 : stranger
      }
    }
  }

  /// Counts the kernel's listeners on each advertised port and finds whose socket it is.
  private func askKernel(_ slots: [Int]) {
    let listeners = listeners(expected: 2 * slots.count)
    var owners: [UInt64: Int] = [:]
    for slot in slots {
      owners[region.server(slot).pointee.input.listener_inode] = slot
      owners[region.server(slot).pointee.output.listener_inode] = slot
    }
    for slot in slots {
      for role in EndpointRole.allCases {
        let endpoint = role == .input ? region.server(slot).input : region.server(slot).output
        let found = listeners[advertised(slot, role)] ?? []
        endpoint.pointee.listeners_seen = UInt32(found.count)
        if found.contains(endpoint.pointee.listener_inode) {
          endpoint.pointee.answered_by = UInt32(slot) + 1
        } else if let owner = found.compactMap({ owners[$0] }).first {
          endpoint.pointee.answered_by = UInt32(owner) + 1
        }
      }
    }
  }
}
