import CLinuxShims
import CSharedRegion
import Faults
import Glibc
import RunContract
import Syscalls
import TestSupport
import Testing

extension ThiefTests {
  @Test func `a squatter that finds nothing free was there all the same`() throws {
    let measured = try measure(#"{"kind": "port-squatter", "options": {"ports": 3}}"#)
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
    let racing = try measured.cell("s", "probe-then-bind")
    #expect(racing.outcomes["ready"] == nil, "\(racing.outcomes)")
  }

  /// What a squatter on one number does to who binds it, by the socket options of both. Binders set SO_REUSEADDR,
  /// as libzmq does. Nothing is left to chance but a launch's own duplicates (0.0004 each): two in one row of 8
  /// launches have a probability of 5e-6, and all rows together 2e-5, so one is allowed for and three are not seen
  /// in a lifetime (4e-9).
  @Test(arguments: [
    (reuse: 0, port: 0, listens: 0, strategy: "probe-then-bind", outcome: "lost-to-thief"),
    (0, 0, 1, "probe-then-bind", "lost-to-thief"), (1, 0, 1, "probe-then-bind", "lost-to-thief"),
    (0, 1, 0, "probe-then-bind", "lost-to-thief"), (0, 1, 1, "probe-then-bind", "lost-to-thief"),
    // Bound with SO_REUSEADDR and not listening: both are bound, and the API server listens.
    (1, 0, 0, "probe-then-bind", "ready"),
    // A holder with SO_REUSEADDR keeps plain thieves out, and none that set it, too.
    (0, 0, 1, "reuseaddr-hold", "ready"), (1, 0, 1, "reuseaddr-hold", "lost-to-thief"),
    (1, 0, 0, "reuseaddr-hold", "ready"), (0, 1, 1, "reuseaddr-hold", "ready"),
    // One with SO_REUSEPORT shares with whoever sets it: two listeners on one port.
    (0, 0, 1, "reuseport-hold", "ready"), (1, 0, 1, "reuseport-hold", "ready"),
    (0, 1, 1, "reuseport-hold", "split-brain"),
    (1, 0, 1, "inherited-listener", "ready"), (0, 1, 1, "inherited-listener", "ready"),
  ])
  func `socket options decide who gets a squatter's number`(
    reuse: Int, port: Int, listens: Int, strategy: String, outcome: String
  ) throws {
    let measured = try measure(
      #"{"kind": "port-squatter", "options": {"reuse_address": \#(reuse), "reuse_port": \#(port), "listens": \#(listens)}}"#,
      trials: 8, strategies: ["\"\(strategy)\""])
    let cell = try measured.cell("s", strategy)
    #expect(cell.outcomes[outcome, default: 0] >= 6, "\(cell.outcomes): \(cell.evidence)")
    if listens == 0 && reuse + port > 0 {
      #expect(cell.noPrediction?.contains("does not listen") == true)
    }
  }

  @Test func `whoever binds over a squatter with SO_REUSEADDR keeps it from listening`() throws {
    let bench = ThiefBench(
      PortSquatter.self, ["ports": 2, "reuse_address": 1, "listens": 0])
    let probe = try TCPSocket.open()
    try TCPSocket.bind(probe, .loopback, port: 0)
    let number = try TCPSocket.port(of: probe)
    closeDescriptor(probe)
    bench.region.server(0).pointee.input.requested = number
    bench.region.server(0).pointee.output.requested = number
    bench.thief.trialBegan(bench.loot)
    bench.thief.windowOpened(bench.loot)
    try #require(bench.loot.count == 2, "two that set it share a number that nobody listens on")
    let binder = try TCPSocket.open()
    defer { closeDescriptor(binder) }
    try TCPSocket.allowAddressReuse(binder)
    try TCPSocket.bind(binder, .loopback, port: number)
    try TCPSocket.listen(binder)
    #expect(throws: SystemError("listen", code: EADDRINUSE)) {
      try TCPSocket.listen(bench.loot.sockets[0])
    }
  }
}
