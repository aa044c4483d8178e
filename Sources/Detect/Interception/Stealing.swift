internal import CInterception
internal import CLinuxShims
internal import ForcedCalls
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// A bind by number to a port that was handed out: the proof, the theft and the owner.
extension Supervisor {
  /// Proves, steals, executes and judges such a bind, on a duplicate of its socket.
  func rebind(
    _ key: PortKey, _ address: SocketAddress, _ thread: Threads.Record, _ call: pt_call,
    _ socket: borrowing Duplicate, _ bytes: [UInt8]
  ) -> Int32? {
    let options = SocketOptions(reusesAddress: socket.reusesAddress, reusesPort: socket.reusesPort)
    return rebind(key, address, thread, call, options) { (socket.bind(bytes), socket.cookie) }
  }

  /// The same for whatever executes the bind. Returns its errno, nil if it cannot be observed.
  func rebind(
    _ key: PortKey, _ address: SocketAddress, _ thread: Threads.Record, _ call: pt_call,
    _ options: SocketOptions, execute: () -> (error: Int32?, cookie: UInt64)
  ) -> Int32? {
    deadPorts.hasServer(key)
    // A thief that joined the port leaves the victim every address.
    if wasStolen(key) && supervision.theft != .reuseport { takeToo(address, key) }
    guard var question = question(key, address) else {
      return firstBind(key, address, thread, call, options, execute)
    }
    let trial = proveAfterRelease(&question, reusesAddress: options.reusesAddress)
    let assessment = ledger.assess(
      question, trial.answers, by: party(thread, call, withStack: true), at: MonotonicClock.now())!
    return conclude(assessment, trial, key, address, options, execute)
  }

  /// Steals if that is wanted, executes the bind and records what it means. Returns its errno, nil if it cannot be
  /// observed.
  func conclude(
    _ assessment: Ledger.Assessment, _ trial: Trial, _ key: PortKey, _ address: SocketAddress,
    _ options: SocketOptions, _ execute: () -> (error: Int32?, cookie: UInt64)
  ) -> Int32? {
    let steals = supervision.steal.wants(assessment)
    let joins = steals && supervision.theft == .reuseport && options.reusesPort
    place(trial, steals: steals && !joins, assessment)
    let hasJoined = joins && letThiefJoin(key, address)
    let result = execute()
    let isInUse = result.error == EADDRINUSE
    let succeeded =
      joins ? hasJoined && result.error == 0 : steals && (isInUse || result.error == nil)
    if succeeded {
      supervision.steal.stole()
      thefts[key] = MonotonicClock.now()
      observation.meetings.stole(at: thefts[key]!)
      if key.transport == .tcp && !joins { stolenUnserved.append(address) }
    }
    ledger.concluded(
      assessment, result: result.error, cookie: result.cookie,
      owner: isInUse ? owner(key, address) : stranger(assessment, result, key, address),
      wasStolen: succeeded, isAddressInUse: isInUse)
    if succeeded { tellTheft(key) }
    return result.error
  }

  /// Who else has a port that was bound by number though it was not free, if the ledger does not know.
  private func stranger(
    _ assessment: Ledger.Assessment, _ result: (error: Int32?, cookie: UInt64), _ key: PortKey,
    _ address: SocketAddress
  ) -> Owner? {
    guard result.error == 0, assessment.sharesWithUnknown, thieves[key] == nil else { return nil }
    return owner(key, address, except: result.cookie, onlyOpen: true)
  }

  /// What must be tried for the port, once all available facts about it are known; nil if it was not handed out.
  private func question(_ key: PortKey, _ address: SocketAddress) -> Ledger.Question? {
    drainEvents()
    guard let question = ledger.question(key, address: address) else { return nil }
    guard ledger.mayHaveServed(key) else { return question }
    // Remaining connections are in the kernel's list. The events of the others must be known before the port has a new
    // listener.
    let isServing = networks.sockets(in: key.namespace, key.transport, port: key.port)
      .contains { $0.peer_port != 0 }
    if isServing { ledger.served(key) } else { settleEvents(of: key.namespace) }
    return ledger.question(key, address: address)
  }

  /// Tries whether others could take the port, once its release is known if a theft depends on that.
  private func proveAfterRelease(
    _ question: inout Ledger.Question, reusesAddress: Bool
  ) -> Trial {
    let trial = prove(question, reusesAddress: reusesAddress)
    guard question.isAwaitingRelease, supervision.steal.mode != .off,
      trial.answers.openAddressesAreFree,
      trial.answers.isFree || trial.answers.isFreeWithReuse
    else { return trial }
    let key = question.key
    // The event tells whether it was a client's port. It is pending, because the port is free. It takes a fraction of a
    // millisecond, and on a busy host as long as the kernel's worker threads wait for a CPU.
    let deadline = MonotonicClock.now() + Self.longestEventDelay
    while question.isAwaitingRelease && MonotonicClock.now() < deadline {
      waitForEvents(milliseconds: 1)
      question = ledger.question(key, address: question.address)!
    }
    guard trial.socket < 0 || thieves[key] != nil else { return trial }
    if trial.socket >= 0 { close(trial.socket) }
    return prove(question, reusesAddress: reusesAddress)
  }

  /// The result of a trial, and the socket that could take the port; -1 if none could.
  typealias Trial = (answers: Ledger.Answers, socket: Int32)

  /// Tries whether others could take the port now. A socket that could is kept open for the caller to close.
  func prove(_ question: Ledger.Question, reusesAddress: Bool) -> Trial {
    let key = question.key
    if thiefHolds(question.address, key) {
      // A port that was stolen once is simply occupied now.
      let isFresh = !wasStolen(key)
      return (
        Ledger.Answers(
          isFree: false, openAddressesAreFree: isFresh && question.openAddresses.isEmpty,
          thiefHolds: isFresh),
        -1
      )
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

  /// Who holds a port: one of our thieves, a socket of the tree, or an outsider.
  /// - Parameters:
  ///   - except: the cookie of a socket that does not count.
  ///   - onlyOpen: connections do not count.
  func owner(
    _ key: PortKey, _ address: SocketAddress, except: UInt64 = 0, onlyOpen: Bool = false
  ) -> Owner? {
    if thieves[key] != nil {
      return Owner(isInTree: false, isThief: true, pid: getpid(), command: Self.thiefName)
    }
    var records = networks.sockets(in: key.namespace, key.transport, port: key.port).filter {
      $0.cookie != except && !(onlyOpen && $0.peer_port != 0)
    }
    records.sort { $0.is_listening > $1.is_listening }
    for record in records {
      if let known = ledger.holding(cookie: record.cookie) {
        return describe(holder(of: record, openedBy: known.holding.party), record, key)
      }
    }
    let found = zip(records, ProcessRecords.owners(ofSockets: records.map(\.inode)))
    guard let (record, process) = found.first(where: { $0.1.pid != 0 }) else { return nil }
    return describe(
      Owner(isInTree: isOfTree(process.pid), pid: process.pid, command: process.command), record,
      key)
  }

  /// Who has a socket of the tree open now: its process, or one that inherited it.
  private func holder(of record: bs_socket_record, openedBy party: Party) -> Owner {
    let now = ProcessRecords.owners(ofSockets: [record.inode], suspects: [party.pid])[0]
    guard now.pid != 0, now.pid != party.pid else {
      return Owner(isInTree: true, pid: party.pid, command: party.command)
    }
    return Owner(isInTree: isOfTree(now.pid), pid: now.pid, command: now.command)
  }

  private func isOfTree(_ pid: Int32) -> Bool {
    pid == tree.pid || descendants(of: tree.pid).contains(pid)
  }

  /// A thief binds and listens beside the victim, which sets SO_REUSEPORT too.
  private func letThiefJoin(_ key: PortKey, _ address: SocketAddress) -> Bool {
    guard let socket = networks.bind(key, address, sharing: true) else { return false }
    if key.transport == .tcp { answer(on: socket) }
    thieves[key, default: []].append((address, socket))
    return true
  }
}
