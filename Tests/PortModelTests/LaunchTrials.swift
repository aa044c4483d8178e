import Glibc
import PortModel
import Testing

/// One launch on an allocator, the kernel's or the model's: residents hold ports, it decides on numbers, others draw
/// ports and hold them, and it binds.
struct LaunchTrial: Sendable, CustomTestStringConvertible {
  var range: EphemeralRange
  /// Ports that are held before, and seen.
  var residents = 0
  /// Addresses of the launch.
  var addresses: Int
  /// Ports that others draw afterwards.
  var draws = 0
  /// Where the launch counts its numbers from; it probes them if nil.
  var base: Int?
  /// Where others count theirs from; they draw them if nil.
  var scanBase: Int?
  var testDescription: String {
    "\(residents) residents, \(addresses) addresses, \(draws) draws, base \(base ?? 0), scan \(scanBase ?? 0)"
  }

  /// The cases in which the choice of the next free port matters, or a base is in the pool.
  static let cases = [
    LaunchTrial(range: pool, residents: 40, addresses: 8),
    LaunchTrial(range: pool, residents: 40, addresses: 6, draws: 12),
    LaunchTrial(range: pool, residents: 150, addresses: 3, draws: 10),
    // All of the first parity is held, and a fifth of the other one.
    LaunchTrial(range: pool, residents: 240, addresses: 6, draws: 5),
    LaunchTrial(range: pool, draws: 30, base: 40_101),
    LaunchTrial(range: pool, residents: 20, draws: 10, base: 40_390),
    LaunchTrial(range: pool, addresses: 6, draws: 20, scanBase: 40_051),
  ]

  /// 200 ports at each parity.
  static let pool = EphemeralRange(40_000...40_399)

  init(
    range: EphemeralRange, residents: Int = 0, addresses: Int = 8, draws: Int = 0,
    base: Int? = nil, scanBase: Int? = nil
  ) {
    self.range = range
    self.residents = residents
    self.addresses = addresses
    self.draws = draws
    self.base = base
    self.scanBase = scanBase
  }

  /// The same for theory.
  var conditions: LaunchConditions {
    let first = range.firstChoice()
    let numbers = base.map { $0..<$0 + addresses }
    let scanned = scanBase.map { $0..<$0 + draws }
    return LaunchConditions(
      model: base == nil ? .probeThenBind : .outsideThePool, range: range,
      addressesPerLaunch: addresses,
      foreignDraws: scanned.map { ports in first.count(where: ports.contains) } ?? draws,
      residents: residents,
      numbersInPool: numbers.map { ports in first.count(where: ports.contains) } ?? 0)
  }

  /// Whether the launch loses a number. Everything is free again afterwards.
  func loses(_ allocator: inout some PortAllocator) -> Bool {
    var held = (0..<residents).map { _ in allocator.drawPort(reuseAddress: false)! }
    let own = (0..<addresses).map { address in
      if let base { return base + address }
      let port = allocator.drawPort(reuseAddress: false)!
      allocator.release(port)
      return port
    }
    for step in 0..<draws {
      if let scanBase {
        if allocator.hold(scanBase + step) { held.append(scanBase + step) }
      } else if let port = allocator.drawPort(reuseAddress: false) {
        held.append(port)
      }
    }
    var bound: [Int] = []
    for port in own where allocator.hold(port) { bound.append(port) }
    for port in held + bound { allocator.release(port) }
    return bound.count < addresses
  }
}

/// What churns: arrivals of a Poisson process draw, each holds for a while and lets go.
struct Churn: Sendable, CustomTestStringConvertible {
  var slots = 100
  var addresses = 10
  /// Draws a second.
  var rate: Double
  /// For how long each is held, on average, in seconds.
  var hold: Double
  /// From the probes to the bind, in seconds.
  var window: Double
  var isExponential = false
  var foreign = 0
  var testDescription: String {
    "\(rate)/s for \(hold) s in \(window) s, \(foreign) held, exponential: \(isExponential)"
  }

  static let cases = [
    Churn(rate: 40, hold: 1, window: 0.5), Churn(rate: 40, hold: 0.5, window: 1),
    Churn(rate: 40, hold: 0.5, window: 1, isExponential: true),
    Churn(rate: 30, hold: 0.5, window: 0.5, foreign: 6),
  ]

  var range: EphemeralRange { EphemeralRange(32_768...32_767 + 2 * slots) }

  /// The mean of what is held at the window's end: M/G/∞.
  var mean: Double {
    rate * (isExponential ? -hold * expm1(-window / hold) : min(window, hold))
  }

  /// The same for theory.
  var conditions: LaunchConditions {
    LaunchConditions(
      model: .distinctProbes, range: range, addressesPerLaunch: addresses, foreignDraws: foreign,
      churnRatePerSecond: rate, churnHoldSeconds: mean / rate, windowSeconds: window)
  }

  /// One launch probes different numbers, others draw and hold through the window, churn draws and lets go. Whether it
  /// loses a port. The time is simulated, whoever gives the ports; all are free again afterwards.
  func loses(_ allocator: inout some PortAllocator, seed: UInt64) -> Bool {
    var generator = SeededGenerator(trialSeed: seed, for: .thief)
    var own: Set<Int> = []
    while own.count < addresses {
      let port = allocator.drawPort(reuseAddress: false)!
      allocator.release(port)
      own.insert(port)
    }
    let held = (0..<foreign).map { _ in allocator.drawPort(reuseAddress: false)! }
    var churned: [(due: Double, port: Int)] = []
    var now = generator.exponential(mean: 1 / rate)
    while now < window {
      for item in churned where item.due <= now { allocator.release(item.port) }
      churned.removeAll { $0.due <= now }
      let time = isExponential ? generator.exponential(mean: hold) : hold
      churned.append((now + time, allocator.drawPort(reuseAddress: false)!))
      now += generator.exponential(mean: 1 / rate)
    }
    let taken = held + churned.filter { $0.due > window }.map(\.port)
    for port in held + churned.map(\.port) { allocator.release(port) }
    return !own.isDisjoint(with: taken)
  }
}
