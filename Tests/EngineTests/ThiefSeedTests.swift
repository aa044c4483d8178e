import History
import PlanModel
import TestSupport
import Testing

@testable import Engine

@Suite(.serialized, .timeLimit(.minutes(20))) struct ThiefSeedTests {
  /// Of each trial, which endpoint the squatter took: it takes just one, by number, before anybody binds.
  private static func victims(_ recording: Recording, arm: Int) -> [Int: [Int]] {
    var found: [Int: [Int]] = [:]
    for trial in recording.trials where trial.started.arm == arm {
      found[trial.started.trial, default: []].append(
        trial.endpoints.firstIndex { $0.errno != 0 } ?? -1)
    }
    return found
  }

  private static let arms = ["fixed-ranges", "sequential-counter"].enumerated().map {
    smallArm(
      $0, $1, servers: 8, workers: .pooled, check: .off,
      thieves: [thief("port-squatter", ["ports": 1])], trials: 40)
  }

  /// An endpoint is the victim as likely as any other. That 40 trials know 6 of 16 or fewer has a probability of
  /// C(16, 6)·(6/16)^40 < 1e-13. Workers, and the thieves with them, are started anew ten times in between.
  @Test func `a thief chooses anew in every trial`() throws {
    let run = try SmallRun(Self.arms)
    let recording = try run.perform()
    for arm in Self.arms.indices {
      let victims = Self.victims(recording, arm: arm)
      #expect(victims.count == 40)
      #expect(Set(victims.values.joined()).count > 6, "\(victims)")
    }
  }

  @Test func `a thief chooses in a repeated trial as it did in the first place`() throws {
    let first = try SmallRun(Self.arms).perform()
    let plan = ResolvedPlan(version: 1, name: "small", title: "small", seed: 7, arms: Self.arms)
    for trial in [3, 17] {
      let victim = try #require(Self.victims(first, arm: 1)[trial])
      let again = Recording()
      try Run(
        plan: plan, schedule: Schedule(plan: plan, arm: 1, trial: trial, repeated: 5),
        worker: Built.worker, isolation: .preferred, interruption: Interruption()
      ).perform(again)
      #expect(Self.victims(again, arm: 1)[trial] == Array(repeating: victim[0], count: 5))
    }
  }
}
