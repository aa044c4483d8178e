internal import History
internal import LinuxFacts
internal import PlanModel

/// The rules of lost ports.
extension LaunchJudge {
  /// An API server was refused its port.
  func lost() -> Finding? {
    let lost = places.filter {
      $0.endpoint.errno == LinuxErrno.addressInUse
        && ($0.endpoint.requested != 0 || !$0.endpoint.path.isEmpty)
    }
    guard !lost.isEmpty else { return nil }
    let found = lost.map { ($0, outcome(of: $0.endpoint.holder)) }
    let worst = Outcome.allCases.first { outcome in found.contains { $0.1 == outcome } }!
    let first = found.first { $0.1 == worst }!.0
    // A launcher that binds by itself does so while it allocates.
    let isLaunchers = own.stage == .bind
    var text =
      "\(first.endpoint.path.isEmpty ? "port \(first.endpoint.requested)" : first.endpoint.path) (\(first.name), "
      + (isLaunchers
        ? "which the launcher binds, pid \(own.pid)) lost: "
        : "pid \(first.server.pid)) lost: allocated by \(record.relative(own.allocationEnded)), ")
      + "\(holder(first.endpoint.holder)) when "
      + "\(first.endpoint.stage.rawValue) was tried at \(record.relative(first.endpoint.attempted)) "
      + "(EADDRINUSE)"
    if lost.count > 1 { text += "; \(lost.count) endpoints of this launch were lost" }
    return (worst, text)
  }

  /// The launcher's own port, such as that of a store, was taken.
  func serviceLost() -> Finding? {
    guard [.service, .handshake, .http].contains(own.stage), own.errno == LinuxErrno.addressInUse,
      own.service != 0
    else { return nil }
    return (
      outcome(of: own.holder),
      "port \(own.service) of the launcher's own service (pid \(own.pid)) lost: allocated by "
        + "\(record.relative(own.allocationEnded)), \(holder(own.holder)) (EADDRINUSE)"
    )
  }

  /// An engine core could not bind the side channel of its KV connector, and waits for ever.
  func sideChannelLost() -> Finding? {
    guard own.service != 0,
      let engine = beyond?.engines.first(where: {
        $0.stage == .sideChannel && $0.errno == LinuxErrno.addressInUse
      })
    else { return nil }
    return (
      outcome(of: own.holder),
      "port \(own.service) of the side channel of engine core \(engine.engine) or a later one lost, "
        + "\(holder(own.holder)) (EADDRINUSE); such an engine core never becomes ready"
    )
  }

  /// Two addresses with one port: at depth `allocate` the only possible evidence.
  func duplicate() -> Finding? {
    var first: [UInt16: Int] = [:]
    for (address, port) in own.advertised.enumerated() where port != 0 {
      if let earlier = first.updateValue(address, forKey: port) {
        return (
          .lostToSelf, "addresses \(earlier) and \(address) of this launch both got port \(port)"
        )
      }
    }
    guard arm.depth == .allocate else { return nil }
    // The launch that was allocated later would have bound later.
    for other in record.launches where other.launch != launch {
      let isEarlier =
        (other.allocationEnded, other.launch) < (own.allocationEnded, own.launch)
      guard isEarlier,
        let port = Set(other.advertised).intersection(own.advertised).subtracting([0]).min()
      else { continue }
      return (.lostToSibling, "launch \(other.launch) got port \(port) as well")
    }
    return nil
  }

  /// The kernel, or a search, found no free port.
  func exhausted() -> Finding? {
    let searches: [Stage] = [.probe, .listenerSetup, .scan]
    if own.errno == LinuxErrno.addressInUse && searches.contains(own.stage) {
      return (
        .exhausted, "the launcher's \(own.stage.rawValue) found no free port (EADDRINUSE)"
      )
    }
    let wildcard = places.first {
      $0.endpoint.errno == LinuxErrno.addressInUse && $0.endpoint.requested == 0
        && $0.endpoint.path.isEmpty
    }
    return wildcard.map {
      let what = $0.endpoint.stage == .scan ? "the search of a range" : "bind(0)"
      return (.exhausted, "\(what) for the \($0.name) found no free port (EADDRINUSE)")
    }
  }

  /// Who took the port.
  func outcome(of holder: Holder?) -> Outcome {
    switch holder?.kind {
    case .apiServer, .launcher, .coordinator, .engineCore:
      holder!.launch == launch ? .lostToSelf : .lostToSibling
    case .thief: .lostToThief
    case .outsider: .lostToOutsider
    case .nobody, .cannotTell, nil: .lostToUnknown
    }
  }

  /// Who held the port, in words.
  func holder(_ holder: Holder?) -> String {
    guard let holder else { return "its holder was not recorded" }
    let process =
      "pid \(holder.pid)" + (holder.command.isEmpty ? "" : " \(holder.command)")
    let sources =
      switch holder.sources {
      case .eventsAndKernel: "events and kernel agree"
      case .events: "by the events; the kernel showed no socket any more"
      case .kernel: "by the kernel"
      case .contradiction: "the events say so, the kernel contradicts"
      case .neither: ""
      }
    switch holder.kind {
    case .apiServer:
      let whose = holder.launch == launch ? "the same launch" : "launch \(holder.launch)"
      return "held by API server \(holder.index) of \(whose) (\(process); \(sources))"
    case .launcher:
      return "held by the launcher of launch \(holder.launch) (\(process); \(sources))"
    case .coordinator:
      return "held by the coordinator of launch \(holder.launch) (\(process); \(sources))"
    case .engineCore:
      let whose = holder.launch == launch ? "the same launch" : "launch \(holder.launch)"
      return "held by engine core \(holder.index) of \(whose) (\(process); \(sources))"
    case .thief where holder.index < 0:
      return "held by the window thief (\(process); \(sources))"
    case .thief: return "held by thief \(holder.index) (\(process); \(sources))"
    case .outsider:
      // No other program has such a name, and this launch has no such process.
      let isLeftover =
        beyond.map { $0.record.serial > 0 } == true && holder.command.hasPrefix("bs-")
      return
        "held by \(isLeftover ? "what an earlier launch of the row left" : "an outsider") (\(process); \(sources))"
    case .nobody: return "nobody held it any more when the kernel was asked"
    case .cannotTell: return "it was held, but by whom cannot be told"
    }
  }
}
