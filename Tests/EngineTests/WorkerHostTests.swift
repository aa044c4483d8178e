import Engine
import Foundation
import Glibc
import PlanModel
import RunContract
import Syscalls
import TestSupport
import Testing

/// One pooled API server and one thief that does nothing until it is told to.
private func order(
  api servers: Int, workers: WorkerKind = .pooled, sockets: SocketKind = .tcp
) -> Order {
  Order(
    arm: Arm(
      index: 0, scenario: "s", strategy: Choice(name: "probe-then-bind", label: "x"),
      depth: .bind, topology: Topology(apiServers: servers), workers: workers, sockets: sockets,
      ownershipCheck: .off, thieves: [], trials: 1),
    strategy: 0, thieves: [], confinesSockets: false)
}

/// Starts a launch of pooled API servers and waits until all are there.
private func startWorkers(_ host: WorkerHost, api servers: Int) throws {
  order(api: servers).write(to: host.region)
  _ = try host.request(ControlMessage(.startWorkers))
  try waitUntil("pool of API servers") {
    Kernel.descendants(of: host.pid).filter { $0.name.hasPrefix("bs-api-") }.count == servers
  }
}

/// The host's worker of that name, once it is there.
private func worker(_ name: String, of host: WorkerHost) throws -> ProcessRecord {
  var found: ProcessRecord?
  try waitUntil(name) {
    found = Kernel.descendants(of: host.pid).first { $0.name == name }
    return found != nil
  }
  return try #require(found)
}

/// Whether a process has a handler for SIGCHLD (SigCgt of proc_pid_status(5)).
private func catchesChildSignal(_ pid: Int32) throws -> Bool {
  let status = try FileText.read("/proc/\(pid)/status")
  let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") })
  let mask = try #require(UInt64(line.split(separator: "\t").last!, radix: 16))
  return mask >> UInt64(SIGCHLD - 1) & 1 == 1
}

@Suite(.serialized, .timeLimit(.minutes(20))) struct WorkerHostTests {
  @Test func `a host lives until it is ended, and what is below it goes with it`() throws {
    let host = try WorkerHost(executable: Built.worker, allowNamespace: true)
    #expect(host.isAlive)
    #expect(Kernel.process(host.pid)?.name == "bs-host")
    try startWorkers(host, api: 3)
    let workers = Kernel.descendants(of: host.pid)
    #expect(
      workers.map(\.name).sorted() == ["bs-api-0-0", "bs-api-0-1", "bs-api-0-2", "bs-launcher-0"])
    host.end()
    #expect(!host.isAlive)
    #expect(!Kernel.isRunning(host.pid))
    try waitUntil("end of the workers") { workers.allSatisfy { !Kernel.isRunning($0.pid) } }
    host.end()
  }

  @Test func `a host ends with its value`() throws {
    let pid: Int32
    do {
      let host = try WorkerHost(executable: Built.worker, allowNamespace: false)
      pid = host.pid
    }
    #expect(!Kernel.isRunning(pid))
  }

  @Test func `stopped workers are gone when the answer comes, and can be started again`() throws {
    let host = try WorkerHost(executable: Built.worker, allowNamespace: true)
    for servers in [1, 5, 2] {
      try startWorkers(host, api: servers)
      let workers = Kernel.descendants(of: host.pid)
      #expect(workers.count == servers + 1)
      _ = try host.request(ControlMessage(.stopWorkers))
      #expect(Kernel.descendants(of: host.pid).isEmpty)
      #expect(workers.allSatisfy { !Kernel.isRunning($0.pid) })
    }
  }

  @Test func `a worker has no descriptors but its own`() throws {
    let host = try WorkerHost(executable: Built.worker, allowNamespace: true)
    try startWorkers(host, api: 1)
    for worker in Kernel.descendants(of: host.pid) {
      // The shared region, which an API server that is started by exec attaches to again, and the run's private
      // folder.
      let files = Kernel.descriptors(of: worker.pid).dropFirst(3)
      #expect(
        Array(files) == ["/memfd:bindstorm-region (deleted)", "/"], "\(worker.name): \(files)")
    }
  }

  @Test(.enabled(if: Kernel.isRoot, "needs root"))
  func `as root the host gets a namespace with a range of its own`() throws {
    let hostRange = try Namespace.portRange()
    let host = try WorkerHost(executable: Built.worker, allowNamespace: true)
    #expect(host.isolation == .namespace)
    #expect(host.isolationProblem == "")
    #expect(Kernel.networkNamespace(of: host.pid) != Kernel.networkNamespace(of: getpid()))
    let answer = try host.request(ControlMessage(.setPool, [41_000, 41_099]))
    #expect(answer.values == [41_000, 41_099])
    let range = try Namespace.portRange()
    #expect(range == hostRange, "the host's own range has changed")
  }

  @Test func `without a namespace the host stays where the harness is and says so`() throws {
    let host = try WorkerHost(executable: Built.worker, allowNamespace: false)
    #expect(host.isolation == .none)
    #expect(host.isolationProblem == "switched off")
    #expect(Kernel.networkNamespace(of: host.pid) == Kernel.networkNamespace(of: getpid()))
  }

  @Test(.enabled(if: Kernel.allowsNamespaces, "needs a network namespace"))
  func `what the kernel refuses comes back as the host's words`() throws {
    let host = try WorkerHost(executable: Built.worker, allowNamespace: true)
    #expect(host.isolation != .none, "\(host.isolationProblem)")
    let failure = #expect(throws: WorkerHost.StartError.self) {
      try host.request(ControlMessage(.setPool, [50_000, 40_000]))
    }
    #expect(
      failure?.description
        == "write /proc/sys/net/ipv4/ip_local_port_range: Invalid argument (EINVAL)")
    // It is as good as before.
    #expect(
      try host.request(ControlMessage(.setPool, [40_000, 40_001])).values == [40_000, 40_001])
  }

  @Test func `the host names the process behind a socket and lists its namespace's sockets`()
    throws
  {
    let host = try WorkerHost(executable: Built.worker, allowNamespace: true)
    let socket = Descriptor(owning: try TCPSocket.open())
    let inode = Int64(TCPSocket.inode(of: socket.number))
    let answer = try host.request(ControlMessage(.identify, [inode, 0, 1, 0]))
    #expect(answer.values == [Int64(getpid()), 0])
    if host.isolation != .none {
      #expect(try host.request(ControlMessage(.listSockets)).values.isEmpty)
    }
  }

  @Test(arguments: ["/nonexistent/bindstorm-worker", "/bin/true", "/bin/sleep"])
  func `an executable that is no worker is refused at once`(path: String) {
    let failure = #expect(throws: WorkerHost.StartError.self) {
      _ = try WorkerHost(executable: path, allowNamespace: false)
    }
    #expect(failure?.description.contains(path) == true)
  }

  @Test func `a worker of another build is refused, and says why`() throws {
    let folder = try ScratchFolder()
    let messages = open(folder.path + "/messages", O_WRONLY | O_CREAT, 0o600)
    defer { close(messages) }
    let failure = #expect(throws: WorkerHost.StartError.self) {
      _ = try WorkerHost(
        executable: Built.worker, allowNamespace: false, fingerprint: 1, messages: messages)
    }
    #expect(failure?.description.contains("did not start") == true)
    #expect(try FileText.read(folder.path + "/messages").contains("different builds"))
  }

  /// The helper of a fault is a child of the API server. Were its end a signal that is caught, as the launcher catches
  /// it, libzmq's bind would fail with EINTR now and then, and the strategy with it.
  @Test(arguments: [true, false])
  func `an API server that may have helpers does not catch their end`(hasFault: Bool) throws {
    let host = try WorkerHost(executable: Built.worker, allowNamespace: false)
    var order = order(api: 1)
    if hasFault {
      order.arm.faults = [
        PlannedFault(kind: Choice(name: "steal", label: "steal"), point: .beforeInputBind)
      ]
    }
    order.write(to: host.region)
    _ = try host.request(ControlMessage(.startWorkers))
    #expect(try catchesChildSignal(worker("bs-api-0-0", of: host).pid) == !hasFault)
    #expect(try catchesChildSignal(worker("bs-launcher-0", of: host).pid))
    _ = try host.request(ControlMessage(.stopWorkers))
  }

  @Test func `a host that is stuck is given up, not waited for`() throws {
    let host = try WorkerHost(
      executable: Built.worker, allowNamespace: false, answerTimeoutMilliseconds: 300)
    kill(host.pid, SIGSTOP)
    let failure = #expect(throws: WorkerHost.StartError.self) {
      try host.request(ControlMessage(.listSockets))
    }
    #expect(
      failure?.description == "answer of the worker host: Connection timed out (ETIMEDOUT)")
  }

  @Test func `a host that was killed is an error of the next request`() throws {
    let host = try WorkerHost(executable: Built.worker, allowNamespace: false)
    kill(host.pid, SIGKILL)
    try waitUntil("end of the host") { !host.isAlive }
    #expect(throws: WorkerHost.StartError.self) {
      try host.request(ControlMessage(.listSockets))
    }
  }

  /// A crash reporter would keep a crashed worker for seconds and hold its sockets.
  @Test func `workers run without the Swift runtime's crash reporter`() throws {
    let host = try WorkerHost(executable: Built.worker, allowNamespace: false)
    let variables = try FileText.read("/proc/\(host.pid)/environ").split(separator: "\0")
    #expect(variables.filter { $0.hasPrefix("SWIFT_BACKTRACE=") } == ["SWIFT_BACKTRACE=enable=no"])
    try startWorkers(host, api: 1)
    let launcher = try #require(
      Kernel.descendants(of: host.pid).first { $0.name == "bs-launcher-0" })
    kill(launcher.pid, SIGSEGV)
    // The worker host takes its exit: it is not even a zombie.
    try waitUntil("end of the launcher") { Kernel.process(launcher.pid) == nil }
    #expect(Kernel.descendants(of: host.pid).filter { $0.name.hasPrefix("swift") }.isEmpty)
    _ = try host.request(ControlMessage(.stopWorkers))
  }

  @Test func `a worker run by hand refuses`() throws {
    let finished = try Program.run([Built.worker])
    #expect(finished.ending == .exit(70))
    #expect(finished.errorOutput.contains("started by bindstorm only"))
    // A wrong parent: it is an orphan from the start.
    #expect(try Program.run([Built.worker, "1", "no-namespace"]).ending == .exit(0))
  }
}
