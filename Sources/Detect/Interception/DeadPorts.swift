internal import CInterception
internal import CLinuxShims
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// connect() where it is watched: clients by socket, and numbers that must be dead.
extension Supervisor {
  /// Remembers who connects a socket that is not bound: the event at its end names no process.
  func remember(_ socket: borrowing Duplicate, _ thread: Threads.Record, _ call: pt_call) {
    guard (socket.address?.port ?? 0) == 0 else { return }
    var party = thread.party
    party.descriptor = Int32(truncatingIfNeeded: call.arguments.0)
    clients[socket.cookie] = party
  }

  /// Notes a connect to a released number, and lets a thief answer it where that is asked for.
  func watchDead(
    _ key: PortKey, _ address: SocketAddress, hasListener: Bool, _ thread: Threads.Record,
    _ call: pt_call
  ) {
    guard thieves[key] == nil else { return }
    if hasListener { return deadPorts.hasServer(key) }
    guard !deadPorts.knows(key) else { return }
    if !ledger.isDead(key) {
      guard networks.sockets(in: key.namespace, .tcp, port: key.port).isEmpty else { return }
      // The release comes before this connect; its event is still on the way.
      settleEvents(of: key.namespace)
    }
    guard ledger.isDead(key), let question = ledger.question(key, address: address) else { return }
    let trial = prove(question, reusesAddress: true)
    guard
      let assessment = ledger.assess(
        question, trial.answers, by: party(thread, call, withStack: true), at: MonotonicClock.now())
    else {
      if trial.socket >= 0 { close(trial.socket) }
      return
    }
    let steals = supervision.theft == .answer && supervision.steal.wants(assessment)
    if steals && trial.socket >= 0 {
      answer(on: trial.socket)
      thieves[key] = [(address, trial.socket)]
      supervision.steal.stole()
    } else if trial.socket >= 0 {
      close(trial.socket)
    }
    guard assessment.kind != nil else { return }
    deadPorts.connected(
      assessment, to: address, isAnsweredByThief: steals && trial.socket >= 0)
  }
}
