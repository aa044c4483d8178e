import Glibc
import History
import PlanModel
import Syscalls
import TestSupport
import Testing

@testable import Engine

/// What a run writes down about a trial is what happened.
@Suite(.serialized, .timeLimit(.minutes(20))) struct TrialAccountTests {
  @Test func `an interrupted block's trials have their seconds`() throws {
    let run = try SmallRun([smallArm(0, "inherited-listener", trials: 100_000)])
    run.recording.afterTrial = { [interruption = run.interruption] trial in
      if trial.started.trial == 3 { interruption.request(signal: SIGINT) }
    }
    let recording = try run.perform()
    let first = try #require(recording.trials.first?.started.at)
    let last = try #require(recording.trials.last?.ended?.at)
    let timing = try #require(run.run.timings.first)
    #expect(timing.trials == 4)
    #expect(timing.seconds >= Double(last - first) / 1e9)
  }

  /// The launcher takes the API server's exit before it dies itself: what ended that one stays on record.
  @Test func `a launcher's death does not change how an API server had died`() throws {
    let run = try SmallRun([
      smallArm(
        0, "inherited-listener", window: Window(milliseconds: 1_000), workers: .pooled, trials: 1,
        timeout: 3_000)
    ])
    let host = run.run.workerHostPid
    let killer = whenProcess(named: "bs-api-0-2", isInTheWindowOf: host) { server in
      guard let parent = Kernel.process(server)?.parent else { return }
      kill(server, SIGTERM)
      // Taken, and noted: the launcher sleeps again.
      try? waitUntil("the API server's exit") {
        Kernel.process(server) == nil && Kernel.process(parent)?.state == "S"
      }
      kill(parent, SIGKILL)
    }
    defer { killer.join() }
    let trial = try #require(try run.perform().trials.first)
    #expect(trial.servers.map(\.died) == [SIGKILL, SIGKILL, SIGTERM, SIGKILL])
    #expect(trial.launches.map(\.died) == [SIGKILL])
  }

  /// Strangers connect to the store before its API servers do: one says nothing, one says something else.
  @Test func `the store of publish-through-store bears strangers`() throws {
    let run = try SmallRun(
      [
        smallArm(
          0, "publish-through-store", window: Window(milliseconds: 500), trials: 1, timeout: 5_000)
      ], isolation: .off)
    let host = run.run.workerHostPid
    let strangers = BackgroundWork {
      try? waitUntil("the store") {
        let launchers = Kernel.descendants(of: host).filter { $0.name == "bs-launcher-0" }
        let own = Set(launchers.flatMap { Kernel.descriptors(of: $0.pid) })
        for line in try Kernel.sockets(in: 42_000...42_999) {
          let words = line.split(separator: " ")
          // Listening, and the launcher's.
          guard words[2] == "0A", own.contains("socket:[\(words[4])]"), let port = UInt16(words[0])
          else { continue }
          for said in [[], [UInt8](repeating: 0, count: 6), [UInt8](repeating: 7, count: 14)] {
            let socket = try TCPSocket.open()
            _ = try TCPSocket.connect(socket, port: port)
            if !said.isEmpty { send(socket, said, said.count, Int32(MSG_NOSIGNAL)) }
          }
          return true
        }
        return false
      }
    }
    defer { strangers.join() }
    let trial = try #require(try run.perform().trials.first)
    #expect(trial.isReady(.full), "\(trial)")
  }

  /// The coordinator takes 300 ms between the allocation and the launcher's answer. A thief of 1,000 draws a second makes
  /// 300 of them then; fewer than 100 have a probability of 1e-40 on a thief that is not held up, and a thief that is makes
  /// up for it.
  @Test func `draws between the allocation and the launcher's answer fall into the window`() throws
  {
    let plan = try MeasuredPlan(
      strategies: [#""wildcard-report-back""#],
      scenarios: [
        #"""
        {"name": "churn", "startup": {"nodes": 2, "coordinator_import_ms": 300},
         "thieves": [{"kind": "bind-churn", "options": {"rate_per_second": 1000, "hold_ms": 1}}]}
        """#
      ], defaults: #""depth": "startup", "topology": {"api_servers": 2}, "trials": 2"#)
    try plan.skipWithoutHost("churn", "wildcard-report-back")
    let trials = try plan.cell("churn", "wildcard-report-back").trials
    #expect(trials.count == 2)
    for case .thief(let thief) in trials.joined() {
      #expect(thief.drawnInWindow >= 100, "\(thief)")
      #expect(thief.drawnBefore < thief.drawnInWindow, "\(thief)")
    }
  }
}
