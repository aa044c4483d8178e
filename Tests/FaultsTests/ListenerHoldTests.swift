import CLinuxShims
import CSharedRegion
import Faults
import Glibc
import Syscalls
import TestSupport
import Testing

extension ThiefTests {
  @Test func `strangers' listeners take ports, and none that are held`() throws {
    let measured = try measure(
      #"{"kind": "listener-hold", "options": {"ports": 7058}}"#,
      strategies: [
        #""probe-then-bind""#, #""wildcard-report-back""#,
        #"{"name": "retry-new-number", "label": "untold", "options": {"announce": 0}}"#,
      ])
    // 4 addresses, each free with probability 1/2: 20 clean launches have probability (1/16)^20.
    let racing = try measured.cell("s", "probe-then-bind")
    #expect(racing.outcomes["lost-to-thief", default: 0] > 0, "\(racing.outcomes)")
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
    // The API server went elsewhere, and its peers go to the stranger: by the same chance.
    let untold = try measured.cell("s", "untold")
    #expect(untold.outcomes["cross-talk", default: 0] > 0, "\(untold.outcomes)")
  }

  @Test(arguments: [1, 0]) func `a stranger answers what it is sent, or nothing`(answers: Int)
    throws
  {
    let bench = ThiefBench(ListenerHold.self, ["ports": 3, "answers": answers])
    bench.thief.trialBegan(bench.loot)
    bench.thief.windowOpened(bench.loot)
    try #require(bench.record.drawn == 3)
    for socket in bench.loot.sockets {
      let client = try TCPSocket.open(nonBlocking: false)
      defer { closeDescriptor(client) }
      TCPSocket.resetOnClose(client)
      _ = try TCPSocket.connect(client, port: try TCPSocket.port(of: socket))
      #expect(send(client, "who is there", 12, 0) == 12)
      var heard = [UInt8](repeating: 0, count: 32)
      // On loopback everything is there at once: one look accepts, the next one reads and answers.
      for _ in 0..<2 where bench.thief.nextAction != nil {
        bench.thief.act(bench.loot, now: MonotonicClock.now())
      }
      let length = recv(client, &heard, 32, Int32(MSG_DONTWAIT))
      #expect(length == (answers == 1 ? 12 : -1))
    }
    bench.thief.trialEnds(bench.loot, now: MonotonicClock.now())
  }
}
