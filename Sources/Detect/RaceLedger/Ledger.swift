/// The ports that the kernel chose for the tree's sockets or that the tree bound by number, and their history. A plain
/// value: the supervisor passes in what it observed and gets the meaning; the ledger makes no kernel call.
public struct Ledger: Sendable {
  struct Lineage: Sendable {
    var holdings: [Holding] = []
    var rebinds = 0
    /// The kernel chose the number at least once.
    var isChosen = false
  }

  /// More than a port's recent history needs; older holdings are dropped.
  static let holdingsKept = 8

  var lineages: [PortKey: Lineage] = [:]
  var lookUps: [PortKey: LookUp] = [:]
  private var keys: [UInt64: PortKey] = [:]
  public private(set) var findings: [Finding] = []
  private var waiting: [UInt64: [Int]] = [:]

  /// Numbers in the command line and the environment that the command was started with.
  let configured: Set<UInt16>
  /// How many ports the kernel chose.
  private(set) var chosenCount = 0

  public init(configured: Set<UInt16> = []) { self.configured = configured }

  /// Whether this port was chosen by the kernel for a socket of the tree.
  public func isHandedOut(_ key: PortKey) -> Bool { lineages[key]?.isChosen ?? false }

  /// A socket got its port: chosen by the kernel, or by number.
  public mutating func opened(_ key: PortKey, _ holding: Holding) {
    lineages[key, default: Lineage()].holdings.append(holding)
    keys[holding.cookie] = key
    if lineages[key]!.holdings.count > Self.holdingsKept {
      let gone = lineages[key]!.holdings.removeFirst()
      keys[gone.cookie] = nil
    }
    if holding.isHandedOut && !lineages[key]!.isChosen {
      lineages[key]!.isChosen = true
      chosenCount += 1
    }
    if holding.isHandedOut || holding.origin == .byNumber { lineages[key]!.rebinds = 0 }
    if case .rebind(let count) = holding.origin { lineages[key]!.rebinds = count }
  }

  /// A socket listens.
  public mutating func listened(cookie: UInt64) {
    update(cookie) { $0.listened = true }
  }

  /// Whether the newest holding listens or listened, and no connection of it is known: then the caller looks for one.
  public func mayHaveServed(_ key: PortKey) -> Bool {
    lineages[key]?.holdings.last.map { $0.listened && !$0.served } ?? false
  }

  /// The newest holding's port has connections, open or in their last states.
  public mutating func served(_ key: PortKey) {
    guard let last = lineages[key]?.holdings.indices.last else { return }
    lineages[key]!.holdings[last].served = true
  }

  /// The port of a holding, nil if it was forgotten.
  func key(of holding: Holding) -> PortKey? { keys[holding.cookie] }

  /// The holding of a socket, nil if it has none.
  public func holding(cookie: UInt64) -> (key: PortKey, holding: Holding)? {
    guard let key = keys[cookie],
      let holding = lineages[key]?.holdings.last(where: { $0.cookie == cookie })
    else { return nil }
    return (key, holding)
  }

  /// The last reference to a socket was dropped.
  /// - Parameter processEnded: asked only for sockets of the tree.
  /// - Returns: the holding that was released, nil for sockets that never had a chosen port.
  @discardableResult
  public mutating func destroyed(
    cookie: UInt64, key: PortKey, peerPort: UInt16, at time: UInt64,
    processEnded: (Int32) -> Bool
  ) -> (key: PortKey, holding: Holding)? {
    guard let own = keys[cookie] else {
      // An accepted connection of a listener on this port.
      if peerPort != 0, let index = lineages[key]?.holdings.lastIndex(where: \.listened) {
        lineages[key]!.holdings[index].served = true
        let cookie = lineages[key]!.holdings[index].cookie
        patch(cookie) { if $0.kind == .race { $0.kind = .restart } }
      }
      return nil
    }
    var released: Holding?
    update(own, cookie) {
      $0.releasedAt = time
      $0.release = processEnded($0.party.pid) ? .processEnded : .closed
      $0.wasClient = peerPort != 0
      released = $0
    }
    guard let released else { return nil }
    patch(cookie) {
      guard [.race, .restart, .duplicate, .clientPort].contains($0.kind), $0.proof != .kernel
      else { return }
      // The event comes after the release, which came before the re-bind.
      $0.probe.releasedAt = min(time, $0.reboundAt)
      // The re-binder has not ended, whatever its state when the event is read.
      $0.probe.release = $0.rebinder.pid == $0.probe.party.pid ? .closed : released.release
      $0.probe.wasClient = released.wasClient
      if released.wasClient && $0.kind == .race { $0.kind = .clientPort }
      $0.awaits = nil
    }
    return (own, released)
  }

  /// A socket is about to be bound to a port by number. Nil: the tree never held the port.
  public func question(_ key: PortKey, address: SocketAddress) -> Question? {
    guard let lineage = lineages[key], let newest = lineage.holdings.last else { return nil }
    return Question(
      key: key, address: address,
      openAddresses: lineage.holdings.filter { $0.releasedAt == nil }.map(\.address),
      isAwaitingRelease: newest.releasedAt == nil)
  }

  /// The meaning of a re-bind, before it is executed.
  public func assess(
    _ question: Question, _ answers: Answers, by party: Party, at time: UInt64
  ) -> Assessment? {
    guard let lineage = lineages[question.key], let newest = lineage.holdings.last else {
      return nil
    }
    let isReleased =
      question.openAddresses.isEmpty || answers.openAddressesAreFree || answers.thiefHolds
    var kind: RaceKind?
    var proof = Proof.plainSocket
    var probe = newest
    if answers.thiefHolds {
      kind = self.kind(of: newest, in: lineage, at: time)
      proof = .thief
    } else if answers.isFree && isReleased {
      kind = self.kind(of: newest, in: lineage, at: time)
    } else if answers.isFree, let holder = Self.holderElsewhere(lineage, question.address) {
      kind = .crossAddress
      probe = holder
    } else if answers.isFreeWithReuse && isReleased {
      kind = self.kind(of: newest, in: lineage, at: time)
      proof = .reuseOnly
    }
    let rebind = lineage.rebinds + 1
    let window = probe.releasedAt.map { time > $0 ? time - $0 : 0 } ?? 0
    let other = lineage.holdings.last {
      $0.isHandedOut && !$0.isClaimed && !$0.wasClient && !$0.served && $0.cookie != newest.cookie
    }
    return Assessment(
      kind: kind, proof: proof, rebind: rebind, window: window,
      place: Finding.place(
        probe.party, party, question.key.transport, rebind, shape: Finding.shape(kind, 0)),
      key: question.key, address: question.address, party: party, at: time, probe: probe,
      otherProbe: other, isReleased: isReleased)
  }

  private func kind(of probe: Holding, in lineage: Lineage, at time: UInt64) -> RaceKind? {
    guard lineage.isChosen else { return isProbeByNumber(probe, at: time) ? .race : nil }
    return probe.wasClient ? .clientPort : probe.served ? .restart : .race
  }

  /// The re-bind was executed.
  /// - Parameters:
  ///   - result: 0 or an errno; nil if it cannot be observed.
  ///   - cookie: the cookie of the re-binder's socket; 0 if it is not known.
  ///   - owner: the holder of the port if the result is EADDRINUSE.
  /// - Returns: index of the finding, nil if there is none.
  @discardableResult
  public mutating func concluded(
    _ assessment: Assessment, result: Int32?, cookie: UInt64, owner: Owner? = nil,
    wasStolen: Bool = false, isAddressInUse: Bool
  ) -> Int? {
    // Retries on a port that one of our thieves holds were reported when it was stolen.
    if assessment.kind == nil && isAddressInUse && owner?.isThief == true { return nil }
    let (kind, proof) = kindAndProof(
      assessment, result, owner: owner, isAddressInUse: isAddressInUse)
    if result == 0 { rebound(assessment, cookie: cookie) }
    guard let kind else { return nil }
    var finding = Finding(
      kind: kind, key: assessment.key, probe: assessment.probe, rebinder: assessment.party,
      rebindAddress: assessment.address, reboundAt: assessment.at, rebind: assessment.rebind,
      proof: proof, result: result)
    finding.wasStolen = wasStolen
    finding.owner = owner
    if kind == .duplicate { finding.otherProbe = assessment.otherProbe }
    if isInherited(assessment, owner) { finding.probe.release = .inherited }
    // A port that the kernel refused, or shared, was not released before.
    if finding.probe.releasedAt == nil && [.race, .restart, .duplicate].contains(kind)
      && proof != .kernel
    {
      finding.probe.release = .unseen
      finding.awaits = finding.probe.cookie
    }
    let index = add(finding)
    // Whether the port served, or was a client's, may become known later.
    waiting[assessment.probe.cookie, default: []].append(index)
    return index
  }

  /// The verdict on an executed re-bind, and its proof: the earlier proof, or otherwise the kernel's answer.
  private func kindAndProof(
    _ assessment: Assessment, _ result: Int32?, owner: Owner?, isAddressInUse: Bool
  ) -> (RaceKind?, Proof) {
    if let kind = assessment.kind { return (kind, assessment.proof) }
    if let kind = assessment.unreserved { return (isAddressInUse ? kind : nil, .kernel) }
    guard isHandedOut(assessment.key) else {
      return (isAddressInUse && lostProbe(assessment) ? .collision : nil, .kernel)
    }
    if isAddressInUse {
      let isHeldByProbe =
        assessment.probe.isHandedOut && !assessment.isReleased && !isInherited(assessment, owner)
      return (
        assessment.otherProbe != nil ? .duplicate : isHeldByProbe ? .stillHeld : .collision, .kernel
      )
    }
    guard result == 0 else { return (nil, assessment.proof) }
    return (sharing(assessment, owner: owner), .kernel)
  }

  /// The re-bind's socket holds the port now.
  private mutating func rebound(_ assessment: Assessment, cookie: UInt64) {
    let key = assessment.key
    // A server that binds its fixed port again begins a new history, and so does a number that nobody held.
    let isAnew =
      !isHandedOut(key) && (assessment.kind == nil || assessment.unreserved != nil)
    claim(key, by: assessment.party)
    opened(
      key,
      Holding(
        cookie: cookie, address: assessment.address, party: assessment.party,
        origin: isAnew ? .byNumber : .rebind(assessment.rebind), openedAt: assessment.at))
    if !isAnew {
      lineages[key]!.rebinds =
        isHandedOut(key) ? assessment.rebind : min(assessment.rebind, Self.mostTrials)
    }
  }

  /// The addresses at which the thief of a finding holds its port.
  public mutating func stole(_ key: PortKey, holding addresses: [SocketAddress]) {
    guard let index = findings.lastIndex(where: { $0.key == key && $0.wasStolen }) else { return }
    findings[index].thiefAddresses = addresses
  }

  /// Adds a finding from another source.
  @discardableResult
  public mutating func add(_ finding: Finding) -> Int {
    findings.append(finding)
    return findings.count - 1
  }

  /// The client of a finding has connected from this address.
  public mutating func connected(_ finding: Int, from address: SocketAddress) {
    findings[finding].connectedFrom = address
  }

  /// Released probes whose port a `bind(0)` of that kind could get a second time, newest first.
  public func outstanding(namespace: UInt64, transport: Transport, isIPv6: Bool) -> [PortKey] {
    lineages.filter { key, lineage in
      guard key.namespace == namespace, key.transport == transport,
        let newest = lineage.holdings.last
      else { return false }
      return newest.releasedAt != nil && newest.isHandedOut && !newest.wasClient && !newest.served
        && newest.address.isIPv6 == isIPv6
    }.sorted { $0.value.holdings.last!.openedAt > $1.value.holdings.last!.openedAt }.map(\.key)
  }

  /// The last socket that got this port.
  public func newest(_ key: PortKey) -> Holding? { lineages[key]?.holdings.last }

  /// How often this port was bound by number since it was handed out or first bound.
  public func rebinds(_ key: PortKey) -> Int { lineages[key]?.rebinds ?? 0 }

  private mutating func claim(_ key: PortKey, by party: Party) {
    guard let lineage = lineages[key] else { return }
    guard lineage.isChosen else {
      // Another process that scans the same numbers does not act for the prober.
      for index in lineage.holdings.indices where party.isOfFamily(lineage.holdings[index].party) {
        lineages[key]!.holdings[index].isClaimed = true
      }
      return
    }
    // The re-bind belongs to the newest probe; an older one still belongs to another owner.
    guard let last = lineage.holdings.lastIndex(where: { $0.isHandedOut && !$0.isClaimed })
    else { return }
    lineages[key]!.holdings[last].isClaimed = true
  }

  private mutating func update(_ cookie: UInt64, _ change: (inout Holding) -> Void) {
    guard let key = keys[cookie] else { return }
    update(key, cookie, change)
  }

  private mutating func update(
    _ key: PortKey, _ cookie: UInt64, _ change: (inout Holding) -> Void
  ) {
    guard let index = lineages[key]?.holdings.lastIndex(where: { $0.cookie == cookie })
    else { return }
    change(&lineages[key]!.holdings[index])
  }

  private mutating func patch(_ cookie: UInt64, _ change: (inout Finding) -> Void) {
    for index in waiting[cookie] ?? [] { change(&findings[index]) }
  }
}
