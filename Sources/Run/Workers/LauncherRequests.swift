internal import CSharedRegion
internal import PlanModel
internal import StrategyKit

/// How a launcher lets its clients send requests, once every API server is served.
extension StartupLauncher {
  /// Waits for the launches that share the HTTP port. Returns false if a process died before.
  func awaitSharers(_ reap: () -> Void) -> Bool {
    while !http.isEverySharerThere {
      if hasCasualty(includingServers: true, reap) { return false }
      sleep()
    }
    return true
  }

  /// Waits until every API server has answered the HTTP client, and the client has measured.
  func awaitAnswers(_ reap: () -> Void) throws(StageFailure) {
    while true {
      switch try http.progress() {
      case .done: return
      case .failed(let code):
        // First find out whether a process has died.
        if hasCasualty(includingServers: true, reap) { return }
        throw parts.failure(BS_STAGE_HTTP, code)
      case .waiting:
        if hasCasualty(includingServers: true, reap) { return }
        sleep()
      }
    }
  }

  /// Lets the API servers send the requests of the measurement, and waits until all are answered.
  func measure(_ reap: () -> Void) {
    measurement.begin()
    while !measurement.isDone {
      if hasCasualty(includingServers: true, reap) { return }
      sleep()
    }
    measurement.finish()
  }
}
