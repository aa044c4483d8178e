internal import History
internal import PlanModel

/// The rules for bound endpoints: who listens there, and what was reported about them.
extension LaunchJudge {
  /// Two sockets listen on one port, or a stranger answers there.
  func ownership() -> Finding? {
    if let shared = places.first(where: { $0.endpoint.ownership == .shared }) {
      return (
        .splitBrain,
        "more than one socket listens on port \(shared.endpoint.bound) (\(shared.name))"
      )
    }
    let mine = places.filter { $0.endpoint.bound != 0 }
    var owners: [UInt16: Int] = [:]
    for server in record.servers {
      for endpoint in [server.input, server.output] where endpoint.bound != 0 {
        owners[endpoint.bound, default: 0] += 1
      }
    }
    if let doubled = mine.first(where: { owners[$0.endpoint.bound]! > 1 }) {
      return (
        .splitBrain, "two API servers say that they listen on port \(doubled.endpoint.bound)"
      )
    }
    return places.first { $0.endpoint.ownership == .stranger }.map {
      (.crossTalk, "a stranger answers at \($0.address), which is to be the \($0.name)")
    }
  }

  /// The reported address must be the one on which the server listens. If time ran out before the launcher knew its
  /// addresses, nothing was reported.
  func misadvertised() -> Finding? {
    let unknown: [TrialEnded.Completion] = [.timeoutPreparing, .timeoutBinding]
    guard own.errno == 0, !unknown.contains(record.ended.completion) else { return nil }
    let servers = arm.topology.apiServers
    if arm.depth == .allocate {
      return own.advertised.firstIndex(of: 0).map {
        (.placeholderLeak, "address \($0) was advertised as port 0")
      }
    }
    for place in places where place.endpoint.bound != 0 {
      let address = place.role == "input" ? place.server.server : servers + place.server.server
      let advertised = own.advertised[address]
      if advertised == 0 { return (.placeholderLeak, "the \(place.name) was advertised as port 0") }
      if advertised != place.endpoint.bound {
        return (
          .crossTalk,
          "the \(place.name) listens on port \(place.endpoint.bound), but \(advertised) was advertised"
        )
      }
    }
    return nil
  }

  /// A port was reported before it was bound.
  func premature() -> Finding? {
    places.first { $0.endpoint.reported != 0 && $0.endpoint.reported < $0.endpoint.finished }.map {
      (
        .prematureReport,
        "the \($0.name) was reported at \(record.relative($0.endpoint.reported)), before it was bound at "
          + "\(record.relative($0.endpoint.finished))"
      )
    }
  }
}
