internal import PortModel

/// Chooses the ports that a targeted thief takes: some of the launches' own ports, in a random order. An endpoint that
/// has no port when the window is open can no longer be robbed once it is bound.
struct NumberHunt {
  private let count: Int
  private var generator: SeededGenerator
  /// Endpoints that had no port when the window was open.
  private var pending: [Int] = []

  init(count: Int, seed: UInt64) {
    self.count = count
    generator = SeededGenerator(seed: seed)
  }

  /// How many ports to take.
  func quota(_ loot: Loot) -> Int { min(count, loot.endpointCount) }

  /// The ports to take when the window is open.
  mutating func inWindow(_ loot: Loot) -> [UInt16] {
    pending = []
    var endpoints = Array(0..<loot.endpointCount)
    generator.shuffle(&endpoints)
    var numbers: [UInt16] = []
    for endpoint in endpoints.prefix(count) {
      if let port = loot.number(of: endpoint) {
        numbers.append(port)
      } else {
        pending.append(endpoint)
      }
    }
    return numbers
  }

  /// The ports to take once everything is bound: those that were unknown before.
  mutating func onceBound(_ loot: Loot) -> [UInt16] {
    defer { pending = [] }
    return pending.compactMap { loot.number(of: $0) }
  }
}
