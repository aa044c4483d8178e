import Glibc
import History
import TestSupport
import Testing

/// A launcher that fails after it has allocated: its own failure is the cause, not the end of API servers that it takes
/// along.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LauncherFailureTests {
  static let defaults =
    #""depth": "startup", "topology": {"api_servers": 2}, "startup": {"nodes": 2}, "trials": 1, "timeout_ms": 3000"#

  private func cell(
    _ rule: String?, _ startup: String, trials: String = ""
  ) throws -> MeasuredPlan.Cell {
    try MeasuredPlan(
      strategies: [#""inherited-listener""#],
      scenarios: [#"{"name": "fails", "startup": {\#(startup)}\#(trials)}"#],
      defaults: Self.defaults, environment: ["BINDSTORM_FAIL": rule]
    ).cell("fails", "inherited-listener")
  }

  private func servers(_ cell: MeasuredPlan.Cell) -> [ServerRecord] {
    cell.trials.joined().compactMap { if case .server(let record) = $0 { record } else { nil } }
  }

  /// Its API servers were never started.
  @Test func `a coordinator that never binds is a timeout`() throws {
    let cell = try cell("zmq_bind/coordinator:HANG", #""coordinator_timeout_ms": 100"#)
    #expect(cell.outcomes == ["timeout": 1], "\(cell.outcomes): \(cell.evidence)")
    #expect(cell.evidence.contains("stage coordinator with errno 110"), "\(cell.evidence)")
    #expect(servers(cell).map(\.pid) == [0, 0])
  }

  /// As in vLLM the port is bound before engine cores and API servers are started: there are none.
  @Test func `a handshake that cannot be bound is the launcher's own error`() throws {
    let cell = try cell("zmq_bind/launcher:EADDRNOTAVAIL", "")
    #expect(cell.outcomes == ["other-error": 1], "\(cell.outcomes): \(cell.evidence)")
    #expect(cell.evidence.contains("stage handshake with errno 99"), "\(cell.evidence)")
    #expect(servers(cell).map(\.pid) == [0, 0])
    let engines = cell.trials.joined().compactMap { event -> EngineRecord? in
      if case .engine(let record) = event { record } else { nil }
    }
    #expect(engines.map(\.pid) == [0, 0], "\(engines)")
  }

  /// Each launch of a row has faults of its own, which stay on record.
  @Test func `every launch of a row keeps what became of its faults`() throws {
    let place = try Workplace(
      plan(
        ["inherited-listener"], trials: 1, settings: #""depth": "startup", "workers": "fresh""#,
        scenario: #"""
          "sockets": "zmq", "startup": {"nodes": 2, "serial_launches": 3}, "faults": [{"kind": "delay",
          "at": "before-input-bind",
          "options": {"milliseconds": 5, "distribution": "uniform"}}]
          """#))
    let finished = try place.run()
    #expect(try place.outcomes() == ["ready": 3], "\(finished.errorOutput)")
    var records: [FaultRecord] = []
    var reader = try HistoryReader(path: place.latest("events.jsonl"))
    while let event = try reader.next() {
      if case .fault(let record) = event { records.append(record) }
    }
    #expect(records.map(\.serial) == [0, 1, 2])
    #expect(records.allSatisfy { $0.isDue && $0.witnessed != 0 && $0.pid > 0 })
    #expect(Set(records.map(\.pid)).count == 3)
    let told = try place.bindstorm(["explain", place.latest("0/0")]).output
    for launch in 1...3 {
      #expect(
        told.contains("fault 0 (delay) of launch \(launch) in the row is witnessed"), "\(told)")
    }
  }
}
