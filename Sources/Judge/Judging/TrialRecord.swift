internal import History
internal import PlanModel

/// The events of a trial, sorted by kind.
struct TrialRecord {
  var started: TrialStarted
  var ended: TrialEnded
  var launches: [LaunchRecord] = []
  var windows: [ForcedWindow] = []
  var servers: [ServerRecord] = []
  var thieves: [ThiefRecord] = []
  var startups: [StartupRecord] = []
  var engines: [EngineRecord] = []
  var servings: [ServingRecord] = []
  /// For the last launch of the row.
  var faults: [FaultRecord] = []
  /// For the earlier launches of the row, which were all served.
  var earlierFaults: [FaultRecord] = []

  /// Nil unless the events begin and end as one trial does.
  init?(_ events: [Event]) {
    var everyFault: [FaultRecord] = []
    guard case .trialStarted(let started)? = events.first,
      case .trialEnded(let ended)? = events.last,
      started.arm == ended.arm, started.trial == ended.trial
    else { return nil }
    self.started = started
    self.ended = ended
    for event in events.dropFirst().dropLast() {
      switch event {
      case .launch(let record): launches.append(record)
      case .forcedWindow(let record): windows.append(record)
      case .server(let record): servers.append(record)
      case .thief(let record): thieves.append(record)
      case .fault(let record): everyFault.append(record)
      case .startup(let record): startups.append(record)
      case .engine(let record): engines.append(record)
      case .serving(let record): servings.append(record)
      case .runStarted, .poolSet, .armSkipped, .trialStarted, .trialEnded, .runEnded: return nil
      }
    }
    let last = everyFault.map(\.serial).max() ?? 0
    faults = everyFault.filter { $0.serial == last }
    earlierFaults = everyFault.filter { $0.serial != last }
  }

  /// The TCP ports that the launches were given, asked for or bound; 0, which is no port, excepted.
  var ports: [UInt16] {
    let endpoints = servers.flatMap { [$0.input, $0.output] }
    let all =
      launches.flatMap { $0.advertised + [$0.service] }
      + endpoints.flatMap { [$0.requested, $0.bound] }
    return all.filter { $0 != 0 }
  }

  /// What is wrong with the records of faults; nil if nothing is.
  private func faultProblem(for arm: Arm) -> String? {
    let last = faults.first?.serial ?? 0
    guard last < arm.startup?.serialLaunches ?? 1 else {
      return "a fault is recorded in launch \(last + 1) of the row, which there is not"
    }
    let expected = (0...max(0, last)).flatMap { serial in arm.faults.indices.map { [serial, $0] } }
    let found = (earlierFaults + faults).map { [$0.serial, $0.fault] }
      .sorted { $0.lexicographicallyPrecedes($1) }
    if found != expected {
      return "expected records of \(expected.count) faults, found \(found.count)"
    }
    if let stray = (earlierFaults + faults).first(where: {
      !(0..<arm.topology.launches).contains($0.launch)
    }) {
      return "fault \(stray.fault) is recorded in launch \(stray.launch), which there is not"
    }
    return nil
  }

  /// What is missing or duplicated, nil if the records are complete.
  func problem(for arm: Arm) -> String? {
    if ended.completion == .harnessError {
      return ended.detail.isEmpty ? "the harness gave up" : ended.detail
    }
    if launches.map(\.launch).sorted() != Array(0..<arm.topology.launches) {
      return
        "expected one record for each of \(arm.topology.launches) launches, found \(launches.count)"
    }
    if thieves.map(\.thief).sorted() != Array(arm.thieves.indices) {
      return
        "expected \(arm.thieves.count) thieves' records, found \(Set(thieves.map(\.thief)).count)"
    }
    if let problem = faultProblem(for: arm) { return problem }
    for launch in launches where launch.advertised.count != arm.topology.addressesPerLaunch {
      return
        "launch \(launch.launch) has \(launch.advertised.count) of \(arm.topology.addressesPerLaunch) addresses"
    }
    let expected = arm.depth.binds ? arm.topology.launches * arm.topology.apiServers : 0
    let identities = Set(servers.map { [$0.launch, $0.server] })
    if servers.count != expected || identities.count != expected
      || servers.contains(where: {
        !(0..<arm.topology.launches).contains($0.launch)
          || !(0..<arm.topology.apiServers).contains($0.server)
      })
    {
      return "expected records of \(expected) API servers, found \(identities.count)"
    }
    return startupProblem(for: arm)
  }

  /// The same for the rest of the start-up, whose records exist only at depth `startup`.
  private func startupProblem(for arm: Arm) -> String? {
    let launches = Array(0..<(arm.startup == nil ? 0 : arm.topology.launches))
    if startups.map(\.launch).sorted() != launches {
      return "expected \(launches.count) start-up records, found \(startups.count)"
    }
    let expected = launches.flatMap { launch in
      (0..<(arm.startup?.engines ?? 0)).map { [launch, $0] }
    }
    if engines.map({ [$0.launch, $0.engine] }).sorted(by: { $0.lexicographicallyPrecedes($1) })
      != expected
    {
      return "expected records of \(expected.count) engine cores, found \(engines.count)"
    }
    let servers = launches.flatMap { launch in
      (0..<arm.topology.apiServers).map { [launch, $0] }
    }
    if servings.map({ [$0.launch, $0.server] }).sorted(by: { $0.lexicographicallyPrecedes($1) })
      != servers
    {
      return "expected serving records of \(servers.count) API servers, found \(servings.count)"
    }
    return nil
  }

  /// A time relative to the trial's start, in milliseconds, for people.
  func relative(_ time: UInt64) -> String {
    guard time >= started.at else { return "before the trial" }
    let microseconds = (time - started.at) / 1_000
    let fraction = String(microseconds % 1_000)
    return
      "+\(microseconds / 1_000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction) ms"
  }
}
