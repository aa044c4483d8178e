/// Launches that take ports as a strategy does, trial after trial, on the kernel's allocator or on the model of it. For
/// rates that have no closed form, and to hold the closed forms to.
public struct LaunchSimulation: Sendable {
  /// How a launch comes by its numbers.
  public enum Method: Sendable, CaseIterable {
    /// Each is drawn, let go at once, and bound later.
    case probes
    /// As `probes`; a number that the launch has already is drawn again.
    case distinctProbes
    /// All are drawn and held together, let go together, and bound later.
    case heldTogether
    /// Each is drawn and kept.
    case kept
  }

  /// How many trials and launches there were, and how many failed.
  public struct Counts: Sendable, Equatable {
    public var trials = 0
    /// Trials in which a launch failed.
    public var failedTrials = 0
    public var launches = 0
    public var failedLaunches = 0
  }

  public var method: Method
  /// Parallel launches, at least 1.
  public var launches: Int
  /// Addresses of each launch, at least 1.
  public var addresses: Int
  /// Ports that others hold before, which every draw passes over.
  public var residents: Int
  /// Ports that others draw after the launches have their numbers, and hold.
  public var foreignDraws: Int

  public init(
    method: Method, launches: Int = 1, addresses: Int, residents: Int = 0, foreignDraws: Int = 0
  ) {
    self.method = method
    self.launches = launches
    self.addresses = addresses
    self.residents = residents
    self.foreignDraws = foreignDraws
  }

  /// Runs trials on the model of the kernel's allocator. About a million a second for 32 addresses, optimised.
  public func simulate(range: EphemeralRange, trials: Int, seed: UInt64) -> Counts {
    var allocator = SimulatedAllocator(range: range, seed: seed)
    return run(on: &allocator, trials: trials, seed: seed &+ 1)
  }

  /// Runs trials. Everything is free again after each.
  /// - Parameter seed: of the order in which the numbers are bound.
  public func run(
    on allocator: inout some PortAllocator, trials: Int, seed: UInt64
  ) -> Counts {
    var trial = Trial(self, seed: seed)
    var counts = Counts()
    for _ in 0..<trials { trial.run(on: &allocator, into: &counts) }
    return counts
  }

  /// The memory of a trial, used again for the next one.
  private struct Trial {
    let plan: LaunchSimulation
    var generator: SeededGenerator
    /// Each number with its launch, in the order of drawing, then of binding.
    var numbers: [(launch: Int, port: Int)] = []
    var held: [Int] = []
    var hasFailed: [Bool]

    init(_ plan: LaunchSimulation, seed: UInt64) {
      self.plan = plan
      generator = SeededGenerator(seed: seed)
      hasFailed = Array(repeating: false, count: plan.launches)
      numbers.reserveCapacity(plan.launches * plan.addresses)
      held.reserveCapacity(
        plan.residents + plan.foreignDraws + plan.launches * plan.addresses)
    }

    mutating func run(on allocator: inout some PortAllocator, into counts: inout Counts) {
      numbers.removeAll(keepingCapacity: true)
      held.removeAll(keepingCapacity: true)
      for launch in 0..<plan.launches { hasFailed[launch] = false }
      drawForOthers(plan.residents, &allocator)
      for launch in 0..<plan.launches { draw(launch, &allocator) }
      drawForOthers(plan.foreignDraws, &allocator)
      if plan.method != .kept { bind(&allocator) }
      let failed = hasFailed.count { $0 }
      counts.trials += 1
      counts.launches += plan.launches
      counts.failedLaunches += failed
      if failed > 0 { counts.failedTrials += 1 }
      for port in held { allocator.release(port) }
    }

    private mutating func drawForOthers(_ count: Int, _ allocator: inout some PortAllocator) {
      for _ in 0..<count {
        guard let port = allocator.drawPort(reuseAddress: false) else { return }
        held.append(port)
      }
    }

    private mutating func draw(_ launch: Int, _ allocator: inout some PortAllocator) {
      let first = numbers.count
      for _ in 0..<plan.addresses {
        guard let port = number(after: first, &allocator) else {
          hasFailed[launch] = true
          break
        }
        numbers.append((launch, port))
        switch plan.method {
        case .probes, .distinctProbes: allocator.release(port)
        case .kept: held.append(port)
        case .heldTogether: break
        }
      }
      guard plan.method == .heldTogether else { return }
      for place in first..<numbers.count { allocator.release(numbers[place].port) }
    }

    /// The next number of a launch whose numbers begin at `first`.
    private func number(after first: Int, _ allocator: inout some PortAllocator) -> Int? {
      // A launch that has every port already would draw for ever.
      for _ in 0..<100_000 {
        guard let port = allocator.drawPort(reuseAddress: false) else { return nil }
        guard plan.method == .distinctProbes,
          numbers[first...].contains(where: { $0.port == port })
        else { return port }
        allocator.release(port)
      }
      return nil
    }

    /// The processes come in any order.
    private mutating func bind(_ allocator: inout some PortAllocator) {
      // Among themselves a launch's numbers fail in any order or in none.
      if plan.launches > 1 { generator.shuffle(&numbers) }
      for (launch, port) in numbers {
        if allocator.hold(port) { held.append(port) } else { hasFailed[launch] = true }
      }
    }
  }
}
