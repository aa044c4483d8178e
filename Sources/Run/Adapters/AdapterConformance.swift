internal import Glibc
public import PlanModel
internal import Syscalls
internal import TerminalText

/// Checks an adapter against the rules of the protocol, one after the other, each with what was sent and received.
public struct AdapterConformance {
  /// One rule.
  public struct Finding: Sendable, Equatable {
    /// Name of the rule, as in the document.
    public var rule: String
    /// What was observed; nil if the adapter kept the rule, or the rule was not tried.
    public var violation: String?
    /// The violated rule that it builds on, because of which it was not tried.
    public var blocker: String?
  }

  /// How it ended.
  public enum Result: Sendable, Equatable {
    /// Every rule that applies was tried.
    case examined([Finding])
    /// The adapter cannot run here, with the reason.
    case unavailable(String)
  }

  private let command: AdapterCommand
  private let launch: AdapterRequest.Launch
  private let deadlines: AdapterProcess.Deadlines
  private var findings: [Finding] = []
  private var capabilities: Set<AdapterCapability> = []

  /// - Parameters:
  ///   - apiServers: size of the launch that it is asked for.
  ///   - timeoutMilliseconds: deadline of every answer.
  public init(command: AdapterCommand, apiServers: Int, timeoutMilliseconds: Int) {
    self.command = command
    launch = AdapterRequest.Launch(
      number: 0, apiServers: apiServers, sockets: .zmq, depth: .bind)
    deadlines = AdapterProcess.Deadlines(all: timeoutMilliseconds)
  }

  /// Starts the adapter as often as needed and tests it. It runs in the calling process's namespace.
  public mutating func run() -> Result {
    if let reason = examineHello() { return .unavailable(reason) }
    guard findings.allSatisfy({ $0.violation == nil }) else { return .examined(findings) }
    examineTrials()
    examineDepthAllocate()
    examineStop()
    examineEndOfInput()
    return .examined(findings)
  }

  /// Why it cannot run here, if it says so.
  private mutating func examineHello() -> String? {
    var reason: String?
    withAdapter("hello") { adapter, seen throws(AdapterFault) in
      switch try adapter.hello() {
      case .failure(let refusal):
        if refusal.kind == .unavailable { reason = TerminalText.safeLine(refusal.message) }
        throw AdapterFault(.wrongHello, "hello was refused: \(refusal.message)")
      case .success(let hello): seen = hello.capabilities
      }
    } unstartable: {
      reason = $0
    }
    return reason
  }

  /// Three trials of one process, with all of its capabilities.
  private mutating func examineTrials() {
    let capabilities = capabilities
    let isBinding = capabilities.contains(.bind)
    for rule in ["allocate"] + (capabilities.contains(.listeners) ? ["listeners"] : [])
      + (isBinding ? ["bind", "report"] : []) + ["release", "next-trial"]
    {
      // Each has the steps of those before it, and would be violated by the same error.
      if let blocker = firstViolated {
        findings.append(Finding(rule: rule, blocker: blocker))
        continue
      }
      withAdapter(rule) { adapter, _ throws(AdapterFault) in
        let services = try Self.greet(adapter)
        for trial in 0..<(rule == "next-trial" ? 3 : 1) {
          let ports = try Self.get(
            try adapter.allocate(seed: UInt64(trial), mayBeUnknown: isBinding))
          if rule == "allocate" { return }
          var sockets: [Int32] = []
          defer { for socket in sockets { closeDescriptor(socket) } }
          if capabilities.contains(.listeners) {
            sockets = try adapter.takeListeners(ports)
            try Self.checkPassed(sockets, ports)
          }
          if rule == "listeners" { return }
          var bound: [UInt16] = []
          if isBinding {
            if let refusal = try adapter.bind() { throw Self.refused(refusal) }
            if rule == "bind" { return }
            bound = try Self.get(try adapter.report())
            try Self.checkListeners(bound, of: adapter)
            if rule == "report" { return }
          }
          if let refusal = try adapter.release() { throw Self.refused(refusal) }
          try Self.checkReleased(adapter, but: services)
        }
      }
    }
  }

  /// If nothing is bound, every port must be known at once.
  private mutating func examineDepthAllocate() {
    guard !capabilities.contains(.bind) else { return }
    if firstViolated == "allocate" {
      findings.append(Finding(rule: "depth-allocate", blocker: "allocate"))
      return
    }
    withAdapter("depth-allocate", depth: .allocate) { adapter, _ throws(AdapterFault) in
      let services = try Self.greet(adapter)
      _ = try Self.get(try adapter.allocate(seed: 1, mayBeUnknown: false))
      if let refusal = try adapter.release() { throw Self.refused(refusal) }
      try Self.checkReleased(adapter, but: services)
    }
  }

  private var firstViolated: String? { findings.first { $0.violation != nil }?.rule }

  private mutating func examineStop() {
    withAdapter("stop") { adapter, _ throws(AdapterFault) in
      try Self.greet(adapter)
      try adapter.stop()
      let left = ProcessRecords.tree(of: adapter.keeperPid).subtracting([adapter.keeperPid])
      guard left.isEmpty else {
        let processes = left.count == 1 ? "1 process is" : "\(left.count) processes are"
        throw AdapterFault(.late, "\(processes) left after it ended")
      }
    }
  }

  private mutating func examineEndOfInput() {
    withAdapter("end-of-input") { adapter, _ throws(AdapterFault) in
      try Self.greet(adapter)
      try adapter.endInput()
    }
  }

  /// Tests one rule with a new process.
  private mutating func withAdapter(
    _ rule: String, depth: Depth = .bind,
    _ body: (AdapterProcess, inout Set<AdapterCapability>) throws(AdapterFault) -> Void,
    unstartable: (String) -> Void = { _ in }
  ) {
    var launch = launch
    launch.depth = depth
    var adapter: AdapterProcess?
    do throws(AdapterFault) {
      let started = try AdapterProcess(command, launch: launch, deadlines: deadlines)
      adapter = started
      try body(started, &capabilities)
      findings.append(Finding(rule: rule, violation: nil))
    } catch {
      adapter?.end()
      var text = TerminalText.safeLine("\(error.kind.rawValue): \(error.text)")
      if let adapter {
        if !adapter.transcript.sent.isEmpty { text += "\n  sent:     \(adapter.transcript.sent)" }
        if !adapter.transcript.received.isEmpty {
          text += "\n  received: \(TerminalText.safeLine(adapter.transcript.received))"
        }
        let said = TerminalText.safeLine(adapter.lastErrorLines(limit: 1_000))
        if !said.isEmpty { text += "\n  stderr:   \(said)" }
        if error.kind == .notStarted { unstartable(said) }
      }
      findings.append(Finding(rule: rule, violation: text))
    }
    adapter?.end()
    adapter?.forgetErrors()
  }

  /// Sends `hello`. Returns the ports that the adapter holds from then on for its own services.
  @discardableResult
  private static func greet(_ adapter: AdapterProcess) throws(AdapterFault) -> Set<UInt16> {
    if case .failure(let refusal) = try adapter.hello() { throw refused(refusal) }
    return Set(try heldPorts(adapter))
  }

  /// The TCP ports that are bound in a process of the adapter.
  private static func heldPorts(_ adapter: AdapterProcess) throws(AdapterFault) -> [UInt16] {
    let own = ProcessRecords.sockets(of: ProcessRecords.tree(of: adapter.keeperPid))
    let sockets = try asked { () throws(SystemError) in
      try SocketListing.sockets([.listening, .bound])
    }
    return sockets.filter { own.contains($0.inode) }.map(\.listener.port)
  }

  /// The kernel's answer to a query. If the host refuses the query, the adapter cannot be judged.
  private static func asked<Answer>(
    _ question: () throws(SystemError) -> Answer
  ) throws(AdapterFault) -> Answer {
    do throws(SystemError) { return try question() } catch {
      throw AdapterFault(.notListening, "the kernel cannot be asked who listens: \(error)")
    }
  }

  private static func get(
    _ answer: Swift.Result<[UInt16], AdapterRefusal>
  ) throws(AdapterFault) -> [UInt16] {
    switch answer {
    case .success(let ports): return ports
    case .failure(let refusal): throw refused(refusal)
    }
  }

  private static func refused(_ refusal: AdapterRefusal) -> AdapterFault {
    AdapterFault(
      .malformed,
      "on a host with free ports it reports \(refusal.kind.rawValue): \(refusal.message)"
    )
  }

  /// Connections to every port must reach exactly one listener, which a process of the adapter has open and which takes
  /// them.
  private static func checkListeners(
    _ ports: [UInt16], of adapter: AdapterProcess
  ) throws(AdapterFault) {
    let claims = ports.map { ListenerCheck.Claim(port: $0, root: adapter.keeperPid) }
    let findings = try asked { () throws(SystemError) in try ListenerCheck.examine(claims) }
    for (address, finding) in findings.enumerated() {
      switch finding {
      case .owner, .unaccepted: continue
      case .nobody, .shared, .stranger, .stopped, .full:
        throw AdapterFault(
          .notListening,
          "address \(address) was reported on \(AdapterRequest.host.text):\(ports[address]), where \(finding)"
        )
      }
    }
  }

  /// Connections to every port must reach the listener that was passed for it.
  private static func checkPassed(
    _ sockets: [Int32], _ ports: [UInt16]
  ) throws(AdapterFault) {
    let reached = try asked { () throws(SystemError) in
      try SocketListing.reached(at: HostAddress(AdapterRequest.host))
    }
    for (address, (socket, port)) in zip(sockets, ports).enumerated() {
      let listeners = (reached[port] ?? []).map(\.inode)
      guard listeners != [TCPSocket.inode(of: socket)] else { continue }
      throw AdapterFault(
        .notListening,
        "connections to \(AdapterRequest.host.text):\(port) do not reach the descriptor of address \(address), but \(listeners.count == 1 ? "another socket" : "\(listeners.count) sockets")"
      )
    }
  }

  /// After a release no process of the adapter may have a listening or bound TCP socket, except for services that it
  /// had before.
  private static func checkReleased(
    _ adapter: AdapterProcess, but services: Set<UInt16>
  ) throws(AdapterFault) {
    let left = try heldPorts(adapter).filter { !services.contains($0) }
    guard left.isEmpty else {
      throw AdapterFault(
        .stillBound,
        "after its answer to release it still holds ports \(left.prefix(8).map { "\($0)" }.joined(separator: ", ")). libzmq closes listeners only after close() has returned: wait for EVENT_CLOSED, as Adapters/pyzmq_launcher.py does"
      )
    }
  }
}
