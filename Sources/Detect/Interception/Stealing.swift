internal import CInterception
internal import ForcedCalls
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// A bind by number to a port that was handed out: the proof, the theft and the owner.
extension Supervisor {
  /// Proves, steals, executes and judges such a bind. Returns its errno, nil if it cannot be observed.
  func rebind(
    _ key: PortKey, _ address: SocketAddress, _ thread: Threads.Record, _ call: pt_call,
    reusesAddress: Bool, execute: () -> (error: Int32?, cookie: UInt64)
  ) -> Int32? {
    if wasStolen(key) { takeToo(address, key) }
    guard var question = question(key, address) else {
      return firstBind(key, address, thread, call, execute)
    }
    let trial = proveAfterRelease(&question, reusesAddress: reusesAddress)
    let assessment = ledger.assess(
      question, trial.answers, by: party(thread, call, withStack: true), at: MonotonicClock.now())!
    return conclude(assessment, trial, key, address, execute)
  }

  /// Steals if that is wanted, executes the bind and records what it means. Returns its errno, nil if it cannot be
  /// observed.
  func conclude(
    _ assessment: Ledger.Assessment, _ trial: Trial, _ key: PortKey, _ address: SocketAddress,
    _ execute: () -> (error: Int32?, cookie: UInt64)
  ) -> Int32? {
    let steals = supervision.steal.wants(assessment)
    place(trial, steals: steals, assessment)
    let result = execute()
    let isInUse = result.error == EADDRINUSE
    let succeeded = steals && (isInUse || result.error == nil)
    if succeeded {
      supervision.steal.stole()
      thefts[key] = MonotonicClock.now()
    }
    ledger.concluded(
      assessment, result: result.error, cookie: result.cookie,
      owner: isInUse ? owner(key, address) : nil, wasStolen: succeeded, isAddressInUse: isInUse)
    if succeeded { tellTheft(key) }
    return result.error
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
  func owner(_ key: PortKey, _ address: SocketAddress) -> Owner? {
    if thieves[key] != nil {
      return Owner(isInTree: false, isThief: true, pid: getpid(), command: Self.thiefName)
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
}
