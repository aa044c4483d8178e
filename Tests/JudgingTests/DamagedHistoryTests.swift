import History
import PlanModel
import PortModel
import TestSupport
import Testing

@testable import Judging

/// Histories damaged at random: whatever happens to them, none is judged `ready` that does not show it.
@Suite struct DamagedHistoryTests {
  static let arms = [
    Arm.sample(), Arm.sample(launches: 2),
    Arm.sample(depth: .allocate, launches: 2),
    Arm.sample { $0.ownershipCheck = .off },
    Arm.sample(launches: 2) {
      $0.thieves = [Arm.holder(ports: 4)]
      $0.window.foreignDraws = 4
    },
  ]

  static func pick<Value>(_ values: [Value], _ generator: inout SeededGenerator) -> Value {
    values[Int(generator.next(below: UInt64(values.count)))]
  }

  static func damage(_ endpoint: inout EndpointRecord, _ generator: inout SeededGenerator) {
    switch generator.next(below: 6) {
    case 0: endpoint.bound = pick([0, 40_001, 40_101, 7], &generator)
    case 1: endpoint.requested = pick([0, 40_001], &generator)
    case 2: endpoint.errno = pick([98, 110, 13, 0], &generator)
    case 3: endpoint.ownership = pick(Ownership.allCases, &generator)
    case 4:
      endpoint.holder = Holder(
        kind: pick(Holder.Kind.allCases, &generator), launch: pick([-1, 0, 1, 9], &generator),
        sources: pick(Holder.Sources.allCases, &generator))
    default: endpoint.attempted = pick([0, .max], &generator)
    }
  }

  static func damage(_ history: inout TrialHistory, _ generator: inout SeededGenerator) {
    let launch = Int(generator.next(below: UInt64(history.launches.count)))
    switch generator.next(below: 9) {
    case 0:
      let address = Int(generator.next(below: UInt64(history.launches[launch].advertised.count)))
      history.launches[launch].advertised[address] = pick([0, 40_001, 40_101, 9], &generator)
    case 1: history.launches[launch].errno = pick([98, 110, 32, 13], &generator)
    case 2: history.launches[launch].stage = pick(Stage.allCases, &generator)
    case 3: history.launches[launch].allocationEnded = pick([0, .max], &generator)
    case 4: history.ended.completion = pick(TrialEnded.Completion.allCases, &generator)
    case 5: history.ended.socketsLeft = pick([-1, 0, 3], &generator)
    case 6 where !history.thieves.isEmpty: history.thieves[0].drawnInWindow -= 1
    case _ where !history.servers.isEmpty:
      let server = Int(generator.next(below: UInt64(history.servers.count)))
      switch generator.next(below: 5) {
      case 0: history.servers[server].died = pick([0, 9, 256], &generator)
      case 1, 2: damage(&history.servers[server].input, &generator)
      default: damage(&history.servers[server].output, &generator)
      }
    default: break
    }
  }

  /// What a launch must show to be ready, in other words than the judge's.
  static func showsReady(_ launch: Int, _ history: TrialHistory, _ arm: Arm) -> Bool {
    let own = history.launches[launch]
    let bound = history.servers.flatMap { [$0.input.bound, $0.output.bound] }
    let isClean =
      history.ended.completion == .complete && history.ended.socketsLeft <= 0 && own.errno == 0
      && history.thieves.allSatisfy { $0.drawnInWindow >= $0.wanted } && !own.advertised.contains(0)
      && Set(own.advertised).count == own.advertised.count
    // At depth `allocate` the launch that came first keeps a number that both drew.
    guard arm.depth == .bind else { return isClean }
    let servers = history.servers.filter { $0.launch == launch }
    return isClean
      && own.advertised.allSatisfy { port in bound.filter { $0 == port }.count == 1 }
      && servers.allSatisfy { server in
        [(server.input, server.server), (server.output, 2 + server.server)].allSatisfy {
          $0.errno == 0 && $0.bound == own.advertised[$1]
            && ($0.ownership == .owner || arm.ownershipCheck == .off)
        } && server.died == nil
      }
  }

  @Test func `only what shows that it is ready is judged ready`() {
    var generator = SeededGenerator(seed: 40_443)
    var (ready, failed) = (0, 0)
    for round in 0..<20_000 {
      let arm = Self.pick(Self.arms, &generator)
      var history = TrialHistory(arm)
      for _ in 0..<generator.next(below: 4) { Self.damage(&history, &generator) }
      let trial = TrialJudge(arm: arm).judge(history.events)
      #expect(trial.launches.map(\.launch) == Array(0..<arm.topology.launches))
      for launch in trial.launches {
        if launch.outcome == .ready {
          ready += 1
          #expect(Self.showsReady(launch.launch, history, arm), "round \(round): \(history)")
        } else {
          failed += 1
          #expect(!launch.evidence.isEmpty)
        }
      }
    }
    // Both kinds are there in numbers.
    #expect(ready > 5_000)
    #expect(failed > 5_000)
  }

  @Test func `lines lost, doubled and swapped at random are never judged ready`() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<5_000 {
      let arm = Self.pick(Self.arms, &generator)
      let good = TrialHistory(arm).events
      var events = good
      for _ in 0...generator.next(below: 3) where !events.isEmpty {
        let at = Int(generator.next(below: UInt64(events.count)))
        switch generator.next(below: 3) {
        case 0: events.remove(at: at)
        case 1: events.insert(events[at], at: Int(generator.next(below: UInt64(events.count))))
        default: events.swapAt(at, Int(generator.next(below: UInt64(events.count))))
        }
      }
      let trial = TrialJudge(arm: arm).judge(events)
      #expect(trial.launches.count == arm.topology.launches)
      // The same lines in another order inside of the trial are the same record.
      let isWhole =
        events.first == good.first && events.last == good.last
        && events.count == good.count && good.allSatisfy(events.contains)
      #expect(
        trial.launches.allSatisfy { ($0.outcome == .ready) == isWhole }, "\(trial.launches)")
      if !isWhole { #expect(trial.launches.allSatisfy { $0.outcome == .harnessError }) }
    }
  }
}
