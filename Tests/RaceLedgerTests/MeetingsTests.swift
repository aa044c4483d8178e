import RaceLedger
import TestSupport
import Testing

/// What a command's success means after a theft, by whom its clients reached and when.
@Suite struct MeetingsTests {
  private static let thief = SocketAddress(bytes: [127, 0, 0, 1], port: 40_001)
  private static let client = SocketAddress(bytes: [127, 0, 0, 1], port: 50_001)

  /// What happened, in this order; each step takes a nanosecond. The first one is the theft.
  private enum Step { case thief, outsider, listens, server, earlierServer }

  private func meetings(_ steps: Step...) -> Meetings {
    var meetings = Meetings()
    meetings.listened(at: 5)
    meetings.stole(at: 10)
    for (index, step) in steps.enumerated() {
      let time = UInt64(11 + index)
      switch step {
      case .thief, .outsider:
        _ = meetings.reachedThief(
          step == .thief ? .sample() : nil, at: Self.thief, from: Self.client, time: time)
      case .listens: meetings.listened(at: time)
      case .server: meetings.reachedServer(boundAt: 10, at: time)
      case .earlierServer: meetings.reachedServer(boundAt: 5, at: time)
      }
    }
    return meetings
  }

  @Test func `success tells nothing if no client of the command reached the thief`() {
    for met in [meetings(), meetings(.outsider), meetings(.listens, .server)] {
      #expect(met.outcomeOfSuccess(listensWithoutThief: nil) == .survived)
      #expect(met.outcomeOfSuccess(listensWithoutThief: 9) == .survived)
    }
  }

  @Test func `clients that reached only the thief make success a failure`() {
    for met in [
      meetings(.thief), meetings(.thief, .earlierServer), meetings(.listens, .thief),
      meetings(.thief, .listens, .thief),
    ] {
      #expect(met.outcomeOfSuccess(listensWithoutThief: nil) == .metStranger)
      #expect(met.outcomeOfSuccess(listensWithoutThief: 1) == .metStranger)
    }
  }

  @Test func `a second server may be the first one's successor, which its number tells`() {
    let unknown = TheftOutcome.undecided(.metStrangerAndServer)
    for met in [meetings(.thief, .listens), meetings(.thief, .listens, .server)] {
      #expect(met.listens == 2)
      #expect(met.outcomeOfSuccess(listensWithoutThief: nil) == unknown)
      #expect(met.outcomeOfSuccess(listensWithoutThief: 3) == .metStranger)
    }
    let moved = meetings(.thief, .listens, .server)
    #expect(moved.outcomeOfSuccess(listensWithoutThief: 2) == .survived)
    // Nobody asked the second server: the client may not know of it.
    #expect(meetings(.thief, .listens).outcomeOfSuccess(listensWithoutThief: 2) == unknown)
    let both = meetings(.listens, .server, .thief)
    #expect(both.outcomeOfSuccess(listensWithoutThief: 2) == unknown)
    let after = meetings(.listens, .thief, .server)
    #expect(after.outcomeOfSuccess(listensWithoutThief: 2) == .survived)
  }

  @Test func `connections are counted for each client`() {
    var met = meetings(.thief, .outsider, .thief)
    met.answered(0)
    #expect(met.encounters.map(\.pid) == [10, 0] && met.encounters.map(\.connections) == [2, 1])
    #expect(
      met.encounters.map(\.text) == [
        "prog (pid 10) reached the thief at 127.0.0.1:40001 from 127.0.0.1:50001: 2 connections, 1 HTTP request answered with 200",
        "a process outside the command's tree reached the thief at 127.0.0.1:40001 from 127.0.0.1:50001: 1 connection, no HTTP request",
      ])
  }

  @Test func `a run is judged by them only if it succeeds in time`() {
    var run = TheftRun(
      ending: "exited with 0", isSuccess: true, stolen: 1, ports: 1, findings: [.sample()])
    run.meetings = meetings(.thief)
    #expect(run.outcomeOfWindow == .metStranger && run.outcomeOfWindow.word == .fails)
    #expect(run.outcomeOfWindow.sentence == "fails: reported success against a stranger")
    run.isHung = true
    #expect(run.outcomeOfWindow == .hung)
    run.isHung = false
    run.isSuccess = false
    #expect(run.outcomeOfWindow == .died("exited with 0"))
  }
}
