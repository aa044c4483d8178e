import Lifelines
import RaceLedger
import TestSupport
import Testing

@testable import RaceReporting

/// The findings of `check` as lifelines.
@Suite struct FindingLifelinesTests {
  private func all(_ findings: [Finding]) -> [Lifeline] {
    FindingLifelines.all(
      Book(findings),
      RunFacts(
        command: ["prog"], ending: "exited with 0", isSuccess: true, startedAt: 50, seconds: 1e-5,
        mode: "full", steal: "off", version: "1"))
  }

  private func spans(_ lifeline: Lifeline?) -> [String] {
    lifeline?.spans.map { "\($0.name) \($0.from)-\($0.to)" } ?? []
  }

  @Test func `a race has its two processes, its port and an arrow`() {
    let lifelines = all([.sample(window: 300)])
    #expect(lifelines.map(\.name) == ["bindstorm check", "prog", "prog", "tcp port 40001"])
    #expect(
      lifelines.map(\.subject) == [.record, .process(pid: 10), .process(pid: 20), .port])
    #expect(spans(lifelines[0]) == ["prog 50-10050"])
    #expect(spans(lifelines[3]) == ["held by prog (pid 10) 100-700", "free 700-1000"])
    #expect(
      lifelines[1].instants.map(\.name) == [
        "bind(port 0): 127.0.0.1:40001", "lets 127.0.0.1:40001 go: closed",
      ])
    #expect(lifelines[1].instants[0].arrows == [.init(id: 1, arrives: false)])
    #expect(lifelines[2].instants.map(\.arrows) == [[.init(id: 1, arrives: true)]])
    #expect(lifelines[2].instants.map(\.meaning) == [.success])
  }

  @Test func `a thief has the port from when it came until the tree has ended`() {
    for (proof, taken) in [(Proof.plainSocket, 1_000), (.thief, 700)] {
      let lifelines = all([
        .sample(window: 300) {
          ($0.wasStolen, $0.result, $0.proof) = (true, 98, proof)
          $0.owner = Owner(isInTree: false, isThief: true, pid: 30, command: "bindstorm")
          $0.thiefAddresses = [$0.rebindAddress]
        }
      ])
      let port = lifelines.last
      #expect(port?.spans.last?.meaning == .taken)
      #expect(spans(port).last == "stolen by a thief of bindstorm \(taken)-10050")
      let thief = lifelines.first { $0.name == "thief of bindstorm check" }
      #expect(thief?.subject == .process(pid: 30))
      #expect(thief?.instants.map(\.at) == [UInt64(taken)])
      let victim = lifelines.first { $0.subject == .process(pid: 20) }
      #expect(victim?.instants.map(\.meaning) == [.failure])
      #expect(victim?.instants[0].arrows.map(\.id) == [1, 2])
    }
  }

  @Test func `one probe of two findings is one event with two arrows`() {
    let lifelines = all([
      .sample(window: 300), .sample(window: 300, rebind: 2) { $0.reboundAt = 2_000 },
    ])
    let probe = lifelines.first { $0.subject == .process(pid: 10) }?.instants.first
    #expect(probe?.arrows.map(\.id) == [1, 2])
    #expect(lifelines.count { $0.subject == .port } == 1)
  }

  @Test func `what was suppressed and what was not let go has no port`() {
    #expect(all([.sample()]).count { $0.subject == .port } == 0)
    #expect(all([]).map(\.name) == ["bindstorm check"])
  }
}
