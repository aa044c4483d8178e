internal import History
internal import LinuxFacts
internal import PlanModel

extension ServingRecord {
  /// Whether the API server gave up waiting at that stage.
  func gaveUp(at stage: Stage) -> Bool { errno == LinuxErrno.timedOut && self.stage == stage }
}

extension EngineRecord {
  /// Whether the engine core gave up waiting at that stage.
  func gaveUp(at stage: Stage) -> Bool { errno == LinuxErrno.timedOut && self.stage == stage }
}

/// The messages that a user of the real system sees for a failed launch: the texts of vLLM and pyzmq.
///
/// The first text that applies is shown, in the order of `line`.
struct VLLMMessages {
  private let evidence: StartupEvidence
  private let own: LaunchRecord
  private let outcome: Outcome

  init(_ evidence: StartupEvidence, own: LaunchRecord, outcome: Outcome) {
    self.evidence = evidence
    self.own = own
    self.outcome = outcome
  }

  /// The message; nil if no message of vLLM is known.
  var line: String? {
    lostPort ?? coordinator ?? reports ?? unexpectedEngine ?? engineWithoutInit
      ?? serverWithoutEngines ?? deadEngine ?? unanswered ?? silence
  }

  /// Nothing is said: it hangs, or it is ready and wrong.
  private var silence: String? {
    switch outcome {
    case .timeout: "nothing: it hangs"
    case .splitBrain, .crossTalk: evidence.record.served == 0 ? nil : "nothing: it is ready"
    default: nil
    }
  }

  private var lostPort: String? { lostEndpoint ?? lostServicePort ?? lostRendezvous }

  /// The bind of a port failed in an API server. Who notices that process's end depends on vLLM's version.
  private var lostEndpoint: String? {
    for server in evidence.servers {
      for endpoint in [server.input, server.output]
      where endpoint.errno == LinuxErrno.addressInUse && endpoint.requested != 0 {
        let error = addressInUse(endpoint.requested)
        return error + notice(of: server)
      }
    }
    return nil
  }

  /// What the launcher says when an API server has ended by an error; empty if it did not notice that first.
  private func notice(of server: ServerRecord) -> String {
    guard evidence.record.casualty == .apiServer else { return "" }
    return evidence.startup.variant == .v019
      ? "; RuntimeError: Process ApiServer_\(server.server) (PID: \(server.pid)) died with exit code 1"
      : "; RuntimeError: Frontend process failed during engine core initialization. See root cause above. "
        + "Failed frontend proc(s): {'ApiServer_\(server.server)': 1}"
  }

  /// An API server did not expect a first frame: one of an engine core with another coordinator, or of a rank that it
  /// did not wait for any more.
  private var unexpectedEngine: String? {
    let waiting = evidence.servings.first {
      $0.errno == LinuxErrno.protocolError && $0.stage == .readiness
    }
    guard let waiting,
      let server = evidence.servers.first(where: { $0.server == waiting.server })
    else { return nil }
    let isNoticed = evidence.startup.checksCoordinator && waiting.strangers > 0
    return (isNoticed ? "AssertionError" : "KeyError") + notice(of: server)
  }

  /// The launcher lost one of its own ports.
  private var lostServicePort: String? {
    guard own.errno == LinuxErrno.addressInUse else { return nil }
    return switch own.stage {
    case .handshake: addressInUse(own.service)
    case .http: "OSError: [Errno \(LinuxErrno.addressInUse)] Address already in use"
    default: nil
    }
  }

  /// PyTorch could not bind the port of a process group. Only the data-parallel group of the first start is retried
  /// with the next number.
  private var lostRendezvous: String? {
    guard let engine = evidence.firstLoser, let (_, record) = engine.lostRendezvous else {
      return nil
    }
    guard engine.errno == LinuxErrno.addressInUse else {
      return
        "(EngineCore_DP\(engine.engine)) Address already in use. Retrying with a new port. Then nothing: it hangs"
    }
    let error =
      "torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. "
      + "port: \(record.port), useIpv6: false, code: -\(LinuxErrno.addressInUse), name: EADDRINUSE, message: address already in use"
    if engine.reinit?.lost ?? 0 > 0 { return "[FT] Instruction 'retry' failed: " + error }
    return deadEngine.map { error + "; " + $0 } ?? error
  }

  private var coordinator: String? {
    guard own.stage == .coordinator, own.errno != 0 else { return nil }
    return own.errno == LinuxErrno.timedOut
      ? "DP Coordinator process failed to report ZMQ addresses"
      : "DP Coordinator process failed during startup"
  }

  private var reports: String? {
    guard own.stage == .report, own.errno != 0 else { return nil }
    return own.errno == LinuxErrno.timedOut
      ? "Timed out waiting for API server(s) to report their addresses"
      : "ApiServer closed its address pipe without reporting"
  }

  private var engineWithoutInit: String? {
    evidence.engines.contains { $0.gaveUp(at: .handshake) }
      ? "Did not receive response from front-end process within 5 minutes" : nil
  }

  private var serverWithoutEngines: String? {
    guard evidence.servings.contains(where: { $0.gaveUp(at: .readiness) }) else { return nil }
    let (seconds, rest) = evidence.startup.clientTimeoutMilliseconds
      .quotientAndRemainder(dividingBy: 1_000)
    let waited = rest == 0 ? "\(seconds)" : "\(Double(seconds) + Double(rest) / 1_000)"
    return
      "TimeoutError: Timed out waiting for engine core processes to start. This is often caused by slow weight "
      + "loading for large models. Waited \(waited)s (configured by VLLM_ENGINE_READY_TIMEOUT_S)"
  }

  private var deadEngine: String? {
    for engine in evidence.engines {
      guard let status = engine.died else { continue }
      let ending = WaitStatus(status)
      // The messages are in the log of another node; on the head node only the hang is visible. An engine core that a
      // signal ends says nothing.
      if engine.node > 0 && evidence.record.noticed == 0 {
        let own = if case .exited = ending { "EngineCore failed to start. " } else { "" }
        return "nothing: it hangs; on node \(engine.node): \(own)Shutting down. (exit code 0)"
      }
      // As Python's multiprocessing has it: the signal's number, negative.
      let code =
        switch ending {
        case .exited(let code): code
        case .signalled(let signal): -signal
        }
      return
        "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): "
        + "{'EngineCore_DP\(engine.engine)': \(code)}"
    }
    return nil
  }

  private var unanswered: String? {
    evidence.servings.contains { $0.gaveUp(at: .serve) }
      ? "nothing: requests are not answered" : nil
  }

  private func addressInUse(_ port: UInt16) -> String {
    "zmq.error.ZMQError: Address already in use (addr='tcp://\(evidence.record.host):\(port)')"
  }
}
