internal import PortModel

/// The choice of numbers that thieves go for by name: so many of the launches' own, in a random order. What has no
/// number when the window is open is gone for once it is bound.
struct NumberHunt {
  private let count: Int
  private var generator: SeededGenerator
  /// Endpoints that had no number when the window was open.
  private var pending: [Int] = []

  init(count: Int, seed: UInt64) {
    self.count = count
    generator = SeededGenerator(seed: seed)
  }

  /// How many numbers there are to go for.
  func quota(_ loot: Loot) -> Int { min(count, loot.endpointCount) }

  /// The numbers to go for when the window is open.
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

  /// The numbers to go for once all is bound: those that there were not before.
  mutating func onceBound(_ loot: Loot) -> [UInt16] {
    defer { pending = [] }
    return pending.compactMap { loot.number(of: $0) }
  }
}
