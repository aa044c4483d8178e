import CSharedRegion
import CLinuxShims
import CSharedRegion
import Glibc
import History
import RunContract
import PlanModel
import Syscalls
import TestSupport
import Testing

/// What acts for a fault in a process of its own.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FaultHelperTests {
  @Test func `a steal that is refused leaves the holder's claim and its time alone`() async {
    await #expect(processExitsWith: .success) {
      let region = try SharedRegion(mapping: try SharedRegion.makeFile().release())
      let socket = try TCPSocket.open()
      try TCPSocket.bind(socket, .wildcard, port: 0)
      try TCPSocket.listen(socket)
      let port = try TCPSocket.port(of: socket)
      let thief = bs_claim(BS_CLAIM_THIEF, 3)
      region.setClaim(thief, on: port, since: 17)
      let pid = bs_fault_steal(region.pointer, 0, port, 0, 1)
      #expect(pid > 0)
      #expect(region.fault(0).pointee.error == EADDRINUSE)
      #expect(region.claim(on: port) == thief)
      #expect(region.claimedSince(port, by: thief) == 17)
    }
  }

  @Test func `a steal that succeeds says who holds the port, and since when`() async {
    await #expect(processExitsWith: .success) {
      let region = try SharedRegion(mapping: try SharedRegion.makeFile().release())
      let probe = try TCPSocket.open()
      try TCPSocket.bind(probe, .wildcard, port: 0)
      let port = try TCPSocket.port(of: probe)
      closeDescriptor(probe)
      let before = MonotonicClock.now()
      let pid = bs_fault_steal(region.pointer, 2, port, 0, 1)
      #expect(pid > 0 && region.fault(2).pointee.helper_pid == pid)
      let claim = bs_claim(BS_CLAIM_FAULT, 2)
      #expect(region.claim(on: port) == claim)
      #expect(region.claimedSince(port, by: claim) >= before)
      CurrentProcess.endChild(pid)
    }
  }

  @Test func `a helper that never answers is ended`() async {
    await #expect(processExitsWith: .success) {
      setenv("BINDSTORM_FAIL", "bind/fault-helper:HANG", 1)
      let region = try SharedRegion(mapping: try SharedRegion.makeFile().release())
      // An orphan is this process's child, too.
      #expect(bs_become_subreaper() == 0)
      #expect(bs_fault_steal(region.pointer, 0, 40_000, 0, 1) == -ETIMEDOUT)
      #expect(region.fault(0).pointee.helper_pid == 0)
      #expect(bs_fault_orphan(region.pointer, 1, 40_000) == -ETIMEDOUT)
      #expect(region.fault(1).pointee.helper_pid == 0)
      try waitUntil("the helpers' end", atMost: 10) {
        !Kernel.descendants(of: getpid()).contains { ["bs-steal", "bs-orphan"].contains($0.name) }
      }
    }
  }

  /// It holds what the launcher had open, whether that is a socket or not, and would meet the next trial.
  @Test func `a child that leaked descriptors is gone before the next trial`() throws {
    let plan = try MeasuredPlan(
      strategies: [#""fixed-ranges""#],
      scenarios: [
        #"{"name": "leak", "faults": [{"kind": "leaked-descriptors", "at": "after-probe", "every": 2}]}"#
      ], defaults: #""topology": {"api_servers": 2}, "trials": 4, "timeout_ms": 3000"#)
    let trials = try plan.cell("leak", "fixed-ranges").trials
    let launchers = trials.map { events in
      events.compactMap { event -> Int32? in
        guard case .launch(let record) = event else { return nil }
        return record.pid
      }.first
    }
    try #require(launchers.count == 4 && launchers.allSatisfy { $0 != nil })
    // Trials 0 and 2 have the fault: the launcher it hangs on is replaced after them.
    #expect(launchers[0] != launchers[1] && launchers[2] != launchers[3], "\(launchers)")
    for events in trials {
      for case .fault(let record) in events where record.isDue {
        #expect(record.witnessed != 0 && record.helper > 0)
      }
    }
  }
}
