import Foundation
import History
import PlanModel
import TestSupport
import Testing

@testable import Engine

@Suite(.serialized, .timeLimit(.minutes(10))) struct LaneTests {
  /// Collects events from several threads.
  private final class SafeRecording: Run.Observer {
    private let lock = NSLock()
    private let recording = Recording()
    private let limit: Int

    init(limit: Int = .max) { self.limit = limit }

    func append(_ events: [Event]) throws {
      lock.lock()
      defer { lock.unlock() }
      try recording.append(events)
    }

    func needsMore(arm: Int) -> Bool {
      lock.lock()
      defer { lock.unlock() }
      return recording.trials.count { $0.started.arm == arm } < limit
    }

    var trials: [Recording.Trial] { recording.trials }
    var events: [Event] { recording.events }
  }

  @Test func `lanes run the same trials, each in a namespace of its own`() throws {
    // All arms want the same fixed numbers: in one namespace they would take them from one another.
    let arms = (0..<6).map { smallArm($0, "fixed-ranges", servers: 2, trials: 20) }
    let recording = SafeRecording()
    try SmallRun(arms, isolation: .required, lanes: 3).run.perform(recording)
    #expect(recording.trials.count == 120)
    for arm in arms {
      let trials = recording.trials.filter { $0.started.arm == arm.index }
      #expect(trials.map(\.started.trial) == Array(0..<20))
      for trial in trials { #expect(trial.isReady(arm.ownershipCheck), "\(trial)") }
    }
    #expect(Set(recording.trials.map(\.started.lane)).count > 1)
  }

  @Test(arguments: [1, 2]) func `an arm ends when the observer needs no more`(_ lanes: Int) throws {
    // Without a thief the next trial is prepared while the last one is recorded.
    let arms = (0..<3).map { smallArm($0, "probe-then-bind", servers: 2, trials: 200) }
    let recording = SafeRecording(limit: 7)
    try SmallRun(arms, lanes: lanes).run.perform(recording)
    for arm in arms {
      let trials = recording.trials.filter { $0.started.arm == arm.index }
      #expect(trials.map(\.started.trial) == Array(0..<7))
    }
    guard case .runEnded(let end)? = recording.events.last else {
      Issue.record("no end")
      return
    }
    #expect(!end.interrupted)
  }

  @Test func `a budget ends a run that is no interruption`() throws {
    let arms = (0..<3).map { smallArm($0, "inherited-listener", servers: 2, trials: 100_000) }
    let recording = SafeRecording()
    try SmallRun(arms, budgetSeconds: 1).run.perform(recording)
    let counts = arms.map { arm in recording.trials.count { $0.started.arm == arm.index } }
    #expect(counts.min()! > 0)
    #expect(counts.max()! < 100_000)
    guard case .runEnded(let end)? = recording.events.last else {
      Issue.record("no end")
      return
    }
    #expect(!end.interrupted)
  }

  @Test func `without a namespace there is one lane`() throws {
    let small = try SmallRun([smallArm(0, "inherited-listener")], isolation: .off, lanes: 2)
    #expect(small.run.laneCount == 1)
  }
}
