import StrategyKit
import Glibc
import History
import PlanModel
import RunContract
import Strategies
import TestSupport

@testable import Engine

/// The events of a run, trial by trial; calls back after each.
final class Recording: Run.Observer {
  private(set) var events: [Event] = []
  private(set) var trials: [Trial] = []
  private var grouping = TrialGrouping()
  var afterTrial: (Trial) throws -> Void = { _ in }

  /// A trial's events by kind.
  struct Trial {
    var started: TrialStarted
    var launches: [LaunchRecord] = []
    var servers: [ServerRecord] = []
    var thieves: [ThiefRecord] = []
    var ended: TrialEnded?

    init(_ events: [Event]) throws {
      guard case .trialStarted(let started)? = events.first else {
        throw TestFailure("a trial that does not begin with its start")
      }
      self.started = started
      for event in events.dropFirst() {
        switch event {
        case .launch(let record): launches.append(record)
        case .server(let record): servers.append(record)
        case .thief(let record): thieves.append(record)
        case .trialEnded(let record): ended = record
        case .trialStarted, .runStarted, .runEnded, .poolSet, .armSkipped, .engine, .startup,
          .serving, .fault, .forcedWindow:
          throw TestFailure("\(event) inside a trial")
        }
      }
    }

    /// Every endpoint of every API server.
    var endpoints: [EndpointRecord] { servers.flatMap { [$0.input, $0.output] } }
    /// Whether every endpoint is bound and owned, as far as the check was asked to look.
    func isReady(_ check: OwnershipCheck) -> Bool {
      endpoints.allSatisfy {
        $0.bound != 0 && $0.errno == 0 && $0.ownership == (check == .off ? .unchecked : .owner)
      }
    }
  }

  func append(_ events: [Event]) throws {
    self.events += events
    for event in events {
      guard let whole = grouping.add(event) else { continue }
      let trial = try Trial(whole)
      trials.append(trial)
      try afterTrial(trial)
    }
  }

  /// The last event.
  var end: RunEnded? {
    guard case .runEnded(let end)? = events.last else { return nil }
    return end
  }
}

/// Arms for small runs: 4 API servers, a pool in which nothing but the trial itself happens.
func smallArm(
  _ index: Int = 0, _ strategy: String, scenario: String = "small", depth: Depth = .bind,
  launches: Int = 1, servers: Int = 4, pool: PortPool = PortPool(low: 42_000, high: 42_999),
  window: Window = Window(), barrier: Barrier = Barrier(), workers: WorkerKind = .fresh,
  sockets: SocketKind = .tcp, check: OwnershipCheck = .full, thieves: [Choice] = [],
  trials: Int = 5, timeout: Int = 10_000
) -> Arm {
  let known = StrategyRegistry.index(of: strategy).map { StrategyRegistry.available[$0].descriptor }
  let options = (known?.options ?? []).map {
    OptionValue(name: $0.name, value: $0.defaultValue ?? 0)
  }
  return Arm(
    index: index, scenario: scenario,
    strategy: Choice(name: strategy, label: strategy, options: options), depth: depth,
    topology: Topology(launches: launches, apiServers: servers), pool: pool, window: window,
    barrier: barrier, workers: workers, sockets: sockets, ownershipCheck: check,
    timeoutMilliseconds: timeout, thieves: thieves, trials: trials)
}

let strategies = ["probe-then-bind", "wildcard-report-back", "inherited-listener"]

func thief(_ name: String, _ options: KeyValuePairs<String, Int>) -> Choice {
  Choice(
    name: name, label: name, options: options.map { OptionValue(name: $0.key, value: $0.value) })
}

/// A run of the arms in this process; the caller must not hop threads in between, since the worker host dies
/// with the thread that started it.
struct SmallRun {
  let run: Run
  let interruption = Interruption()
  let recording = Recording()

  init(
    _ arms: [Arm], isolation: Run.IsolationPolicy = .preferred, seed: UInt64 = 7, lanes: Int = 1,
    budgetSeconds: Double? = nil
  ) throws {
    let plan = ResolvedPlan(version: 1, name: "small", title: "small", seed: seed, arms: arms)
    run = try Run(
      plan: plan, schedule: Schedule(plan: plan), worker: Built.worker, isolation: isolation,
      lanes: lanes, budgetSeconds: budgetSeconds, interruption: interruption)
    // The test runner keeps its own reaction to Ctrl-C.
    signal(SIGINT, SIG_DFL)
    signal(SIGTERM, SIG_DFL)
  }

  @discardableResult
  func perform() throws -> Recording {
    try run.perform(recording)
    return recording
  }
}

/// Something that goes on in a thread of its own: a run must stay in the thread that began it.
final class BackgroundWork {
  private let body: @Sendable () -> Void
  private var thread = pthread_t()

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
    pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<BackgroundWork>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
  }

  func join() { pthread_join(thread, nil) }
}

/// Does something with the process of that name once a trial of a small arm of `inherited-listener` is in its
/// window: all 8 listeners are there. A fresh API server is called as its launcher until it has begun.
func whenProcess(
  named name: String, isInTheWindowOf host: Int32, _ action: @escaping @Sendable (Int32) -> Void
) -> BackgroundWork {
  whenProcess(named: name, appearsBelow: host, action) {
    (try? Kernel.sockets(of: host, in: 42_000...42_999).count) == 8
  }
}

/// Does something with the process of that name as soon as it is there and the condition holds.
func whenProcess(
  named name: String, appearsBelow root: Int32, _ action: @escaping @Sendable (Int32) -> Void,
  and condition: @escaping @Sendable () -> Bool = { true }
) -> BackgroundWork {
  BackgroundWork {
    try? waitUntil("process \(name)") {
      guard condition(),
        let found = Kernel.descendants(of: root).first(where: { $0.name == name })
      else { return false }
      action(found.pid)
      return true
    }
  }
}
