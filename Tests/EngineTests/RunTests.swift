import Glibc
import History
import PlanModel
import RunContract
import TestSupport
import Testing

@testable import Engine

@Suite(.serialized, .timeLimit(.minutes(20))) struct RunTests {
  /// Strategies x workers x sockets x barriers x checks, the binding kinds of arms all.
  static let everyKind: [Arm] = {
    var arms: [Arm] = []
    for strategy in strategies {
      for workers in WorkerKind.allCases {
        for sockets in SocketKind.allCases {
          for barrier in Barrier.Kind.allCases {
            for check in OwnershipCheck.allCases {
              // A thousand ports: rare self-collisions of probe-then-bind are complete records, too.
              arms.append(
                smallArm(
                  arms.count, strategy, servers: 2,
                  barrier: Barrier(kind: barrier, arrivalSkewMicroseconds: 50), workers: workers,
                  sockets: sockets, check: check, trials: 2))
            }
          }
        }
      }
    }
    return arms
  }()

  @Test func `every kind of arm gives complete records`() throws {
    let recording = try SmallRun(Self.everyKind).perform()
    #expect(recording.trials.count == 2 * Self.everyKind.count)
    #expect(recording.end?.interrupted == false)
    for trial in recording.trials {
      let arm = Self.everyKind[trial.started.arm]
      let name =
        "\(arm.strategy.name) \(arm.workers) \(arm.sockets) \(arm.barrier.kind) \(arm.ownershipCheck)"
      let ended = try #require(trial.ended, "\(name)")
      #expect(ended.completion == .complete, "\(name)")
      #expect(ended.socketsLeft <= 0, "\(name)")
      #expect(ended.barrierOpened > 0 && ended.at > ended.barrierOpened, "\(name)")
      #expect(trial.launches.count == 1 && trial.servers.count == 2, "\(name)")
      let launch = trial.launches[0]
      #expect(launch.errno == 0 && launch.stage == .none && launch.pid > 0, "\(name)")
      #expect(launch.allocationEnded >= launch.allocationStarted, "\(name)")
      #expect(launch.allocationStarted >= trial.started.at, "\(name)")
      for server in trial.servers {
        #expect(server.died == nil && server.pid > 0, "\(name)")
        #expect(server.released >= launch.allocationEnded, "\(name)")
        #expect(server.input.attempted >= server.released, "\(name)")
        #expect(server.input.finished >= server.input.attempted, "\(name)")
      }
      if trial.endpoints.allSatisfy({ $0.bound != 0 }) {
        #expect(trial.isReady(arm.ownershipCheck), "\(name): \(trial.servers)")
        let ports = trial.servers.map(\.input.bound) + trial.servers.map(\.output.bound)
        #expect(Set(ports).count == 4, "\(name)")
        #expect(launch.advertised == ports, "\(name)")
        #expect(ports.allSatisfy { (42_000...42_999).contains($0) }, "\(name)")
      } else {
        // Only probe-then-bind may lose, and only to itself; then it says so.
        #expect(arm.strategy.name == "probe-then-bind")
        let lost = trial.endpoints.filter { $0.errno != 0 }
        #expect(!lost.isEmpty && lost.allSatisfy { $0.errno == EADDRINUSE }, "\(name)")
      }
    }
    #expect(Set(recording.trials.map(\.started.arm)).count == Self.everyKind.count)
  }

  @Test func `pooled processes serve all trials of an arm, fresh ones one trial each`() throws {
    let recording = try SmallRun([
      smallArm(0, "inherited-listener", workers: .pooled),
      smallArm(1, "inherited-listener", workers: .fresh),
    ]).perform()
    for arm in 0...1 {
      let pids = recording.trials.filter { $0.started.arm == arm }.map { $0.servers.map(\.pid) }
      // The two arms take turns in blocks, and a block begins with a new pool.
      let distinct = Set(pids.flatMap { $0 }).count
      if arm == 0 {
        #expect(distinct < 4 * pids.count)
      } else {
        #expect(distinct == 4 * pids.count)
      }
    }
  }

  /// The ownership check keeps its own sockets from trial to trial; they are no launch's.
  @Test func `what a launch holds in the window is counted, and nothing else`() throws {
    let run = try SmallRun([
      smallArm(0, "probe-then-bind", trials: 30), smallArm(1, "inherited-listener", trials: 30),
    ])
    try #require(run.run.isolation != .none, "\(run.run.isolationProblem)")
    let recording = try run.perform()
    for (arm, held) in [(0, 0), (1, 8)] {
      let counted = recording.trials.filter { $0.started.arm == arm }
        .compactMap { $0.ended?.socketsInWindow }.filter { $0 >= 0 }
      #expect(counted.count > 1, "once a block")
      #expect(counted.allSatisfy { $0 == held }, "arm \(arm): \(counted)")
    }
  }

  /// 8 addresses from 8 slots: all different with probability 8!/8^8 = 0.0024. Twenty such trials all without a
  /// collision have a probability below 1e-50; the control fails.
  @Test(arguments: WorkerKind.allCases)
  func `the must-fail control fails, to itself, and both records name the holder`(
    workers: WorkerKind
  ) throws {
    let run = try SmallRun([
      smallArm(
        0, "probe-then-bind", pool: PortPool(low: 42_000, high: 42_015), workers: workers,
        trials: 20)
    ])
    try #require(run.run.isolation != .none, "\(run.run.isolationProblem)")
    let recording = try run.perform()
    let lost = recording.trials.flatMap(\.endpoints).filter { $0.errno == EADDRINUSE }
    #expect(!lost.isEmpty)
    for endpoint in lost {
      // With SO_REUSEADDR, as libzmq sets it, two may be bound before one listens: the other's listen fails.
      #expect(endpoint.stage == .bind || endpoint.stage == .listen, "\(endpoint)")
      #expect(endpoint.bound == 0 && endpoint.requested != 0, "\(endpoint)")
      let holder = try #require(endpoint.holder)
      #expect(holder.kind == .apiServer && holder.launch == 0, "\(holder)")
      #expect(holder.sources == .eventsAndKernel, "\(holder)")
    }
    #expect(recording.trials.allSatisfy { $0.ended?.completion == .complete })
  }

  @Test func `depth allocate binds nothing and finds the duplicates`() throws {
    let recording = try SmallRun([
      smallArm(
        0, "probe-then-bind", depth: .allocate, pool: PortPool(low: 42_000, high: 42_015),
        trials: 20)
    ]).perform()
    #expect(recording.trials.count == 20)
    #expect(recording.trials.allSatisfy { $0.servers.isEmpty && $0.launches.count == 1 })
    #expect(recording.trials.allSatisfy { $0.launches[0].advertised.allSatisfy { $0 != 0 } })
    // As above: chance of no duplicate at all is below 1e-50.
    #expect(recording.trials.contains { Set($0.launches[0].advertised).count < 8 })
  }

  @Test func `parallel launches are recorded one by one`() throws {
    let recording = try SmallRun([smallArm(0, "wildcard-report-back", launches: 3, servers: 2)])
      .perform()
    for trial in recording.trials {
      #expect(trial.launches.map(\.launch) == [0, 1, 2])
      #expect(trial.servers.map(\.launch) == [0, 0, 1, 1, 2, 2])
      #expect(trial.servers.map(\.server) == [0, 1, 0, 1, 0, 1])
      #expect(Set(trial.servers.map(\.pid)).count == 6)
      #expect(trial.isReady(.full))
    }
  }

  @Test func `the pool is set, read back and recorded for every arm`() throws {
    let arms = [
      smallArm(0, "probe-then-bind", scenario: "a"),
      smallArm(
        1, "probe-then-bind", scenario: "b", pool: PortPool(low: 50_001, high: 50_100)),
    ]
    let run = try SmallRun(arms)
    try #require(run.run.isolation != .none, "\(run.run.isolationProblem)")
    let recording = try run.perform()
    var current: PoolSet?
    for event in recording.events {
      if case .poolSet(let pool) = event { current = pool }
      if case .trialStarted(let start) = event {
        let pool = arms[start.arm].pool
        #expect(current?.low == pool.low && current?.high == pool.high)
      }
    }
    #expect(
      recording.trials.allSatisfy { trial in
        let pool = arms[trial.started.arm].pool
        return trial.launches[0].advertised.allSatisfy {
          (pool.low...pool.high).contains(Int($0))
        }
      })
  }

  @Test func `a thief draws its quota in the window and holds it at the release`() throws {
    let recording = try SmallRun([
      smallArm(
        0, "inherited-listener", window: Window(milliseconds: 1, foreignDraws: 20),
        thieves: [thief("bind-hold", ["ports": 20])])
    ]).perform()
    for trial in recording.trials {
      #expect(trial.thieves.map(\.wanted) == [20])
      #expect(trial.thieves.map(\.drawnInWindow) == [20])
      #expect(trial.thieves.map(\.heldAtRelease) == [20])
      #expect(trial.isReady(.full))
      let opened = try #require(trial.ended).barrierOpened
      #expect(opened >= trial.launches[0].allocationEnded + 1_000_000, "the window was cut short")
    }
  }

  @Test func `a thief that cannot draw its quota says how much it has and why`() throws {
    // 16 ports, 8 of them held by the launch: the thief gets 8 of the 30 it wants.
    let recording = try SmallRun([
      smallArm(
        0, "inherited-listener", pool: PortPool(low: 42_000, high: 42_015), check: .kernel,
        thieves: [thief("bind-hold", ["ports": 30])], trials: 3)
    ]).perform()
    #expect(recording.trials.count == 3)
    for trial in recording.trials {
      #expect(trial.ended?.completion == .complete)
      #expect(trial.thieves.map(\.wanted) == [30])
      #expect(trial.thieves.map(\.drawnInWindow) == [8])
      #expect(trial.thieves.map(\.errno) == [EADDRINUSE])
      #expect(trial.isReady(.kernel))
    }
  }

  @Test func `a window that waits for draws nobody makes ends in a timeout`() throws {
    let recording = try SmallRun([
      smallArm(
        0, "inherited-listener", window: Window(foreignDraws: 21),
        thieves: [thief("bind-hold", ["ports": 20])], trials: 2, timeout: 200)
    ]).perform()
    #expect(recording.trials.compactMap(\.ended?.completion) == [.timeoutWindow, .timeoutWindow])
  }

  @Test func `a churning thief draws all through the trial`() throws {
    // 5,000 draws a second: a window of 20 ms without one has a probability of exp(-100).
    let recording = try SmallRun([
      smallArm(
        0, "wildcard-report-back", window: Window(milliseconds: 20),
        thieves: [thief("bind-churn", ["rate_per_second": 5_000, "hold_ms": 1])], trials: 3)
    ]).perform()
    #expect(recording.trials.allSatisfy { $0.thieves[0].drawnInWindow > 0 })
    #expect(recording.trials.allSatisfy { $0.ended?.completion == .complete })
  }
}

@Suite(.serialized, .timeLimit(.minutes(20))) struct DisturbedRunTests {
  @Test func `an interrupted run drops the trial under way and ends its file`() throws {
    let run = try SmallRun([smallArm(0, "inherited-listener", trials: 100_000)])
    run.recording.afterTrial = { [interruption = run.interruption] trial in
      if trial.started.trial == 3 { interruption.request(signal: SIGINT) }
    }
    let recording = try run.perform()
    #expect(recording.trials.map(\.started.trial) == [0, 1, 2, 3])
    #expect(recording.end?.interrupted == true)
    #expect(!Kernel.isRunning(run.run.workerHostPid))
  }

  @Test func `a run that was interrupted before it began runs nothing`() throws {
    let run = try SmallRun([smallArm(0, "inherited-listener")])
    run.interruption.request(signal: SIGTERM)
    let recording = try run.perform()
    #expect(recording.trials.isEmpty)
    #expect(recording.end?.interrupted == true)
  }

  /// Kills a process of the first trial in its window, from another thread, and returns the trials.
  private func trials(
    killing name: String, workers: WorkerKind, strategy: String = "inherited-listener",
    sockets: SocketKind = .tcp
  ) throws -> [Recording.Trial] {
    // The window gives the time to find the process. It is long in all three trials, so that a slow machine
    // does not find the process of a later trial, or none.
    let run = try SmallRun([
      smallArm(
        0, strategy, window: Window(milliseconds: 400), workers: workers, sockets: sockets,
        trials: 3, timeout: 2_000)
    ])
    let host = run.run.workerHostPid
    let killer = whenProcess(named: name, isInTheWindowOf: host) { kill($0, SIGKILL) }
    defer { killer.join() }
    return try run.perform().trials
  }

  @Test(arguments: WorkerKind.allCases, SocketKind.allCases)
  func `an API server that is killed in mid-trial is recorded as dead, and the run goes on`(
    workers: WorkerKind, sockets: SocketKind
  ) throws {
    let trials = try trials(killing: "bs-api-0-2", workers: workers, sockets: sockets)
    #expect(trials.count == 3)
    let first = try #require(trials.first)
    #expect(first.servers.map(\.died) == [nil, nil, SIGKILL, nil])
    #expect(first.ended?.completion == .complete)
    for trial in trials.dropFirst() {
      #expect(trial.isReady(.full))
      #expect(trial.servers.allSatisfy { $0.died == nil })
    }
  }

  @Test func `a launcher that is killed takes its API servers along, and the run goes on`() throws {
    let trials = try trials(killing: "bs-launcher-0", workers: .fresh)
    #expect(trials.count == 3)
    #expect(trials.first?.isReady(.full) == false)
    #expect(trials.dropFirst().allSatisfy { $0.isReady(.full) })
  }

  @Test func `a dead auditor leaves the check silent, never passed, and the run goes on`() throws {
    let trials = try trials(killing: "bs-auditor", workers: .fresh)
    #expect(trials.count == 3)
    #expect(trials.first?.isReady(.full) == false)
    #expect(trials.first?.endpoints.allSatisfy { $0.ownership == .silent } == true)
    #expect(trials.dropFirst().allSatisfy { $0.isReady(.full) })
  }

  @Test func `a worker host that is killed in a long window ends the run at once`() throws {
    let run = try SmallRun([
      smallArm(0, "inherited-listener", window: Window(milliseconds: 60_000))
    ])
    let host = run.run.workerHostPid
    let killer = whenProcess(named: "bs-api-0-0", isInTheWindowOf: host) { _ in
      kill(host, SIGKILL)
    }
    defer { killer.join() }
    let started = ContinuousClock.now
    let failure = #expect(throws: RunError.self) { try run.perform() }
    #expect(failure?.description == "the worker host ended unexpectedly")
    #expect(ContinuousClock.now - started < .seconds(30), "it sat the window out")
    #expect(run.recording.trials.isEmpty)
  }

  @Test func `an observer that cannot write ends the run with its words`() throws {
    let run = try SmallRun([smallArm(0, "inherited-listener")])
    run.recording.afterTrial = { _ in throw TestFailure("the disk is full") }
    let failure = #expect(throws: RunError.self) { try run.perform() }
    #expect(failure?.description == "the disk is full")
    #expect(!Kernel.isRunning(run.run.workerHostPid))
  }

  @Test func `names that no registry has end the run with their words`() throws {
    let failure = #expect(throws: RunError.self) {
      try SmallRun([smallArm(0, "no-such-strategy")]).perform()
    }
    #expect(failure?.description.contains("no-such-strategy") == true)
  }

  /// The last windows would lie above 65,535.
  @Test func `windows that do not fit are exhausted, and no launcher dies of them`() throws {
    var arm = smallArm(0, "rank-windows", depth: .allocate, servers: 64, trials: 1)
    arm.strategy.options = arm.strategy.options.map {
      OptionValue(name: $0.name, value: $0.name == "width" ? 1_000 : $0.value)
    }
    let launch = try #require(try SmallRun([arm]).perform().trials.first?.launches.first)
    #expect(launch.died == nil)
    #expect(launch.errno != 0)
  }
}
