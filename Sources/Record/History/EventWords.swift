/// The words of the closed sets as literals, so that writing one neither allocates nor hashes.
///
/// They equal the raw values; a test holds them to it.
extension Stage {
  var word: StaticString {
    switch self {
    case .none: "none"
    case .probe: "probe"
    case .listenerSetup: "listener-setup"
    case .spawn: "spawn"
    case .bind: "bind"
    case .listen: "listen"
    case .adopt: "adopt"
    case .report: "report"
    case .scan: "scan"
    case .lock: "lock"
    case .service: "service"
    case .ask: "ask"
    case .coordinator: "coordinator"
    case .handshake: "handshake"
    case .load: "load"
    case .connect: "connect"
    case .readiness: "readiness"
    case .serve: "serve"
    case .adapter: "adapter"
    case .http: "http"
    case .host: "host"
    }
  }
}

extension Ownership {
  var word: StaticString {
    switch self {
    case .unchecked: "unchecked"
    case .owner: "owner"
    case .stranger: "stranger"
    case .shared: "shared"
    case .silent: "silent"
    }
  }
}

extension Holder.Kind {
  var word: StaticString {
    switch self {
    case .apiServer: "api-server"
    case .launcher: "launcher"
    case .coordinator: "coordinator"
    case .thief: "thief"
    case .outsider: "outsider"
    case .nobody: "nobody"
    case .cannotTell: "cannot-tell"
    }
  }
}

extension Holder.Sources {
  var word: StaticString {
    switch self {
    case .eventsAndKernel: "events-and-kernel"
    case .events: "events"
    case .kernel: "kernel"
    case .contradiction: "contradiction"
    case .neither: "neither"
    }
  }
}

extension TrialEnded.Completion {
  var word: StaticString {
    switch self {
    case .complete: "complete"
    case .timeoutPreparing: "timeout-preparing"
    case .timeoutWindow: "timeout-window"
    case .timeoutBinding: "timeout-binding"
    case .timeoutChecking: "timeout-checking"
    case .timeoutClosing: "timeout-closing"
    case .harnessError: "harness-error"
    }
  }
}
