import PortModel
import Statistics
import Syscalls
import Testing

/// The kernel behind the protocol of the model: plain sockets confined to a range (`IP_LOCAL_PORT_RANGE`), so
/// that neither privilege nor namespace is needed.
private struct KernelAllocator: PortAllocator {
  let range: ClosedRange<Int>
  var sockets: [Int: Int32] = [:]

  mutating func drawPort(reuseAddress: Bool) -> Int? {
    guard let socket = try? TCPSocket.open() else { return nil }
    do {
      try TCPSocket.confine(socket, to: range)
      if reuseAddress { try TCPSocket.allowAddressReuse(socket) }
      try TCPSocket.bind(socket, .loopback, port: 0)
      let port = Int(try TCPSocket.port(of: socket))
      sockets[port] = socket
      return port
    } catch {
      closeDescriptor(socket)
      return nil
    }
  }

  mutating func hold(_ port: Int) -> Bool {
    guard let socket = try? TCPSocket.open() else { return false }
    do {
      try TCPSocket.bind(socket, .loopback, port: UInt16(port))
      sockets[port] = socket
      return true
    } catch {
      closeDescriptor(socket)
      return false
    }
  }

  mutating func release(_ port: Int) {
    if let socket = sockets.removeValue(forKey: port) { closeDescriptor(socket) }
  }

  static let isAvailable: Bool = {
    guard let socket = try? TCPSocket.open() else { return false }
    defer { closeDescriptor(socket) }
    return (try? TCPSocket.confine(socket, to: 40_000...40_199)) != nil
  }()
}

/// The same questions to the model and to the kernel. In a network namespace of their own where that is allowed: on
/// the host any process may hold a port of these ranges meanwhile.
@Suite(.enabled(if: KernelAllocator.isAvailable, "needs IP_LOCAL_PORT_RANGE, Linux 6.3"))
struct KernelParityTests {
  static func duplicates(_ allocator: inout some PortAllocator, draws: Int, trials: Int) -> Int {
    (0..<trials).filter { _ in
      var seen: Set<Int> = []
      return (0..<draws).filter { _ in
        guard let port = allocator.drawPort(reuseAddress: false) else { return true }
        allocator.release(port)
        return !seen.insert(port).inserted
      }.isEmpty == false
    }.count
  }

  @Test func `duplicates come as often from the kernel as from the model`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      var kernel = KernelAllocator(range: 40_000...40_399)
      var model = SimulatedAllocator(range: EphemeralRange(40_000...40_399), seed: 3)
      let seen = Self.duplicates(&kernel, draws: 12, trials: 2_000)
      let simulated = Self.duplicates(&model, draws: 12, trials: 2_000)
      // False alarm: 1e-6, the level of the exact test.
      #expect(
        FisherExact.pValue(seen, outOf: 2_000, simulated, outOf: 2_000) > 1e-6,
        "\(seen) of the kernel's trials, \(simulated) of the model's")
      let predicted = FailureRate.duplicates(draws: 12, slots: 200)
      #expect(
        BinomialTest.pValue(seen, outOf: 2_000, rate: predicted) > 1e-6,
        "\(seen) of 2,000, predicted \(predicted)")
    }
  }

  /// Residents, churn, and bases in the pool. False alarm: 1e-6 in each case, the level of the exact test.
  @Test func `the kernel loses ports as often as theory predicts`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      let trials = 1_000
      func check(_ what: String, _ conditions: LaunchConditions, _ lost: Int) throws {
        let rate = try #require(FailureRate.predict(conditions)).perLaunch
        let p = BinomialTest.pValue(lost, outOf: trials, rate: rate)
        #expect(p > 1e-6, "\(what): \(lost) of \(trials), predicted \(rate)")
      }
      for trial in LaunchTrial.cases {
        var kernel = KernelAllocator(range: trial.range.ports)
        let lost = (0..<trials).count { _ in trial.loses(&kernel) }
        try check(trial.testDescription, trial.conditions, lost)
      }
      for churn in Churn.cases {
        var kernel = KernelAllocator(range: churn.range.ports)
        let lost = (0..<trials).count { churn.loses(&kernel, seed: UInt64($0) &* 49_979_687) }
        try check(churn.testDescription, churn.conditions, lost)
      }
    }
  }

  /// What `predict` simulates. False alarm: 1e-6 in each case, the level of the exact test.
  @Test func `simulated launches fail as often as the kernel's`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      for simulation in SimulatedCases.all {
        var kernel = KernelAllocator(range: SimulatedCases.pool.ports)
        let seen = simulation.run(on: &kernel, trials: 500, seed: 3)
        let model = simulation.simulate(range: SimulatedCases.pool, trials: 4_000, seed: 4)
        let p = FisherExact.pValue(
          seen.failedTrials, outOf: seen.trials, model.failedTrials, outOf: model.trials)
        #expect(p > 1e-6, "\(simulation): the kernel \(seen), the model \(model)")
      }
    }
  }

  @Test func `every first choice of the kernel is one of the model's`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      for reuseAddress in [false, true] {
        var kernel = KernelAllocator(range: 41_000...41_099)
        let expected = Set(EphemeralRange(41_000...41_099).firstChoice(reuseAddress: reuseAddress))
        var seen: Set<Int> = []
        for _ in 0..<2_000 {
          guard let port = kernel.drawPort(reuseAddress: reuseAddress) else { continue }
          seen.insert(port)
          kernel.release(port)
        }
        // Of at most 50 ports, one is missed by 2,000 uniform draws with probability below 50·(49/50)^2000 < 1e-15.
        #expect(
          seen == expected,
          "SO_REUSEADDR \(reuseAddress): \(seen.symmetricDifference(expected).sorted()) differ")
      }
    }
  }

  @Test func `a full range is exhausted at the same count, the other parity last`() async {
    await #expect(processExitsWith: .success) {
      _ = Namespace.enter(allowed: true)
      let range = EphemeralRange(42_000...42_039)
      var kernel = KernelAllocator(range: range.ports)
      var model = SimulatedAllocator(range: range, seed: 5)
      let odd = Array(stride(from: 42_001, through: 42_039, by: 2))
      for (name, ports) in [
        ("kernel", (0..<41).map { _ in kernel.drawPort(reuseAddress: false) }),
        ("model", (0..<41).map { _ in model.drawPort(reuseAddress: false) }),
      ] {
        #expect(ports.prefix(20).compactMap(\.self).sorted() == odd, "\(name): \(ports)")
        #expect(
          ports.dropFirst(20).prefix(20).compactMap(\.self).sorted() == odd.map { $0 - 1 },
          "\(name): \(ports)")
        #expect(ports.last == .some(nil), "\(name): \(ports)")
      }
    }
  }

  @Test func `reserved ports are never drawn by the model`() {
    let range = EphemeralRange(23_000...23_019, reserved: [23_001, 23_003, 23_004])
    #expect(range.slots() == 8)
    #expect(range.capacity == 17)
    var model = SimulatedAllocator(range: range, seed: 1)
    let drawn = (0..<17).compactMap { _ in model.drawPort(reuseAddress: false) }
    #expect(Set(drawn).count == 17)
    #expect(Set(drawn).isDisjoint(with: range.reserved))
    #expect(model.drawPort(reuseAddress: false) == nil)
  }

  @Test func `the default range has 14,116 first choices, and half with SO_REUSEADDR`() {
    let range = EphemeralRange(32768...60999)
    #expect(range.slots() == 14_116)
    #expect(range.slots(reuseAddress: true) == 7_058)
    #expect(range.firstChoice(reuseAddress: true).max() == 46_883)
  }
}
