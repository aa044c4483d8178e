public import CSharedRegion
public import PlanModel
public import PortModel
public import RunContract
public import Syscalls

/// The launcher's view of one launch: the addresses it decides on, the sockets it makes, and the channels to
/// its API servers. Lives in the launcher's process.
public final class Launch {
  /// The shared region.
  public let region: SharedRegion
  /// Number of the launch within the trial.
  public let number: Int
  /// The arm's order.
  public let order: WorkerOrder
  /// API servers of the launch.
  public var servers: Int { order.serversPerLaunch }
  /// Where the endpoints are bound and dialled.
  public var host: TCPSocket.Host { order.host }
  /// Addresses: an input for each API server, then an output for each.
  public var addresses: Int { 2 * order.serversPerLaunch }
  /// Ends of the channels to the API servers, -1 where there is none.
  public var channels: [Int32]
  /// Descriptors of the launcher that its API servers must not keep.
  public var privateDescriptors: [Int32] = []
  /// Injects the plan's faults; nil if there are none.
  public var injector: (any Injector)?
  /// Random numbers of this launch in this trial.
  public var generator = SeededGenerator(seed: 0)
  /// Sockets to hand over, by address; -1 where there is none.
  var handed: [Int32]
  /// Sockets to hold until the API servers have closed.
  var kept: [Int32] = []
  let slot: UnsafeMutablePointer<bs_launcher>
  let claim: UInt32

  public init(region: SharedRegion, number: Int, order: WorkerOrder) {
    self.region = region
    self.number = number
    self.order = order
    handed = Array(repeating: -1, count: 2 * order.serversPerLaunch)
    channels = Array(repeating: -1, count: order.serversPerLaunch)
    slot = region.launcher(number)
    claim = bs_claim(BS_CLAIM_LAUNCHER, UInt32(number))
  }

  /// Begins a trial: nothing is allocated, and the random numbers are this trial's.
  public func begin() {
    generator = SeededGenerator(
      trialSeed: region.pointer.pointee.trial_seed, for: .launcher, UInt64(number))
    slot.pointee.draws = 0
    slot.pointee.service_port = 0
    slot.pointee.holder_inode = 0
    slot.pointee.holder_claim = 0
    slot.pointee.holder_state = 0
    slot.pointee.hands_sockets = 0
    setDetail("")
  }

  /// Seed of the trial.
  public var trialSeed: UInt64 { region.pointer.pointee.trial_seed }

  /// Slot of the launch's API server.
  public func slot(of server: Int) -> Int { number * order.serversPerLaunch + server }

  /// The endpoint behind an address: 0..<N are the inputs, N..<2N the outputs.
  public func endpoint(_ address: Int) -> UnsafeMutablePointer<bs_endpoint> {
    let servers = order.serversPerLaunch
    let server = region.server(slot(of: address % servers))
    return address < servers ? server.input : server.output
  }

  /// The addresses of an API server: its input's and its output's.
  public func addresses(of server: Int) -> (input: Int, output: Int) {
    (server, order.serversPerLaunch + server)
  }

  /// What peers must connect to: the port of an address, 0 while it is not known, or the path.
  public func dialled(_ address: Int) -> String {
    let record = endpoint(address)
    if record.pointee.is_path != 0 { return "ipc://" + String(cString: bs_path_of(record)) }
    return "tcp://\(order.host.text):\(record.pointee.advertised)"
  }

  /// Chooses a port: the API server must bind it, and the peers must connect to it.
  public func decide(_ port: UInt16, for address: Int) {
    endpoint(address).pointee.requested = port
    endpoint(address).pointee.advertised = port
  }

  /// Chooses the path of a Unix socket. The peers get as much of it as fits the record.
  public func decide(path: String, for address: Int) {
    let record = endpoint(address)
    record.pointee.is_path = 1
    let target = UnsafeMutableRawBufferPointer(
      start: bs_path_of(record), count: Int(BS_PATH_SIZE))
    target.initializeMemory(as: UInt8.self, repeating: 0)
    target.copyBytes(from: path.utf8.prefix(target.count - 1))
  }

  /// Counts ports that were taken in another way than by `open`.
  public func countDraws(_ count: Int) { slot.pointee.draws += UInt32(count) }

  /// Whether something of the launch is on record as failed.
  public var hasFailed: Bool {
    slot.pointee.error != 0 || slot.pointee.stage != BS_STAGE_NONE.rawValue
      || (0..<servers).contains {
        let server = region.server(slot(of: $0)).pointee
        return server.input.error != 0 || server.output.error != 0
      }
  }

  /// Notes what went wrong.
  public func note(_ failure: StageFailure) {
    slot.pointee.error = failure.code
    slot.pointee.stage = failure.stage
  }

  /// The host refused a process of the launch, or a channel to it: not a failure of the strategy.
  /// - Parameters:
  ///   - what: could not be made, in words.
  ///   - code: errno.
  public func refused(_ what: String, _ code: Int32) -> StageFailure {
    setDetail(what)
    return StageFailure(stage: BS_STAGE_HOST.rawValue, code: code)
  }

  /// Sets the text that the launch reports.
  public func setDetail(_ text: String) { region.setDetail(text, of: number) }

  /// The launcher has reached a point.
  public func reach(_ point: InjectionPoint) {
    guard let injector else { return }
    let first = endpoint(0).pointee
    var site = InjectionSite(
      point, port: first.requested != 0 ? first.requested : first.advertised)
    injector.reach(&site)
    guard site.keepsParentCopies else { return }
    let before = kept.count
    keepHanded()
    injector.observe(.copiesKept(kept.count - before))
    forgetKept()
  }
}
