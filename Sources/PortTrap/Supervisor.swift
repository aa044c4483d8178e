internal import CPortTrap
internal import Glibc
internal import PortRaces
internal import Syscalls

/// Runs a command tree with its port calls caught: one thread, one loop over the caught calls, the kernel's
/// destroy events, signals and timers.
public final class Supervisor {
  private var supervision: Supervision
  private var tree = pt_tree()
  private let signals: Int32
  private let networks: Networks
  private let threads: Threads
  private let stacks: Stacks
  private let lowestUnprivilegedPort: UInt16

  private var ledger = Ledger()
  private var observation: Observation
  /// Sockets of ours that hold ports.
  private var thieves: [PortKey: [(address: SocketAddress, socket: Int32)]] = [:]
  /// Ports that were ever handed out, so that others pass quickly.
  private var handedOut = [Bool](repeating: false, count: 65_536)
  /// Calls that wait for their time.
  private var delayed: [(due: UInt64, call: pt_call, error: Int32?)] = []
  /// Fallback mode: descriptors on which `bind(0)` went on, by process.
  private var unnamed: Set<UInt64> = []
  private var commandStatus: Observation.Status?
  private var lingerUntil: UInt64?

  /// Runs the command to the end of its tree.
  public static func run(_ supervision: Supervision) throws(CheckError) -> Observation {
    let abilities = HostAbilities()
    guard let best = abilities.mode else { throw .unavailable(abilities.missing) }
    if supervision.mode == .full && best != .full {
      throw .unavailable("full mode needs pidfd_getfd and Linux 5.19")
    }
    let supervisor: Supervisor
    do throws(SystemError) {
      supervisor = try Supervisor(supervision, abilities, supervision.mode ?? best)
    } catch {
      throw .system(error.description)
    }
    try supervisor.start(abilities)
    supervisor.loop()
    return supervisor.finish()
  }

  private init(
    _ supervision: Supervision, _ abilities: HostAbilities, _ mode: HostAbilities.Mode
  ) throws(SystemError) {
    self.supervision = supervision
    networks = try Networks()
    threads = Threads(groupVariable: supervision.groupVariable)
    stacks = Stacks(
      limit: supervision.stackLimit, pySpy: supervision.asksPySpy ? abilities.pySpy : nil)
    signals = pt_block_signals()
    guard signals >= 0 else { throw SystemError("signalfd", code: -signals) }
    let text = try? FileText.read("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    let start = text.flatMap { UInt16($0.prefix { $0.isNumber }) } ?? 1_024
    lowestUnprivilegedPort = max(1, start)
    observation = Observation(status: .exited(0), mode: mode, startedAt: MonotonicClock.now())
  }

  private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  private var descriptorLimit = rlimit()

  deinit {
    if descriptorLimit.rlim_max > 0 { setrlimit(Self.descriptors, &descriptorLimit) }
    close(signals)
    for thief in thieves.values.joined() { close(thief.socket) }
    if tree.listener >= 0 { close(tree.listener) }
  }

  // MARK: Start and end

  private func start(_ abilities: HostAbilities) throws(CheckError) {
    if (!abilities.isPrivileged && abilities.ptraceScope > 0) || supervision.timeLimit != nil {
      _ = pt_adopt_orphans()
    }
    var options = pt_spawn_options()
    options.ignores_pipe = supervision.inheritsPipeIgnored ? 1 : 0
    options.input = supervision.input
    options.output = supervision.output
    options.error = supervision.error
    options.own_group = supervision.timeLimit == nil ? 0 : 1
    options.traps = traps(abilities)
    if getrlimit(Self.descriptors, &descriptorLimit) == 0 {
      // Thieves and caches need descriptors; the command keeps its own limit.
      options.descriptor_limit = UInt(descriptorLimit.rlim_cur)
      var raised = descriptorLimit
      raised.rlim_cur = raised.rlim_max
      setrlimit(Self.descriptors, &raised)
    }
    var words: [UnsafeMutablePointer<CChar>?] = supervision.command.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    observation.startedAt = MonotonicClock.now()
    guard pt_spawn(&words, &options, &tree) == 0 else { throw failure() }
  }

  private func traps(_ abilities: HostAbilities) -> UInt32 {
    var traps: UInt32 = 0
    if observation.mode == .fallback { traps |= PT_TRAP_GETSOCKNAME.rawValue }
    if !abilities.killableWait { traps |= PT_NO_KILLABLE_WAIT.rawValue }
    if supervision.allowsIOUring { traps |= PT_ALLOW_IO_URING.rawValue }
    let calls = Set(supervision.injections.map(\.call))
    if calls.contains(.socket) { traps |= PT_TRAP_SOCKET.rawValue }
    if calls.contains(.accept) { traps |= PT_TRAP_ACCEPT.rawValue }
    if calls.contains(.connect) || supervision.groupVariable != nil {
      traps |= PT_TRAP_CONNECT.rawValue
    }
    return traps
  }

  private func failure() -> CheckError {
    let code = tree.error
    switch UInt32(tree.failure) {
    case PT_FAILED_EXEC.rawValue: return .cannotExecute(supervision.command[0], code: code)
    case PT_FAILED_FILTER.rawValue where code == EBUSY: return .nested
    case PT_FAILED_FILTER.rawValue:
      return .unavailable("seccomp: \(ErrorNumber.text(code))")
    case PT_FAILED_NO_NEW_PRIVS.rawValue:
      return .unavailable("no_new_privs: \(ErrorNumber.text(code))")
    default: return .system("starting the command: \(ErrorNumber.text(code))")
    }
  }

  private func finish() -> Observation {
    // The last releases are on their way.
    let deadline = MonotonicClock.now() + 20_000_000
    while ledger.findings.contains(where: \.isAwaitingRelease), MonotonicClock.now() < deadline {
      waitForEvents(milliseconds: 2)
    }
    drainEvents()
    reap()
    if commandStatus == nil {
      // Its filter is gone, so it ends at once.
      var status: Int32 = 0
      while waitpid(tree.pid, &status, 0) < 0 && errno == EINTR {}
      commandStatus = Self.status(status)
    }
    if !observation.isTreeRunning {
      // The guard saw the same end; it must not be left to a slow init.
      while waitpid(tree.guard, nil, 0) < 0 && errno == EINTR {}
    }
    observation.status = commandStatus ?? observation.status
    observation.findings = ledger.findings
    observation.stolen = supervision.steal.done
    observation.injected = supervision.injections.map(\.struck)
    observation.endedAt = MonotonicClock.now()
    return observation
  }

  // MARK: Loop

  private func loop() {
    while true {
      let networkEvents = networks.known.values.map(\.events)
      var items =
        [tree.listener, signals].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        + networkEvents.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      _ = poll(&items, nfds_t(items.count), timeout())
      if items[2...].contains(where: { $0.revents != 0 }) { drainEvents() }
      if items[0].revents & Int16(POLLIN) != 0 { receive() }
      if items[1].revents != 0, !takeSignals() { break }
      answerDue()
      if items[0].revents & Int16(POLLIN) == 0 && items[0].revents & Int16(POLLHUP) != 0 { break }
      let now = MonotonicClock.now()
      if let lingerUntil, now >= lingerUntil {
        observation.isTreeRunning = true
        break
      }
      if let limit = supervision.timeLimit, now >= observation.startedAt + limit {
        endTree()
        commandStatus = .hung
        break
      }
    }
  }

  private func timeout() -> Int32 {
    var next = delayed.first?.due
    for time in [
      lingerUntil, supervision.timeLimit.map { observation.startedAt + $0 },
    ] {
      if let time { next = min(next ?? .max, time) }
    }
    guard let next else { return -1 }
    let now = MonotonicClock.now()
    return next <= now ? 0 : Int32(min((next - now) / 1_000_000 + 1, 3_600_000))
  }

  /// False: stop waiting for what is left of the tree.
  private func takeSignals() -> Bool {
    var sender: Int32 = 0
    while true {
      let signal = pt_next_signal(signals, &sender)
      switch signal {
      case 0: return true
      case SIGCHLD:
        reap()
        if commandStatus != nil && lingerUntil == nil, let linger = supervision.linger {
          lingerUntil = MonotonicClock.now() + linger
        }
      case SIGWINCH: break
      default:
        if commandStatus != nil && [SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains(signal) {
          observation.isTreeRunning = true
          return false
        }
        if [SIGINT, SIGTERM].contains(signal) { observation.interruption = signal }
        // What the terminal sends reaches the whole foreground group by itself.
        if supervision.timeLimit != nil {
          kill(-tree.pid, signal)
        } else if sender != 0 {
          kill(tree.pid, signal)
        }
      }
    }
  }

  private func reap() {
    var status: Int32 = 0
    while true {
      let pid = waitpid(-1, &status, WNOHANG)
      guard pid > 0 else { return }
      // What the time limit ended did hang, however late its exit is taken.
      if pid == tree.pid && commandStatus != .hung { commandStatus = Self.status(status) }
    }
  }

  private static func status(_ wait: Int32) -> Observation.Status {
    wait & 0x7f == 0 ? .exited(wait >> 8 & 0xff) : .signalled(wait & 0x7f)
  }

  /// Kills every descendant but the guard until the filter has no user left.
  private func endTree() {
    let deadline = MonotonicClock.now() + 10_000_000_000
    while MonotonicClock.now() < deadline {
      for pid in descendants(of: getpid()) where pid != tree.guard { kill(pid, SIGKILL) }
      var item = pollfd(fd: tree.listener, events: 0, revents: 0)
      reap()
      if poll(&item, 1, 5) > 0 && item.revents & Int16(POLLHUP) != 0 { return }
    }
    observation.isTreeRunning = true
  }

  // MARK: Destroy events

  private func drainEvents() {
    var records = [pt_socket_record](repeating: pt_socket_record(), count: 128)
    for (cookie, network) in networks.known {
      while true {
        let count = pt_read_destroy_events(network.events, &records, 128)
        if count == -ENOBUFS {
          observation.lostEvents += 1
          continue
        }
        if count <= 0 { break }
        let now = MonotonicClock.now()
        for record in records[..<Int(count)] { take(record, in: cookie, at: now) }
        if count < 128 { break }
      }
    }
  }

  private func take(_ record: pt_socket_record, in namespace: UInt64, at now: UInt64) {
    guard handedOut[Int(record.port)] else { return }
    let transport: Transport = record.protocol == UInt8(IPPROTO_UDP) ? .udp : .tcp
    let key = PortKey(namespace: namespace, transport: transport, port: record.port)
    let released = ledger.destroyed(
      cookie: record.cookie, key: key, peerPort: record.peer_port, at: now,
      processEnded: hasEnded)
    guard let released, thieves[key] == nil,
      supervision.steal.wantsRelease(released.holding, rebinds: ledger.rebinds(key)),
      thieves.count < 8_192
    else { return }
    if let socket = networks.bind(key, released.holding.address) {
      thieves[key] = [(released.holding.address, socket)]
    }
  }

  private func waitForEvents(milliseconds: Int32) {
    var items = networks.known.values.map {
      pollfd(fd: $0.events, events: Int16(POLLIN), revents: 0)
    }
    if poll(&items, nfds_t(items.count), milliseconds) > 0 { drainEvents() }
  }

  // MARK: Calls

  private func receive() {
    var call = pt_call()
    guard pt_receive(&tree, &call) == 1 else { return }
    observation.calls += 1
    if !supervision.injections.isEmpty, inject(call) { return }
    handle(call)
  }

  private func handle(_ call: pt_call) {
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
    }
  }

  /// A duplicate of the descriptor that the call names, nil if it is none of ours to look into.
  private func duplicate(_ call: pt_call, _ thread: Threads.Record) -> Duplicate? {
    guard thread.pidfd >= 0 else { return nil }
    let number = pt_take_descriptor(
      thread.pidfd, Int32(truncatingIfNeeded: call.arguments.0))
    guard number >= 0 else {
      if number != -EBADF { observation.unobserved += 1 }
      return nil
    }
    // The thread that was looked up is the one that waits.
    guard pt_is_valid(&tree, call.id) != 0 else {
      close(number)
      return nil
    }
    return Duplicate(owning: number)
  }

  /// The address that the call names, as its bytes. Nil: nothing that is ours to execute.
  private func addressBytes(_ call: pt_call) -> [UInt8]? {
    let length = Int(Int32(truncatingIfNeeded: call.arguments.2))
    guard length >= 16, length <= 128 else { return nil }
    var bytes = [UInt8](repeating: 0, count: length)
    let count = pt_read_memory(
      pid_t(call.tid), call.arguments.1, &bytes, UInt(length))
    if count == -Int(EPERM) || count == -Int(ESRCH) { observation.unobserved += 1 }
    return count == length ? bytes : nil
  }

  private func party(_ thread: Threads.Record, _ call: pt_call, withStack: Bool) -> Party {
    var party = thread.party
    party.descriptor = Int32(truncatingIfNeeded: call.arguments.0)
    if withStack { stacks.add(to: &party) }
    return party
  }

  private func bind(_ call: pt_call) -> Int32? {
    guard let bytes = addressBytes(call), let address = SocketAddress(socketBytes: bytes) else {
      return nil
    }
    // Ports that need a privilege are left to the caller's own rights.
    guard address.port == 0 || address.port >= lowestUnprivilegedPort,
      address.port == 0 || handedOut[Int(address.port)], let thread = threads.record(call.tid),
      let socket = duplicate(call, thread)
    else { return nil }
    let namespace = socket.namespace
    guard networks.reach(namespace, of: Int32(call.tid)) else {
      observation.unobserved += 1
      return nil
    }
    if address.port == 0 { return bindAny(socket, bytes, namespace, thread, call) }
    let key = PortKey(namespace: namespace, transport: socket.transport, port: address.port)
    return rebind(key, address, thread, call, reusesAddress: socket.reusesAddress) {
      (socket.bind(bytes), socket.cookie)
    }
  }

  /// Executes `bind(0)` and notes the port.
  private func bindAny(
    _ socket: borrowing Duplicate, _ bytes: [UInt8], _ namespace: UInt64,
    _ thread: Threads.Record, _ call: pt_call
  ) -> Int32 {
    var error = EADDRINUSE
    if supervision.forcesDuplicates {
      drainEvents()
      for key in ledger.outstanding(
        namespace: namespace, transport: socket.transport, isIPv6: socket.isIPv6
      ).prefix(16) {
        error = socket.bind(replacingPort(bytes, with: key.port))
        if error == 0 {
          observation.duplicatesForced += 1
          break
        }
      }
    }
    if error != 0 { error = socket.bind(bytes) }
    if error == 0 { note(socket, namespace, .bindZero, thread, call) }
    return error
  }

  private func note(
    _ socket: borrowing Duplicate, _ namespace: UInt64, _ origin: Holding.Origin,
    _ thread: Threads.Record, _ call: pt_call
  ) {
    guard let address = socket.address, address.port != 0 else { return }
    let key = PortKey(namespace: namespace, transport: socket.transport, port: address.port)
    note(key, address, socket.cookie, origin, thread, call)
  }

  private func note(
    _ key: PortKey, _ address: SocketAddress, _ cookie: UInt64, _ origin: Holding.Origin,
    _ thread: Threads.Record, _ call: pt_call
  ) {
    observation.probes += 1
    handedOut[Int(key.port)] = true
    ledger.opened(
      key,
      Holding(
        cookie: cookie, address: address, party: party(thread, call, withStack: true),
        origin: origin, openedAt: MonotonicClock.now()))
  }

  /// A bind by number of a port that was handed out: proves, steals, executes and judges.
  private func rebind(
    _ key: PortKey, _ address: SocketAddress, _ thread: Threads.Record, _ call: pt_call,
    reusesAddress: Bool, execute: () -> (error: Int32?, cookie: UInt64)
  ) -> Int32? {
    drainEvents()
    guard var question = ledger.question(key, address: address) else { return execute().error }
    // The events of its connections may be late; those that are left are in the kernel's list.
    if ledger.mayHaveServed(key),
      networks.sockets(in: key.namespace, key.transport, port: key.port).contains(where: {
        $0.peer_port != 0
      })
    {
      ledger.served(key)
    }
    var trial = prove(question, reusesAddress: reusesAddress)
    if question.isAwaitingRelease && supervision.steal.mode != .off
      && (trial.answers.isFree || trial.answers.isFreeWithReuse)
    {
      // Whether it was a client's port is told by the event, which takes a fraction of a millisecond.
      let deadline = MonotonicClock.now() + 5_000_000
      while question.isAwaitingRelease && MonotonicClock.now() < deadline {
        waitForEvents(milliseconds: 1)
        question = ledger.question(key, address: address)!
      }
      if trial.socket < 0 || thieves[key] != nil {
        if trial.socket >= 0 { close(trial.socket) }
        trial = prove(question, reusesAddress: reusesAddress)
      }
    }
    let assessment = ledger.assess(
      question, trial.answers, by: party(thread, call, withStack: true), at: MonotonicClock.now())!
    let steals = supervision.steal.wants(assessment)
    if steals && trial.socket >= 0 {
      thieves[key, default: []].append((address, trial.socket))
    } else if trial.socket >= 0 {
      close(trial.socket)
    }
    if trial.answers.thiefHolds && !steals && !wasStolen(key) { dropThieves(key) }
    let result = execute()
    let isInUse = result.error == EADDRINUSE
    let succeeded = steals && (isInUse || result.error == nil)
    if succeeded {
      supervision.steal.stole()
      stolenPorts.insert(key)
    }
    ledger.concluded(
      assessment, result: result.error, cookie: result.cookie,
      owner: isInUse ? owner(key, address) : nil, wasStolen: succeeded, isAddressInUse: isInUse)
    return result.error
  }

  /// Ports on which a re-bind was made to fail: the thief stays, as another program would.
  private var stolenPorts: Set<PortKey> = []
  private func wasStolen(_ key: PortKey) -> Bool { stolenPorts.contains(key) }

  private func dropThieves(_ key: PortKey) {
    for thief in thieves.removeValue(forKey: key) ?? [] { close(thief.socket) }
  }

  /// Tries whether others could take the port now. The socket that could is kept open for the caller to close.
  private func prove(
    _ question: Ledger.Question, reusesAddress: Bool
  ) -> (answers: Ledger.Answers, socket: Int32) {
    let key = question.key
    if let mine = thieves[key] {
      let holds = mine.contains { $0.address.exclusive.overlaps(question.address) }
      if holds {
        // A port that was stolen once is simply occupied now.
        let isFresh = !wasStolen(key)
        return (
          Ledger.Answers(
            isFree: false, openAddressesAreFree: isFresh && question.openAddresses.isEmpty,
            thiefHolds: isFresh),
          -1
        )
      }
    }
    var openAreFree = true
    for address in question.openAddresses where openAreFree {
      if let socket = networks.bind(key, address) { close(socket) } else { openAreFree = false }
    }
    var answers = Ledger.Answers(isFree: false, openAddressesAreFree: openAreFree)
    var socket = networks.bind(key, question.address) ?? -1
    answers.isFree = socket >= 0
    if !answers.isFree && reusesAddress && (openAreFree || question.openAddresses.isEmpty) {
      socket = networks.bind(key, question.address, reuse: true) ?? -1
      answers.isFreeWithReuse = socket >= 0
    }
    return (answers, socket)
  }

  /// Who holds a port: a thief of ours, a socket of the tree, or a stranger.
  private func owner(_ key: PortKey, _ address: SocketAddress) -> Owner? {
    if thieves[key] != nil {
      return Owner(isInTree: false, isThief: true, pid: getpid(), command: "bindstorm (thief)")
    }
    var records = networks.sockets(in: key.namespace, key.transport, port: key.port)
    records.sort { $0.is_listening > $1.is_listening }
    for record in records {
      if let known = ledger.holding(cookie: record.cookie) {
        let party = known.holding.party
        return Owner(isInTree: true, pid: party.pid, command: party.command)
      }
    }
    let inodes = records.map(\.inode).filter { $0 != 0 }
    guard let found = ProcessRecords.owners(ofSockets: inodes).first(where: { $0.pid != 0 })
    else { return nil }
    let isOurs = descendants(of: tree.pid).contains(found.pid) || found.pid == tree.pid
    return Owner(isInTree: isOurs, pid: found.pid, command: found.command)
  }

  private func listen(_ call: pt_call) -> Int32? {
    guard let thread = threads.record(call.tid), let socket = duplicate(call, thread),
      socket.transport == .tcp
    else { return nil }
    let namespace = socket.namespace
    guard networks.reach(namespace, of: Int32(call.tid)) else { return nil }
    let before = socket.address?.port ?? 0
    // Another user's rights must not matter: a socket that is bound or gets an ephemeral port needs none.
    let error = socket.listen(Int32(truncatingIfNeeded: call.arguments.1))
    if error == 0 && before == 0 { note(socket, namespace, .listenUnbound, thread, call) }
    if error == 0 { ledger.listened(cookie: socket.cookie) }
    if error == EADDRINUSE, before != 0, handedOut[Int(before)], let address = socket.address {
      // Two sockets with SO_REUSEADDR may be bound; only one may listen.
      let key = PortKey(namespace: namespace, transport: .tcp, port: before)
      if let question = ledger.question(key, address: address),
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

  private func connect(_ call: pt_call) -> Int32? {
    guard supervision.groupVariable != nil, let bytes = addressBytes(call),
      let address = SocketAddress(socketBytes: bytes), handedOut[Int(address.port)],
      let thread = threads.record(call.tid)
    else { return nil }
    let key = PortKey(namespace: networks.own, transport: .tcp, port: address.port)
    let listening = networks.sockets(in: key.namespace, .tcp, port: key.port).first {
      $0.is_listening != 0
    }
    guard let listening, let server = ledger.holding(cookie: listening.cookie)?.holding,
      !server.party.group.isEmpty, !thread.party.group.isEmpty,
      server.party.group != thread.party.group
    else { return nil }
    let now = MonotonicClock.now()
    ledger.add(
      Finding(
        kind: .crossWired, key: key, probe: server,
        rebinder: party(thread, call, withStack: true), rebindAddress: address, reboundAt: now,
        rebind: 1, proof: .kernel, result: nil))
    return nil
  }

  // MARK: Fallback mode

  private func descriptorName(_ thread: Threads.Record, _ call: pt_call) -> UInt64 {
    UInt64(UInt32(bitPattern: thread.party.pid)) << 32
      | UInt64(UInt32(truncatingIfNeeded: call.arguments.0))
  }

  private func bindByKernel(_ call: pt_call) -> Int32? {
    guard let bytes = addressBytes(call), let address = SocketAddress(socketBytes: bytes),
      let thread = threads.record(call.tid)
    else { return nil }
    if address.port == 0 {
      unnamed.insert(descriptorName(thread, call))
      return nil
    }
    guard handedOut[Int(address.port)] else { return nil }
    // The type of a socket that is not bound yet is told by its inode's attribute alone.
    let number = pt_socket_protocol(
      pid_t(call.tid), Int32(truncatingIfNeeded: call.arguments.0))
    guard number == Int32(IPPROTO_TCP) || number == Int32(IPPROTO_UDP) else { return nil }
    let key = PortKey(
      namespace: networks.own, transport: number == Int32(IPPROTO_TCP) ? .tcp : .udp,
      port: address.port)
    _ = rebind(key, address, thread, call, reusesAddress: false) { (nil, 0) }
    return nil
  }

  /// At getsockname() and listen() the kernel knows the port; its record is found by the inode.
  private func lookUp(_ call: pt_call) -> Int32? {
    guard let thread = threads.record(call.tid),
      let target = link("/proc/\(call.tid)/fd/\(Int32(truncatingIfNeeded: call.arguments.0))"),
      target.hasPrefix("socket:["), let inode = UInt64(target.dropFirst(8).dropLast())
    else { return nil }
    for transport in [Transport.tcp, .udp] {
      guard
        let record = networks.sockets(
          in: networks.own, transport, port: 0, inode: inode
        ).first, record.port != 0
      else { continue }
      let key = PortKey(namespace: networks.own, transport: transport, port: record.port)
      if ledger.holding(cookie: record.cookie) == nil {
        let bytes = withUnsafeBytes(of: record.address) {
          Array($0.prefix(record.family == UInt8(AF_INET) ? 4 : 16))
        }
        let address = SocketAddress(bytes: bytes, port: record.port)
        if unnamed.remove(descriptorName(thread, call)) != nil {
          note(key, address, record.cookie, .bindZero, thread, call)
        } else if ledger.isHandedOut(key) {
          note(key, address, record.cookie, .rebind(ledger.rebinds(key) + 1), thread, call)
        }
      }
      if call.kind == PT_CALL_LISTEN.rawValue { ledger.listened(cookie: record.cookie) }
    }
    return nil
  }

  // MARK: Injection

  /// Whether the call was answered or put off.
  private func inject(_ call: pt_call) -> Bool {
    let kinds: [UInt32: InjectedCall] = [
      PT_CALL_BIND.rawValue: .bind, PT_CALL_LISTEN.rawValue: .listen,
      PT_CALL_SOCKET.rawValue: .socket, PT_CALL_CONNECT.rawValue: .connect,
      PT_CALL_ACCEPT.rawValue: .accept,
    ]
    guard let kind = kinds[call.kind], let thread = threads.record(call.tid) else { return false }
    var port: UInt16?
    if kind == .bind || kind == .connect {
      // Unix and netlink sockets are not meant.
      guard let address = addressBytes(call).flatMap({ SocketAddress(socketBytes: $0) }) else {
        return false
      }
      port = address.port
    }
    if kind == .socket
      && ![AF_INET, AF_INET6].contains(Int32(truncatingIfNeeded: call.arguments.0))
    {
      return false
    }
    for index in supervision.injections.indices {
      let strikes = supervision.injections[index].strikes(
        kind, port: port, thread: thread.party.thread, command: thread.party.command)
      guard strikes else { continue }
      let rule = supervision.injections[index]
      if rule.delay > 0, pt_keep(&tree, call.id) == 0 {
        delayed.append((MonotonicClock.now() + rule.delay, call, rule.error))
        delayed.sort { $0.due < $1.due }
      } else if let error = rule.error {
        pt_answer(&tree, call.id, error, 0)
      } else {
        return false
      }
      return true
    }
    return false
  }

  private func answerDue() {
    let now = MonotonicClock.now()
    while let first = delayed.first, first.due <= now {
      delayed.removeFirst()
      if let error = first.error {
        pt_answer(&tree, first.call.id, error, 0)
      } else {
        handle(first.call)
      }
    }
  }
}

/// The text of an errno.
func errorText(_ code: Int32) -> String { ErrorNumber.text(code) }

/// Ends the calling process as the command ended that a signal killed. Returns if that did not end it.
public func endBySignal(_ signal: Int32) { pt_die_by_signal(signal) }

/// Processes below one, not itself.
func descendants(of root: Int32) -> [Int32] {
  guard let stream = opendir("/proc") else { return [] }
  defer { closedir(stream) }
  var parents: [Int32: Int32] = [:]
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard let pid = Int32(name), let stat = try? FileText.read("/proc/\(pid)/stat"),
      let end = stat.lastIndex(of: ")")
    else { continue }
    parents[pid] = stat[end...].split(separator: " ").dropFirst(2).first.flatMap { Int32($0) }
  }
  return parents.keys.filter { pid in
    var at = pid
    for _ in 0..<1_000 {
      guard let parent = parents[at], parent > 0 else { return false }
      if parent == root { return true }
      at = parent
    }
    return false
  }
}
