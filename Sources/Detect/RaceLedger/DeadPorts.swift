/// Connects to numbers that were handed out and released. As long as the run lasts, a program that waits for its server
/// looks the same as one that relies on nobody being there; at the end the first one has bound the number.
public struct DeadPorts: Sendable {
  private var first: [PortKey: Finding] = [:]
  private var order: [PortKey] = []

  public init() {}

  /// Whether a connect to this number is noted already.
  public func knows(_ key: PortKey) -> Bool { first[key] != nil }

  /// A connect to a released number.
  public mutating func connected(
    _ assessment: Ledger.Assessment, to address: SocketAddress, isAnsweredByThief: Bool
  ) {
    guard first[assessment.key] == nil else { return }
    var finding = Finding(
      kind: .deadPort, key: assessment.key, probe: assessment.probe, rebinder: assessment.party,
      rebindAddress: address, reboundAt: assessment.at, rebind: assessment.rebind,
      proof: isAnsweredByThief ? .thief : .duringConnect, result: nil)
    finding.wasStolen = isAnsweredByThief
    first[assessment.key] = finding
    order.append(assessment.key)
  }

  /// Somebody listens on it, or is about to: the connects waited for a server.
  public mutating func hasServer(_ key: PortKey) {
    guard first.removeValue(forKey: key) != nil else { return }
    order.removeAll { $0 == key }
  }

  /// What is left at the end of the run, in the order of the connects.
  public var findings: [Finding] { order.compactMap { first[$0] } }
}

extension Ledger {
  /// Whether the number was handed out, is released, and was no client's own.
  public func isDead(_ key: PortKey) -> Bool {
    guard isHandedOut(key), let holdings = lineages[key]?.holdings, let newest = holdings.last
    else { return false }
    return holdings.allSatisfy { $0.releasedAt != nil } && !newest.wasClient
  }
}
