internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// The binders bind port 0 and write the port into a file that all participants know (`file://` with a unique name,
/// vllm-project/vllm#50999). With a name that is not unique (`unique` 0) they find the file of an earlier launch.
public struct FileRendezvous: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "file-rendezvous",
    summary: "API server binds :0 and writes the number into a file with a unique name",
    origin: "vllm-project/vllm#41983, #50999 (merged)",
    options: [
      OptionDescriptor(
        name: "unique", defaultValue: 1, range: 0...1,
        summary: "0: one name for all trials, and nobody clears the file", breaksModel: true),
      .reportTimeout,
    ],
    collisionModel: .heldFromTheStart, depths: [.bind], requirements: [.scratchFolder],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: false, worksAcrossHosts: false, failure: .either,
      weakness: "one host or a shared file system; a stale file leads to the wrong peer"))

  public static let handover = Handover(hasChannel: true)

  private let isUnique: Bool
  private let timeoutMilliseconds: Int

  public init(options: OptionValues) {
    isUnique = options["unique"] != 0
    timeoutMilliseconds = options[OptionName.reportTimeoutMilliseconds]
  }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    launch.leaveToBinders()
    guard !isUnique else { return }
    for server in 0..<launch.servers {
      // The first trial has no predecessor: write here what one would have left behind.
      let file = path(launch.number, server)
      do throws(SystemError) {
        guard try ScratchFile.read(file) == nil else { continue }
        let (first, second) = (try launch.probeOrThrow(), try launch.probeOrThrow())
        try ScratchFile.replace(file, with: Self.bytes(first, second))
      } catch {
        throw StageFailure(stage: BS_STAGE_REPORT.rawValue, code: error.code)
      }
    }
  }

  public func bind(_ binder: Binder) {
    guard binder.bind(.input, port: 0), binder.bind(.output, port: 0) else { return }
    let now = MonotonicClock.now()
    for role in EndpointRole.allCases { binder.endpoint(role).pointee.reported_ns = now }
    let ports = EndpointRole.allCases.map { binder.endpoint($0).pointee.bound }
    do throws(SystemError) {
      // A stale file is read before the new one is written: the reader does not wait if it finds a file.
      try ScratchFile.replace(
        path(binder.launch, binder.number) + (isUnique ? "" : ".next"),
        with: Self.bytes(ports[0], ports[1]))
    } catch {
      binder.fail(.input, stage: BS_STAGE_REPORT, code: error.code)
    }
  }

  public func collect(_ launch: Launch) throws(StageFailure) {
    let deadline = MonotonicClock.now() + UInt64(timeoutMilliseconds) * 1_000_000
    for server in 0..<launch.servers {
      let ports = try read(path(launch.number, server), until: deadline)
      let (input, output) = launch.addresses(of: server)
      launch.endpoint(input).pointee.advertised = ports.0
      launch.endpoint(output).pointee.advertised = ports.1
    }
  }

  public func release(_ launch: Launch) {
    for server in 0..<launch.servers {
      let file = path(launch.number, server)
      if isUnique { ScratchFile.remove(file) } else { rename("\(file).next", file) }
    }
  }

  private func read(
    _ file: String, until deadline: UInt64
  ) throws(StageFailure) -> (UInt16, UInt16) {
    do throws(SystemError) {
      while true {
        if let bytes = try ScratchFile.read(file), bytes.count == 4 {
          return (
            UInt16(bytes[0]) | UInt16(bytes[1]) << 8, UInt16(bytes[2]) | UInt16(bytes[3]) << 8
          )
        }
        let now = MonotonicClock.now()
        guard now < deadline else { throw SystemError("rendezvous", code: ETIMEDOUT) }
        MonotonicClock.sleep(until: now + 100_000)
      }
    } catch {
      throw StageFailure(stage: BS_STAGE_REPORT.rawValue, code: error.code)
    }
  }

  private static func bytes(_ first: UInt16, _ second: UInt16) -> [UInt8] {
    [UInt8(first & 255), UInt8(first >> 8), UInt8(second & 255), UInt8(second >> 8)]
  }

  private func path(_ launch: Int, _ server: Int) -> String {
    Scratch.path("rendezvous-\(launch)-\(server)")
  }
}

extension Launch {
  /// `probe` for callers that throw system errors.
  fileprivate func probeOrThrow() throws(SystemError) -> UInt16 {
    do throws(StageFailure) { return try probe() } catch {
      throw SystemError("probe", code: error.code)
    }
  }
}
