internal import CInterception
internal import CLinuxShims
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// The caught calls, executed on a duplicate of the descriptor.
extension Supervisor {
  func receive() {
    var call = pt_call()
    guard pt_receive(&tree, &call) == 1 else { return }
    if takeMark(call) { return }
    observation.calls += 1
    _ = failing("check-call")
    if !supervision.injections.isEmpty, inject(call) { return }
    handle(call)
  }

  func handle(_ call: pt_call) {
    let answer: Int32?
    switch (call.kind, observation.mode) {
    case (PT_CALL_BIND.rawValue, .full): answer = bind(call)
    case (PT_CALL_BIND.rawValue, .fallback): answer = bindByKernel(call)
    case (PT_CALL_LISTEN.rawValue, .full): answer = listen(call)
    case (PT_CALL_GETSOCKNAME.rawValue, _), (PT_CALL_LISTEN.rawValue, .fallback):
      answer = lookUp(call)
    case (PT_CALL_CONNECT.rawValue, _): answer = connect(call)
    default: answer = nil
    }
    if let answer {
      pt_answer(&tree, call.id, answer, 0)
    } else {
      pt_continue(&tree, call.id)
      nameClient()
    }
  }

  /// A duplicate of the descriptor that the call names, nil if we must not examine it.
  func duplicate(_ call: pt_call, _ thread: Threads.Record) -> Duplicate? {
    guard thread.pidfd >= 0 else { return nil }
    let number = pt_take_descriptor(
      thread.pidfd, Int32(truncatingIfNeeded: call.arguments.0))
    guard number >= 0 else {
      if number != -EBADF { observation.unobserved += 1 }
      return nil
    }
    // The thread must be the one that waits in the call.
    guard pt_is_valid(&tree, call.id) != 0 else {
      close(number)
      return nil
    }
    return Duplicate(owning: number)
  }

  /// The address that the call names, as bytes. Nil if we must not execute the call.
  func addressBytes(_ call: pt_call) -> [UInt8]? {
    let length = Int(Int32(truncatingIfNeeded: call.arguments.2))
    guard length >= 16, length <= 128 else { return nil }
    var bytes = [UInt8](repeating: 0, count: length)
    let count = pt_read_memory(
      pid_t(call.tid), call.arguments.1, &bytes, UInt(length))
    if count == -Int(EPERM) || count == -Int(ESRCH) { observation.unobserved += 1 }
    return count == length ? bytes : nil
  }

  func party(_ thread: Threads.Record, _ call: pt_call, withStack: Bool) -> Party {
    var party = thread.party
    party.descriptor = Int32(truncatingIfNeeded: call.arguments.0)
    party.test = tests.test(of: party.pid)
    if withStack { stacks.add(to: &party) }
    return party
  }

  func bind(_ call: pt_call) -> Int32? {
    guard let bytes = addressBytes(call), let address = SocketAddress(socketBytes: bytes) else {
      return nil
    }
    // Ports that need a privilege are left to the caller's own rights.
    guard address.port == 0 || address.port >= lowestUnprivilegedPort,
      let thread = threads.record(call.tid),
      let socket = duplicate(call, thread)
    else { return nil }
    let namespace = socket.namespace
    guard networks.reach(namespace, of: Int32(call.tid)) else {
      observation.unobserved += 1
      return nil
    }
    if address.port == 0 { return bindAny(socket, bytes, namespace, thread, call) }
    let key = PortKey(namespace: namespace, transport: socket.transport, port: address.port)
    if !ledger.isHandedOut(key) && networks.ephemeralPorts(of: namespace).contains(key.port) {
      return bindEphemeral(socket, bytes, key, address, thread, call)
    }
    return rebind(key, address, thread, call, socket, bytes)
  }

  /// Executes `bind(0)` and records the port.
  func bindAny(
    _ socket: borrowing Duplicate, _ bytes: [UInt8], _ namespace: UInt64,
    _ thread: Threads.Record, _ call: pt_call
  ) -> Int32 {
    var error = EADDRINUSE
    if supervision.forcesDuplicates {
      drainEvents()
      for key in ledger.outstanding(
        namespace: namespace, transport: socket.transport, isIPv6: socket.isIPv6
      ).prefix(Self.mostForcedTrials) {
        error = socket.bind(replacingPort(bytes, with: key.port))
        if error == 0 {
          observation.duplicatesForced += 1
          break
        }
      }
      if error != 0 { error = bindTwin(socket, bytes, namespace) }
    }
    if error != 0 { error = socket.bind(bytes) }
    if error == 0 {
      note(socket, namespace, .bindZero, thread, call)
      lookForTwin(socket, namespace)
    }
    return error
  }

  func note(
    _ socket: borrowing Duplicate, _ namespace: UInt64, _ origin: Holding.Origin,
    _ thread: Threads.Record, _ call: pt_call
  ) {
    guard let address = socket.address, address.port != 0 else { return }
    let key = PortKey(namespace: namespace, transport: socket.transport, port: address.port)
    note(key, address, socket.cookie, origin, party(thread, call, withStack: true))
  }

  func note(
    _ key: PortKey, _ address: SocketAddress, _ cookie: UInt64, _ origin: Holding.Origin,
    _ party: Party
  ) {
    if origin == .bindZero || origin == .listenUnbound { observation.probes += 1 }
    followed[Int(key.port)] = true
    ledger.opened(
      key,
      Holding(
        cookie: cookie, address: address, party: party, origin: origin,
        openedAt: MonotonicClock.now()))
  }

  func listen(_ call: pt_call) -> Int32? {
    guard let thread = threads.record(call.tid), let socket = duplicate(call, thread),
      socket.transport == .tcp
    else { return nil }
    let namespace = socket.namespace
    guard networks.reach(namespace, of: Int32(call.tid)) else { return nil }
    let before = socket.address?.port ?? 0
    // Another user's rights must not matter: a socket that is bound or gets an ephemeral port needs no rights.
    let error = socket.listen(Int32(truncatingIfNeeded: call.arguments.1))
    if error == 0 && before == 0 { note(socket, namespace, .listenUnbound, thread, call) }
    if error == 0 {
      ledger.listened(cookie: socket.cookie)
      observation.meetings.listened(at: MonotonicClock.now())
      stolenUnserved = []
    }
    if error == EADDRINUSE, before != 0, followed[Int(before)], let address = socket.address {
      // Two sockets with SO_REUSEADDR may be bound; only one may listen.
      let key = PortKey(namespace: namespace, transport: .tcp, port: before)
      if ledger.isHandedOut(key), let question = ledger.question(key, address: address),
        let assessment = ledger.assess(
          question, Ledger.Answers(isFree: false, openAddressesAreFree: false),
          by: party(thread, call, withStack: true), at: MonotonicClock.now())
      {
        ledger.concluded(
          assessment, result: error, cookie: socket.cookie, owner: owner(key, address),
          isAddressInUse: true)
      }
    }
    return error
  }

  /// Examines where a socket connects to; the kernel executes the call.
  func connect(_ call: pt_call) -> Int32? {
    guard supervision.examinesConnects, let bytes = addressBytes(call),
      let address = SocketAddress(socketBytes: bytes),
      address.port != 0, let thread = threads.record(call.tid)
    else { return nil }
    guard observation.mode == .full else {
      // Only the protocol can be looked up; the namespace is assumed to be the supervisor's own.
      let number = pt_socket_protocol(
        pid_t(call.tid), Int32(truncatingIfNeeded: call.arguments.0))
      if number == Int32(IPPROTO_TCP) { examine(address, networks.own, thread, call) }
      return nil
    }
    guard let socket = duplicate(call, thread) else { return nil }
    let namespace = socket.namespace
    guard networks.reach(namespace, of: Int32(call.tid)) else { return nil }
    if supervision.watchesConnects { remember(socket, thread, call) }
    if socket.transport == .tcp { examine(address, namespace, thread, call) }
    return nil
  }

  /// Examines a TCP connection, for each mode that asks for it.
  private func examine(
    _ address: SocketAddress, _ namespace: UInt64, _ thread: Threads.Record, _ call: pt_call
  ) {
    let key = PortKey(namespace: namespace, transport: .tcp, port: address.port)
    let isFollowed = followed[Int(key.port)]
    let isLookUp = supervision.watchesConnects && mayLookUp(address)
    guard isFollowed || isLookUp else { return }
    let listeners = networks.listeners(key)
    if supervision.watchesConnects {
      if isFollowed && observation.mode == .full {
        watchDead(key, address, hasListener: !listeners.isEmpty, thread, call)
      }
      if isLookUp && listeners.isEmpty && thieves[key] == nil {
        recordLookUp(key, address, thread, call)
      }
    }
    if supervision.theft == .stranger && isFollowed { meet(key, address, thread, call) }
    if supervision.groupVariable != nil && isFollowed {
      examineGroups(key, address, listeners.first, thread, call)
    }
  }

  /// Reports a connection to another deployment's server, or to a thief in the place of the own one.
  private func examineGroups(
    _ key: PortKey, _ address: SocketAddress, _ listening: bs_socket_record?,
    _ thread: Threads.Record, _ call: pt_call
  ) {
    if let impostor = listeningThief(at: address, key) {
      return note(
        connection: call, of: thread, to: address, key, server: impostor,
        owner: Owner(isInTree: false, isThief: true, pid: getpid(), command: Self.thiefName))
    }
    guard let listening, let server = ledger.holding(cookie: listening.cookie)?.holding,
      !server.party.group.isEmpty, !thread.party.group.isEmpty,
      server.party.group != thread.party.group
    else { return }
    note(connection: call, of: thread, to: address, key, server: server, owner: nil)
  }

  private func note(
    connection call: pt_call, of thread: Threads.Record, to address: SocketAddress, _ key: PortKey,
    server: Holding, owner: Owner?
  ) {
    var finding = Finding(
      kind: .crossWired, key: key, probe: server,
      rebinder: party(thread, call, withStack: true), rebindAddress: address,
      reboundAt: MonotonicClock.now(), rebind: 1, proof: owner == nil ? .kernel : .thief,
      result: nil)
    finding.owner = owner
    awaitClient(call, of: thread, .finding(ledger.add(finding)), key.namespace)
  }
}
