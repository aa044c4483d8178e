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
  /// By port: 1 for one that is held, 2 for a reserved one, which is never given. In one small array, because every step
  /// is a random access.
  private var states = [UInt8](repeating: 0, count: 65_536)
  private var generator: SeededGenerator
  private let plainPasses: [[UInt16]]
  private let reusePasses: [[UInt16]]

  /// An allocator with nothing held.
  public init(range: EphemeralRange, seed: UInt64) {
    for port in range.reserved { states[port] = 2 }
    generator = SeededGenerator(seed: seed)
    plainPasses = range.passes(reuseAddress: false).map { $0.map(UInt16.init) }
    reusePasses = range.passes(reuseAddress: true).map { $0.map(UInt16.init) }
  }

  public mutating func drawPort(reuseAddress: Bool) -> Int? {
    // By index: a copy of a pass would be counted as a reference each time.
    for pass in 0..<(reuseAddress ? reusePasses.count : plainPasses.count) {
      if let port = draw(from: reuseAddress ? reusePasses : plainPasses, pass) { return port }
    }
    return nil
  }

  /// The first port from a random place on that is free.
  @inline(__always)
  private mutating func draw(from passes: [[UInt16]], _ pass: Int) -> Int? {
    let count = passes[pass].count
    if count == 0 { return nil }
    let start = Int(generator.next(below: UInt64(count)))
    var place = start
    repeat {
      let port = Int(passes[pass][place])
      if states[port] == 0 {
        states[port] = 1
        return port
      }
      place += 1
      if place == count { place = 0 }
    } while place != start
    return nil
  }

  public mutating func hold(_ port: Int) -> Bool {
    if states[port] & 1 != 0 { return false }
    states[port] |= 1
    return true
  }

  public mutating func release(_ port: Int) { states[port] &= ~1 }
}
