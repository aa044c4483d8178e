/// What a launcher can ask of a port allocator: the kernel, or the model of it.
public protocol PortAllocator {
  /// `bind(0)`: a port that is held from now on, nil when none is left.
  mutating func drawPort(reuseAddress: Bool) -> Int?
  /// `bind` to a number: whether it was free, and is held from now on.
  mutating func hold(_ port: Int) -> Bool
  /// `close`: the port is free again.
  mutating func release(_ port: Int)
}

/// The kernel's ephemeral port allocator as a value, to compute pools and rates without a kernel.
public struct SimulatedAllocator: PortAllocator, Sendable {
  private let range: EphemeralRange
  private var held: Set<Int> = []
  private var generator: SeededGenerator
  private let plainPasses: [[Int]]
  private let reusePasses: [[Int]]

  /// An allocator with nothing held.
  public init(range: EphemeralRange, seed: UInt64) {
    self.range = range
    generator = SeededGenerator(seed: seed)
    plainPasses = range.passes(reuseAddress: false)
    reusePasses = range.passes(reuseAddress: true)
  }

  public mutating func drawPort(reuseAddress: Bool) -> Int? {
    for pass in reuseAddress ? reusePasses : plainPasses where !pass.isEmpty {
      let start = Int(generator.next(below: UInt64(pass.count)))
      for step in 0..<pass.count {
        let port = pass[(start + step) % pass.count]
        if range.reserved.contains(port) || held.contains(port) { continue }
        held.insert(port)
        return port
      }
    }
    return nil
  }

  public mutating func hold(_ port: Int) -> Bool { held.insert(port).inserted }

  public mutating func release(_ port: Int) { held.remove(port) }
}
