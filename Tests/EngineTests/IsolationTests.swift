import Glibc
import History
import PlanModel
import RunContract
import Syscalls
import TestSupport
import Testing

@testable import Engine

@Suite(.serialized, .timeLimit(.minutes(20))) struct IsolationTests {
  /// 8 ports, the last of the host's range: its own traffic is as likely there as anywhere.
  static func pool() throws -> PortPool {
    let range = try Namespace.portRange()
    return PortPool(low: range.high - 47, high: range.high - 40)
  }

  @Test func `a run uses every port of a pool that the host holds, and the host does not notice`()
    throws
  {
    let pool = try Self.pool()
    let range = pool.low...pool.high
    var held: [Int32] = []
    defer { held.forEach(closeDescriptor) }
    for (number, port) in range.enumerated() {
      let socket = try TCPSocket.open()
      held.append(socket)
      try TCPSocket.bind(socket, .wildcard, port: UInt16(port))
      // Half of them listen, half are only bound.
      if number % 2 == 0 { try TCPSocket.listen(socket) }
    }
    let before = (try Kernel.sockets(in: range), try Kernel.listeningOrBound(in: range))
    #expect(before.0.count == 4 && before.1.count == 8)
    let rangeBefore = try FileText.read("/proc/sys/net/ipv4/ip_local_port_range")

    // 4 API servers need all 8 ports: on the host not one would be free. The nonce check would need further
    // ports to dial from.
    let run = try SmallRun([
      smallArm(0, "inherited-listener", pool: pool, check: .kernel, trials: 10),
      smallArm(
        1, "wildcard-report-back", pool: pool, workers: .pooled, sockets: .zmq, check: .kernel,
        trials: 10),
    ])
    try #require(run.run.isolation != .none, "\(run.run.isolationProblem)")
    #expect(
      Kernel.networkNamespace(of: run.run.workerHostPid) != Kernel.networkNamespace(of: getpid()))
    run.recording.afterTrial = { trial in
      #expect(trial.isReady(.kernel))
      #expect(Set(trial.endpoints.map { Int($0.bound) }) == Set(range))
      let during = (try Kernel.sockets(in: range), try Kernel.listeningOrBound(in: range))
      #expect(during.0 == before.0 && during.1 == before.1)
      #expect(try FileText.read("/proc/sys/net/ipv4/ip_local_port_range") == rangeBefore)
    }
    #expect(try run.perform().trials.count == 20)

    let after = (try Kernel.sockets(in: range), try Kernel.listeningOrBound(in: range))
    #expect(after.0 == before.0 && after.1 == before.1)
    #expect(try FileText.read("/proc/sys/net/ipv4/ip_local_port_range") == rangeBefore)
  }

  @Test func `without isolation our own sockets are confined, and the host's range is left alone`()
    throws
  {
    let pool = try Self.pool()
    let rangeBefore = try FileText.read("/proc/sys/net/ipv4/ip_local_port_range")
    let run = try SmallRun(
      [smallArm(0, "inherited-listener", servers: 2, pool: pool)], isolation: .off)
    #expect(run.run.isolation == .none)
    let recording = try run.perform()
    guard case .runStarted(let start)? = recording.events.first else {
      throw TestFailure("no start")
    }
    #expect(!start.isolated)
    #expect(
      !recording.events.contains { if case .poolSet = $0 { true } else { false } },
      "the host's own range was set")
    #expect(try FileText.read("/proc/sys/net/ipv4/ip_local_port_range") == rangeBefore)
    #expect(recording.trials.count == 5)
    for trial in recording.trials {
      #expect(trial.ended?.socketsLeft == -1, "the host's sockets are none of ours to count")
      #expect(
        trial.launches[0].advertised.allSatisfy { (pool.low...pool.high).contains(Int($0)) })
      #expect(trial.isReady(.full))
    }
  }

  @Test func `an outsider that takes the ports in the window is named by pid and command`() throws {
    let pool = try Self.pool()
    let run = try SmallRun(
      [
        smallArm(
          0, "probe-then-bind", servers: 1, pool: pool, window: Window(milliseconds: 500),
          trials: 1)
      ], isolation: .off)
    // This process is the outsider: once the API server is there, the addresses are allocated.
    let taken = Taken()
    let outsider = whenProcess(named: "bs-api-0-0", appearsBelow: run.run.workerHostPid) { _ in
      taken.take(pool.low...pool.high)
    }
    let recording = try run.perform()
    outsider.join()
    #expect(taken.count == 8)
    let trial = try #require(recording.trials.first)
    let endpoint = trial.servers[0].input
    #expect(endpoint.errno == EADDRINUSE)
    let holder = try #require(endpoint.holder)
    #expect(holder.kind == .outsider && holder.pid == getpid(), "\(holder)")
    #expect(holder.sources == .kernel)
    let name = try FileText.read("/proc/self/comm").prefix { $0 != "\n" }
    #expect(holder.command == name)
  }

  /// Ports of this host, held until the value goes.
  final class Taken: @unchecked Sendable {
    private var sockets: [Int32] = []
    var count: Int { sockets.count }

    func take(_ range: ClosedRange<Int>) {
      for port in range {
        guard let socket = try? TCPSocket.open() else { return }
        if (try? TCPSocket.bind(socket, .wildcard, port: UInt16(port))) != nil {
          sockets.append(socket)
        } else {
          closeDescriptor(socket)
        }
      }
    }

    deinit { sockets.forEach(closeDescriptor) }
  }

  @Test func `required isolation that is not to be had is an error`() throws {
    // Isolation `.off` asks for none, `.required` for one or an error; on this host it is to be had or not.
    do {
      let run = try SmallRun([smallArm(0, "probe-then-bind")], isolation: .required)
      #expect(run.run.isolation != .none)
      #expect(run.run.isolationProblem == "")
    } catch let error as RunError {
      guard case .isolationUnavailable = error else { throw error }
    }
  }

  @Test func `a finished run leaves no process and no namespace`() throws {
    let run = try SmallRun([smallArm(0, "wildcard-report-back", workers: .pooled, sockets: .zmq)])
    let host = run.run.workerHostPid
    let namespace = try #require(Kernel.networkNamespace(of: host))
    var seen: Set<Int32> = []
    run.recording.afterTrial = { _ in
      seen.formUnion(Kernel.descendants(of: host).map(\.pid))
    }
    try run.perform()
    #expect(seen.count >= 6)
    try waitUntil("end of all workers") { seen.allSatisfy { !Kernel.isRunning($0) } }
    if run.run.isolation != .none {
      try waitUntil("end of the namespace") { Kernel.holders(ofNamespace: namespace).isEmpty }
    }
  }
}
