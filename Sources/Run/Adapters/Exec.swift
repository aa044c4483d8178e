internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import RunContract
public import StrategyKit
internal import Syscalls

/// A program that the plan names plays the launcher, through the protocol of `AdapterProtocol`: real code as a row of
/// the matrix.
///
/// The adapter's capabilities decide who binds. With `allocate` alone it chooses ports, and API servers bind them. With
/// `listeners` it passes listening sockets, which API servers adopt. With `bind` it binds the endpoints itself, the API
/// servers are idle, and the kernel's record must show that the listeners belong to processes below the adapter.
///
/// One adapter serves all trials of a launch. An adapter that broke the protocol is ended with everything that it
/// started, and a new one is started for the next trial.
public struct Exec: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "exec",
    summary: "a program that the plan names plays the launcher",
    origin: "real code: see Documentation/adapter-protocol.md",
    options: AdapterRequest.Kind.allCases.map {
      OptionDescriptor(
        name: "\($0.rawValue)_timeout_ms", defaultValue: defaultTimeout[$0]!, range: 1...600_000,
        summary: "how long the program may take to answer \($0.rawValue)")
    },
    collisionModel: .unmodelled, depths: [.allocate, .bind], takesCommand: true,
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: false, failure: .either,
      weakness: "that of the program"))

  private static let defaultTimeout: [AdapterRequest.Kind: Int] = [
    .hello: 60_000, .allocate: 3_000, .bind: 4_000, .report: 3_000, .release: 4_000, .stop: 4_000,
  ]

  public static let handover = Handover(sockets: .inherited, collects: true)

  /// The number of failed starts after which no new start is attempted.
  private static let mostFailedStarts = 3
  /// Bytes of standard error that are kept as evidence.
  private static let evidence = 1_200

  private let deadlines: AdapterProcess.Deadlines
  private var adapter: AdapterProcess?
  private var capabilities: Set<AdapterCapability> = []
  private var failedStarts = 0
  /// An adapter whose port calls are forced lives for one trial, because stolen ports stay stolen.
  private var livesForOneTrial = false
  /// Whether the adapter holds something of the current trial.
  private var isInTrial = false
  private var ports: [UInt16] = []

  public init(options: OptionValues) { deadlines = AdapterProcess.Deadlines(options) }

  public mutating func start(_ launch: Launch) {
    livesForOneTrial = launch.order.command?.forcing != nil
    if livesForOneTrial { return }
    // Do not report an error here: the first trial tries again and reports it.
    do throws(StageFailure) { try startAdapter(launch) } catch {}
  }

  public mutating func allocate(_ launch: Launch) throws(StageFailure) {
    launch.bindsItself = false
    isInTrial = false
    launch.order.command.flatMap { ForcedProgram($0, launch) }?.clear()
    if adapter == nil { try startAdapter(launch) }
    launch.bindsItself = capabilities.contains(.bind)
    let isBinding = capabilities.contains(.bind) && launch.order.depth == .bind
    isInTrial = true
    let seed = launch.generator.next()
    let allocated = try talk(launch) { adapter throws(AdapterFault) in
      try adapter.allocate(seed: seed, mayBeUnknown: isBinding)
    }
    switch allocated {
    case .failure(let refusal): throw refused(refusal, launch)
    case .success(let numbers):
      ports = numbers
      for (address, port) in ports.enumerated() { launch.decide(port, for: address) }
      launch.countDraws(ports.count { $0 != 0 })
    }
    bs_forced_of(launch.region.launcher(launch.number)).pointee.binds_elsewhere =
      capabilities.isDisjoint(with: [.bind, .listeners]) ? 1 : 0
    guard capabilities.contains(.listeners) else { return }
    let numbers = ports
    let sockets = try talk(launch) { adapter throws(AdapterFault) in
      try adapter.takeListeners(numbers)
    }
    for (address, socket) in sockets.enumerated() {
      launch.handOver(socket, port: ports[address], for: address)
    }
  }

  /// In an API server: adopts the sockets that were handed over, otherwise binds the ports; does nothing if the adapter
  /// binds.
  public mutating func bind(_ binder: Binder) {
    if binder.launcherBinds { return }
    guard binder.inherited.input >= 0 else { return binder.bindRequested() }
    guard binder.adopt(.input) else { return }
    _ = binder.adopt(.output)
  }

  public mutating func collect(_ launch: Launch) throws(StageFailure) {
    guard capabilities.contains(.bind) else { return }
    let attempted = MonotonicClock.now()
    let refusal = try talk(launch) { adapter throws(AdapterFault) in try adapter.bind() }
    let finished = MonotonicClock.now()
    if let refusal {
      guard refusal.kind == .addressInUse, refusal.address < launch.addresses else {
        throw refused(refusal, launch)
      }
      launch.noteLost(refusal.port, for: refusal.address, attempted: attempted, at: finished)
      return
    }
    switch try talk(launch, { adapter throws(AdapterFault) in try adapter.report() }) {
    case .failure(let refusal): throw refused(refusal, launch)
    case .success(let bound):
      let reported = MonotonicClock.now()
      for (address, port) in bound.enumerated() {
        launch.noteBound(
          port, for: address, attempted: attempted, finished: finished, reported: reported)
      }
    }
  }

  public mutating func release(_ launch: Launch) {
    guard isInTrial, adapter != nil else { return }
    isInTrial = false
    launch.forgetBound()
    do throws(StageFailure) {
      let refusal = try talk(launch) { adapter throws(AdapterFault) in try adapter.release() }
      if let refusal { throw refused(refusal, launch) }
      if livesForOneTrial {
        try talk(launch) { adapter throws(AdapterFault) in try adapter.stop() }
      }
    } catch {
      launch.note(error)
    }
    if livesForOneTrial { end(launch) }
  }

  public mutating func stop(_ launch: Launch) {
    guard adapter != nil else { return }
    // The harness asks for it as a part of the arm's last trial, whose record this is. A loss in that trial is not
    // overwritten.
    do throws(StageFailure) {
      try talk(launch) { adapter throws(AdapterFault) in try adapter.stop() }
    } catch {
      if !launch.hasFailed { launch.note(error) }
    }
    end(launch)
  }

  /// Why the order's program cannot run on this host; nil if it can. Also nil if it breaks the protocol, because trials
  /// show that.
  /// - Parameter strategy: the order's strategy, this one or `Check`.
  public static func reasonNotToRun(
    _ order: WorkerOrder, strategy: StrategyDescriptor
  ) -> String? {
    guard let command = order.command else { return nil }
    if command.forcing != nil, let reason = ForcedProgram.reasonNotToRun { return reason }
    if strategy.alwaysForces { return ForcedProgram.reasonForNone(command) }
    let deadlines = AdapterProcess.Deadlines(
      OptionValues(descriptor.options, order.strategyOptions))
    let launch = AdapterRequest.Launch(
      number: 0, apiServers: order.serversPerLaunch, sockets: order.sockets, depth: order.depth)
    do throws(AdapterFault) {
      let adapter = try AdapterProcess(command, launch: launch, deadlines: deadlines)
      defer {
        adapter.end()
        adapter.forgetErrors()
      }
      do throws(AdapterFault) {
        if case .failure(let refusal) = try adapter.hello(), refusal.kind == .unavailable {
          return refusal.message
        }
        return nil
      } catch {
        guard error.kind == .notStarted else { return nil }
        adapter.end()
        return adapter.lastErrorLines(limit: evidence)
      }
    } catch {
      return error.kind == .notStarted ? error.text : nil
    }
  }

  /// Starts the program and sends `hello`.
  private mutating func startAdapter(_ launch: Launch) throws(StageFailure) {
    guard failedStarts < Self.mostFailedStarts else {
      launch.setDetail("not-started: it failed \(failedStarts) times and is not started again")
      throw Self.misspoken
    }
    guard let command = launch.order.command else {
      launch.setDetail("not-started: the order holds no command")
      throw Self.misspoken
    }
    failedStarts += 1
    let started: AdapterProcess
    do throws(AdapterFault) {
      started = try AdapterProcess(
        command,
        launch: AdapterRequest.Launch(
          number: launch.number, apiServers: launch.servers, sockets: launch.order.sockets,
          depth: launch.order.depth),
        deadlines: deadlines, forced: ForcedProgram(command, launch))
    } catch {
      launch.setDetail("\(error.kind.rawValue): \(error.text)")
      throw Self.misspoken
    }
    adapter = started
    launch.privateDescriptors = started.descriptors
    launch.adapterTree = started.keeperPid
    switch try talk(launch, { adapter throws(AdapterFault) in try adapter.hello() }) {
    case .failure(let refusal):
      let failure = refused(refusal, launch)
      end(launch)
      throw failure
    case .success(let hello):
      capabilities = hello.capabilities
      failedStarts = 0
    }
  }

  /// Runs a request. An adapter that breaks the protocol is ended, and its last output is kept.
  private mutating func talk<Answer>(
    _ launch: Launch, _ request: (AdapterProcess) throws(AdapterFault) -> Answer
  ) throws(StageFailure) -> Answer {
    guard let adapter else { throw Self.misspoken }
    do throws(AdapterFault) { return try request(adapter) } catch {
      adapter.end()
      let said = adapter.lastErrorLines(limit: Self.evidence)
      launch.setDetail(
        "\(error.kind.rawValue): \(error.text)\(said.isEmpty ? "" : "; its standard error: \(said)")"
      )
      end(launch)
      throw Self.misspoken
    }
  }

  private mutating func end(_ launch: Launch) {
    adapter?.end()
    adapter?.forgetErrors()
    adapter = nil
    isInTrial = false
    launch.privateDescriptors = []
    launch.adapterTree = 0
  }

  /// A failure that the adapter reports itself counts for the strategy. It is not a violation of the protocol.
  private func refused(_ refusal: AdapterRefusal, _ launch: Launch) -> StageFailure {
    launch.setDetail("\(refusal.kind.rawValue): \(refusal.message)")
    return switch refusal.kind {
    case .exhausted: StageFailure(stage: BS_STAGE_PROBE.rawValue, code: EADDRINUSE)
    case .unavailable: Self.misspoken
    case .addressInUse, .failed: StageFailure(stage: BS_STAGE_SPAWN.rawValue, code: EREMOTEIO)
    }
  }

  private static var misspoken: StageFailure {
    StageFailure(stage: BS_STAGE_ADAPTER.rawValue, code: EPROTO)
  }
}
