internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import Messaging
internal import PlanModel
internal import PortModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// One API server: waits at the barrier, runs the binder's half of the strategy, answers the ownership check, closes. A
/// fresh server does this once and exits; a pooled server repeats it.
final class ServerRole {
  private let region: SharedRegion
  private let slotNumber: Int
  private let slot: UnsafeMutablePointer<bs_server>
  private let launcher: UnsafeMutablePointer<bs_launcher>
  private let order: BindingOrder
  private let binder: Binder
  private var strategy: any Strategy
  private let receivesSockets: Bool
  private let hasChannel: Bool
  private var httpListener: Int32 = -1
  private var measurement: Int32 = -1
  private let word: CommandWord
  private var seen: UInt32

  /// First argument of an API server that was started by exec.
  static let command = "api-server"

  /// How often an API server that is waiting for nonces looks for a command.
  private static let servingSlice = 20

  /// May be made by the launcher before it forks the process that has this role.
  init(
    region: SharedRegion, launch: Int, server: Int, slot number: Int, order: BindingOrder,
    strategy: any Strategy, receivesSockets: Bool
  ) {
    self.region = region
    self.order = order
    slotNumber = number
    launcher = region.launcher(launch)
    slot = region.server(slotNumber)
    self.strategy = strategy
    self.receivesSockets = receivesSockets
    hasChannel = type(of: strategy).handover.hasChannel
    seen = 0
    word = CommandWord(bs_server_word(region.pointer))
    binder = Binder(
      region: region, launch: launch, number: server, slot: slotNumber, order: order)
  }

  /// The API server that `LauncherRole` starts by exec, from the remaining arguments and fixed descriptors.
  static func run(arguments: [Int]) -> Never {
    dieWith(parent: Int32(arguments[0]))
    // exec does not keep the launcher's handler.
    _ = bs_handle_aborts()
    let region = SharedRegion.attach()
    let order = WorkerOrder(region)
    let type = StrategyRegistry.available[order.strategy]
    let isOpen = { (descriptor: Int32) in fcntl(descriptor, F_GETFD) >= 0 ? descriptor : -1 }
    ServerRole(
      region: region, launch: arguments[1], server: arguments[2],
      slot: arguments[1] * order.serversPerLaunch + arguments[2], order: order.binding,
      strategy: type.init(options: OptionValues(type.descriptor.options, order.strategyOptions)),
      receivesSockets: type.handover.sockets == .passed
    ).run(
      channel: isOpen(WorkerDescriptor.control),
      inherited: (
        isOpen(WorkerDescriptor.handedInput), isOpen(WorkerDescriptor.handedOutput)
      ), seen: UInt32(arguments[3]),
      injector: FaultInjector(
        region: region, faults: order.faults, role: .apiServer, launch: arguments[1],
        index: arguments[2]),
      httpListener: isOpen(WorkerDescriptor.httpListener),
      measurement: isOpen(WorkerDescriptor.measurement))
  }

  /// - Parameters:
  ///   - channel: to the launcher, -1 if there is none.
  ///   - inherited: sockets that this process was handed, -1 where there is none.
  ///   - seen: the last command that is not for this process.
  ///   - httpListener: the launch's HTTP listener, -1 if it has none.
  ///   - measurement: the pipe whose end starts the measurement, -1 if there is none.
  func run(
    channel: Int32, inherited: (input: Int32, output: Int32), seen: UInt32,
    injector: FaultInjector?, httpListener: Int32 = -1, measurement: Int32 = -1
  ) -> Never {
    self.httpListener = httpListener
    self.measurement = measurement
    bs_set_name("bs-api", Int32(binder.launch), Int32(binder.number))
    if order.barrier.kind == .sleep { bs_set_timer_slack(1) }
    self.seen = seen
    if let injector { binder.injector = injector }
    binder.channel = channel
    binder.inherited = inherited
    let input = slot.input
    bs_note_aborts(
      bs_endpoint_error(input), bs_endpoint_stage(input), BS_STAGE_HOST.rawValue)
    do throws(MessagingError) { try binder.sockets.open() } catch {
      if bs_is_host_limit(error.code) {
        (input.pointee.error, input.pointee.stage) = (error.code, BS_STAGE_HOST.rawValue)
      }
      die("API server: \(error)")
    }
    if order.workers == .fresh { binder.injector?.arm() }
    complete()
    while true {
      awaitCommand()
      if order.workers == .pooled { binder.injector?.arm() }
      release()
      // In the real system a launcher that could not allocate raises an error before it starts anything.
      if launcher.pointee.error == 0 {
        if receivesSockets && launcher.pointee.hands_sockets != 0 { binder.receiveHanded() }
        if let startup = order.startup { pause(milliseconds: startup.importMilliseconds) }
        strategy.bind(binder)
        if hasChannel && !binder.isBound { binder.reportFailure() }
      }
      if binder.isBound { binder.reach(.afterReady) }
      if let startup = order.startup { serve(startup) }
      complete()
      if order.ownershipCheck == .full && binder.isBound && !binder.launcherBinds {
        answerNonces()
      }
      awaitCommand()
      binder.injector?.heal()
      if order.workers == .fresh {
        // The kernel closes everything; to the launcher, the exit means that it is done.
        _exit(binder.isBound ? 0 : 1)
      }
      binder.close()
      complete()
    }
  }

  /// At depth `startup`: what the real server does after its bind. It never returns.
  private func serve(_ startup: Startup) -> Never {
    // Like the real server: an unhandled ZMQError.
    guard binder.isBound else { _exit(1) }
    // For a launcher that checks whether a report would have come.
    kill(getppid(), SIGCHLD)
    let serving = ServingRole(
      region: region, launch: binder.launch, server: binder.number, slot: slotNumber,
      servers: order.serversPerLaunch,
      addresses: LaunchAddresses(launch: binder.launch, startup: startup, host: order.host),
      httpListener: httpListener, measurement: measurement)
    _ = binder.sockets.withMessagingSockets { router, pull in
      do { try serving.run(router, pull) } catch { die("API server: \(error)") }
    }
    die("API server: no sockets to serve")
  }

  private func complete() {
    bs_complete(region.pointer, bs_server_done(slot), bs_load(bs_phase_word(region.pointer)))
  }

  private func awaitCommand() {
    while !word.wait(differsFrom: seen) {}
    seen &+= 1
  }

  /// The last step of the barrier, and the release time.
  private func release() {
    let deadline = region.pointer.pointee.release_deadline_ns
    switch order.barrier.kind {
    case .futex: break
    case .spin: MonotonicClock.spin(until: deadline)
    case .sleep: MonotonicClock.sleep(until: deadline)
    }
    if order.barrier.arrivalSkewMicroseconds > 0 {
      var generator = SeededGenerator(
        trialSeed: region.pointer.pointee.trial_seed, for: .arrivalSkew, UInt64(slotNumber))
      let delay = generator.next(below: UInt64(order.barrier.arrivalSkewMicroseconds) * 1_000 + 1)
      MonotonicClock.sleep(until: MonotonicClock.now() + delay)
    }
    slot.pointee.released_ns = MonotonicClock.now()
  }

  private func answerNonces() {
    switch order.sockets {
    case .zmq:
      _ = binder.sockets.withMessagingSockets { router, pull in
        answerMessages(router, pull)
      }
    case .tcp:
      answerConnections()
    }
  }

  /// Records a nonce; returns whether both endpoints have received theirs. A nonce for another API server is answered,
  /// too, and shows that its peers connect here.
  private func note(_ nonce: Nonce, at role: EndpointRole) -> Bool {
    if nonce.slot == slotNumber && nonce.endpoint == role.rawValue {
      binder.endpoint(role).pointee.nonce_received = nonce.value
    }
    return slot.pointee.input.nonce_received != 0 && slot.pointee.output.nonce_received != 0
  }

  /// A PULL cannot answer: the process that gets the nonce records this in the target's slot.
  private func acknowledge(_ nonce: Nonce) {
    guard nonce.isGenuine(trialSeed: region.pointer.pointee.trial_seed),
      nonce.slot < Int(BS_MAX_SERVERS), nonce.endpoint == EndpointRole.output.rawValue
    else { return }
    bs_store(bs_answered_by(region.server(nonce.slot).output), UInt32(slotNumber) + 1)
  }

  private func answerMessages(_ router: borrowing Socket, _ pull: borrowing Socket) {
    var poll = Poll()
    let input = poll.add(router)
    let output = poll.add(pull)
    var complete = false
    while word.value == seen {
      guard poll.wait(milliseconds: Self.servingSlice) else {
        noteLackOfDescriptors()
        continue
      }
      if poll.isReadable(input), let nonce = answer(router) { complete = note(nonce, at: .input) }
      if poll.isReadable(output), let nonce = take(pull) {
        complete = note(nonce, at: .output)
        acknowledge(nonce)
      }
      if complete { return }
    }
  }

  /// libzmq drops a connection without a word when it has no descriptor for it. Whoever connected then waits in vain,
  /// and that is not the strategy's failure.
  private func noteLackOfDescriptors() {
    guard let code = Descriptor.lack() else { return }
    (slot.input.pointee.error, slot.input.pointee.stage) = (code, BS_STAGE_HOST.rawValue)
  }

  /// Takes [identity][nonce] from the ROUTER and sends it back with this server's slot.
  private func answer(_ router: borrowing Socket) -> Nonce? {
    withUnsafeTemporaryAllocation(byteCount: 320, alignment: 8) { buffer -> Nonce? in
      let identity = UnsafeMutableRawBufferPointer(rebasing: buffer[..<256])
      let body = UnsafeMutableRawBufferPointer(rebasing: buffer[256...])
      do throws(MessagingError) {
        guard let size = try router.receive(into: identity), size <= 256,
          let length = try router.receive(into: body),
          let nonce = Nonce(UnsafeRawBufferPointer(rebasing: body[..<min(length, 64)]))
        else { return nil }
        try router.send(UnsafeRawBufferPointer(rebasing: identity[..<size]), more: true)
        try nonce.answer(by: slotNumber).withBytes { bytes throws(MessagingError) in
          try router.send(bytes)
        }
        return nonce
      } catch {
        // Ignore errors from strangers' input; the check will notice the missing answer.
        return nil
      }
    }
  }

  private func take(_ pull: borrowing Socket) -> Nonce? {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { buffer -> Nonce? in
      guard let length = try? pull.receive(into: buffer) else { return nil }
      return Nonce(UnsafeRawBufferPointer(rebasing: buffer[..<min(length, 64)]))
    }
  }

  private func answerConnections() {
    let listeners = binder.sockets.plainListeners
    // Not an array: the runtime would have to create its type in every fresh process.
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: EndpointRole.allCases.count) { items in
      for role in EndpointRole.allCases {
        items.initializeElement(
          at: role.rawValue,
          to: pollfd(fd: listeners[role], events: Int16(POLLIN), revents: 0))
      }
      var complete = false
      while word.value == seen && !complete {
        guard poll(items.baseAddress, nfds_t(items.count), Int32(Self.servingSlice)) > 0
        else { continue }
        for role in EndpointRole.allCases where items[role.rawValue].revents != 0 {
          if let nonce = answerConnection(listeners[role]) {
            complete = note(nonce, at: role)
          }
        }
      }
    }
  }

  private func answerConnection(_ listener: Int32) -> Nonce? {
    let connection = accept(listener, nil, nil)
    guard connection >= 0 else {
      if bs_is_host_limit(errno) && errno != EAGAIN {
        (slot.input.pointee.error, slot.input.pointee.stage) = (errno, BS_STAGE_HOST.rawValue)
      }
      return nil
    }
    defer { closeDescriptor(connection) }
    TCPSocket.resetOnClose(connection)
    return withUnsafeTemporaryAllocation(byteCount: Nonce.size, alignment: 8) { buffer -> Nonce? in
      guard recv(connection, buffer.baseAddress, Nonce.size, Int32(MSG_WAITALL)) == Nonce.size,
        let nonce = Nonce(UnsafeRawBufferPointer(buffer))
      else { return nil }
      let sent = nonce.answer(by: slotNumber).withBytes {
        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard sent == Nonce.size else { return nil }
      // The other side closes first, with a reset, once it has read the answer.
      _ = recv(connection, buffer.baseAddress, 1, 0)
      return nonce
    }
  }
}
