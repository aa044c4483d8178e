internal import History
internal import LinuxFacts
internal import PlanModel

extension EngineRecord {
  /// Its rendezvous that have begun, in their order, each with its name for people.
  var rendezvous: [(name: String, record: RendezvousRecord)] {
    [
      ("the data-parallel group", group), ("its workers", workers),
      ("the group that was to be formed anew", reinit),
    ].compactMap { name, record in record.map { (name, $0) } }
  }

  /// The rendezvous that lost a port and never came about; nil if there is none.
  var lostRendezvous: (name: String, record: RendezvousRecord)? {
    rendezvous.first { $0.record.lost > 0 && $0.record.met == 0 }
  }
}

/// The rules for the ports that engine cores bind.
extension LaunchJudge {
  /// An engine core was refused the port of a rendezvous. If that ended it, the launch has lost the port. If it went on
  /// with another number, the others still dial the first one, and everything is silent.
  func rendezvousLost() -> Finding? {
    guard let beyond, let engine = beyond.firstLoser, let (name, record) = engine.lostRendezvous
    else { return nil }
    let text =
      "port \(record.port) of \(name) (engine core \(engine.engine), pid \(engine.pid)) lost: chosen by "
      + "\(self.record.relative(record.chosen)), \(holder(record.holder)) when its bind was tried at "
      + "\(self.record.relative(record.attempted)) (EADDRINUSE)"
    if engine.errno == LinuxErrno.addressInUse {
      let tries =
        record.lost > 1 ? "; \(record.lost) numbers were lost, and none was left to try" : ""
      return (outcome(of: record.holder), text + tries)
    }
    let others = beyond.engines.filter { $0.engine != engine.engine && $0.group != nil }
    let accepted = others.count { $0.group?.isAccepted == true }
    let silence =
      accepted == 0
      ? "nobody listens there"
      : "\(accepted) were accepted by whoever listens there, and get no answer"
    return (
      .timeout,
      text
        + "; it listens on port \(record.bound) now, and nobody tells the \(others.count) others, which dial "
        + "port \(record.port) for ever: \(silence)"
    )
  }
}

extension StartupEvidence {
  /// The first engine core that lost a port. One that lost it when the launcher had already noticed another one's death
  /// may have no holder: nobody asked any more.
  var firstLoser: EngineRecord? {
    engines.filter { $0.lostRendezvous != nil }.min {
      func rank(_ engine: EngineRecord) -> (Int, UInt64) {
        let record = engine.lostRendezvous?.record
        return (record?.holder == nil ? 1 : 0, record?.attempted ?? 0)
      }
      return rank($0) < rank($1)
    }
  }

  /// The engine cores dial another node than the one on which engine core 0 listens.
  func lostMaster() -> String? {
    guard startup.hasLostMaster, let first = engines.first(where: { $0.engine == 0 }),
      let group = first.group, group.bound != 0, group.met == 0
    else { return nil }
    return
      "engine core 0 listens on port \(group.bound) of node \(first.node), and all \(engines.count) engine cores, "
      + "itself included, dial that port of the head node, where "
      + (group.isAccepted ? "somebody else listens" : "nobody listens")
  }

  /// What is missing of the group that was to be formed anew; nil if nothing is.
  func missingReinit() -> String? {
    startup.isReinitialised && record.reinitialised == 0
      ? "the data-parallel group was not formed anew" : nil
  }
}
