internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// The final binder binds port 0, holds it, and publishes the port through a key-value store that the launcher serves
/// on a TCP port; the peers read it there (vllm-project/vllm#36330, #50969, #51018, #51404).
///
/// The store needs a first port of its own. If that port is held from the start it is safe; if it is probed
/// (`hold_store` 0) the race is back. Keys of an earlier epoch that were not cleared (`stale_keys` 1) send the peers to
/// a wrong address.
public struct PublishThroughStore: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "publish-through-store",
    summary: "API server binds :0, holds it and publishes the number through a store",
    origin: "vllm-project/vllm#36330, #50969 (merged), #51018, #51404",
    options: [
      OptionDescriptor(
        name: "hold_store", defaultValue: 1, range: 0...1,
        summary: "0: the store's own port is probed, let go and bound later", breaksModel: true),
      OptionDescriptor(
        name: "stale_keys", defaultValue: 0, range: 0...1,
        summary: "1: keys of an earlier epoch are still there, and read first", breaksModel: true),
      .reportTimeout,
    ],
    collisionModel: .heldFromTheStart, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: false, worksAcrossHosts: true, failure: .either,
      weakness: "the store needs a first port; stale keys lead to the wrong peer"))

  private let holdsStore: Bool
  private let hasStaleKeys: Bool
  private let timeoutMilliseconds: Int
  private var store: Int32 = -1

  public init(options: OptionValues) {
    holdsStore = options["hold_store"] != 0
    hasStaleKeys = options["stale_keys"] != 0
    timeoutMilliseconds = options[OptionName.reportTimeoutMilliseconds]
  }

  public static let handover = Handover(hasChannel: true)

  public mutating func allocate(_ launch: Launch) throws(StageFailure) {
    launch.leaveToBinders()
    if holdsStore {
      store = try launch.openService()
    } else {
      launch.servicePort = try launch.probe()
    }
  }

  public func bind(_ binder: Binder) {
    guard binder.bind(.input, port: 0), binder.bind(.output, port: 0) else { return }
    let now = MonotonicClock.now()
    for role in EndpointRole.allCases { binder.endpoint(role).pointee.reported_ns = now }
    let code = publish(binder)
    if code != 0 { binder.fail(.input, stage: BS_STAGE_REPORT, code: code) }
  }

  public mutating func collect(_ launch: Launch) throws(StageFailure) {
    if hasStaleKeys {
      for address in 0..<launch.addresses {
        launch.endpoint(address).pointee.advertised = try launch.probe()
      }
    }
    if !holdsStore { store = try launch.openService() }
    let deadline = MonotonicClock.now() + UInt64(timeoutMilliseconds) * 1_000_000
    var keys = KeyStore(listener: store, mark: KeyStore.mark(ofTrial: launch.trialSeed))
    defer { keys.close(until: deadline) }
    var missing = Set(0..<launch.servers)
    while !missing.isEmpty {
      do throws(SystemError) {
        for key in try keys.take(until: deadline) {
          guard missing.remove(Int(key.server)) != nil, !hasStaleKeys else { continue }
          let (input, output) = launch.addresses(of: Int(key.server))
          launch.endpoint(input).pointee.advertised = key.input
          launch.endpoint(output).pointee.advertised = key.output
        }
      } catch { throw StageFailure(stage: BS_STAGE_REPORT.rawValue, code: error.code) }
    }
  }

  public mutating func release(_ launch: Launch) {
    if store >= 0 { launch.closeService(store) }
    store = -1
  }

  /// Writes the key and waits until it is stored. Returns 0 or errno.
  private func publish(_ binder: Binder) -> Int32 {
    let key = KeyStore.Key(
      server: UInt16(binder.number), input: binder.endpoint(.input).pointee.bound,
      output: binder.endpoint(.output).pointee.bound
    ).bytes(mark: KeyStore.mark(ofTrial: binder.trialSeed))
    let deadline = MonotonicClock.now() + UInt64(timeoutMilliseconds) * 1_000_000
    do throws(SystemError) {
      let socket = try connect(binder, until: deadline)
      defer { closeDescriptor(socket) }
      TCPSocket.resetOnClose(socket)
      guard send(socket, key, key.count, Int32(MSG_NOSIGNAL)) == key.count else {
        throw SystemError.current("send")
      }
      let code = ChannelMessage.awaitReadable(socket, until: deadline)
      guard code == 0 else { throw SystemError("recv", code: code) }
      var answer: UInt8 = 0
      guard recv(socket, &answer, 1, 0) == 1 else { throw SystemError("recv", code: ECONNRESET) }
      return 0
    } catch {
      return error.code
    }
  }

  /// Waits for a store that is not there yet, as clients of torch's TCPStore do.
  private func connect(_ binder: Binder, until deadline: UInt64) throws(SystemError) -> Int32 {
    while true {
      let socket = try TCPSocket.open()
      do throws(SystemError) {
        _ = try TCPSocket.connect(socket, port: binder.servicePort)
        return socket
      } catch {
        closeDescriptor(socket)
        guard error.code == ECONNREFUSED, !binder.hasLauncherFailed,
          MonotonicClock.now() < deadline
        else { throw error }
        binder.pause(nanoseconds: 1_000_000)
      }
    }
  }
}
