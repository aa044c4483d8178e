import Foundation
import TestSupport
import Testing

/// What it costs to start a row's program is paid once for a row, and is not part of a trial's time.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: TestAdapter.hasPython, "needs python3"))
struct KeptProgramTests {
  /// An adapter that writes down each of its starts, which take so many seconds.
  private static let script = #"""
    import json, sys, time

    with open(sys.argv[1], "a") as starts:
        starts.write("start\n")
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"id": request["id"]}
        if request["request"] == "hello":
            time.sleep(float(sys.argv[2]))
            answer.update(protocol=1, name="slow to start", capabilities=["allocate"])
        if request["request"] == "allocate":
            answer["ports"] = [20000 + number for number in range(request["addresses"])]
        print(json.dumps(answer), flush=True)
        if request["request"] == "stop":
            break
    """#

  private static func row(_ scratch: ScratchFolder, _ label: String, seconds: String) -> String {
    #"{"name": "exec", "label": "\#(label)", "command": ["python3", "\#(scratch.path)/slow.py", "\#(scratch.path)/\#(label)", "\#(seconds)"], "options": {"allocate_timeout_ms": 500, "bind_timeout_ms": 300, "report_timeout_ms": 300, "release_timeout_ms": 500, "stop_timeout_ms": 500}}"#
  }

  private static func starts(_ scratch: ScratchFolder, _ label: String) throws -> Int {
    try String(contentsOfFile: "\(scratch.path)/\(label)", encoding: .utf8).split(separator: "\n")
      .count
  }

  @Test func `a program stays while other rows have their blocks`() throws {
    let scratch = try ScratchFolder()
    _ = try scratch.write(Self.script, to: "slow.py")
    let measured = try MeasuredPlan(
      strategies: [
        Self.row(scratch, "one", seconds: "0"), "\"inherited-listener\"",
        Self.row(scratch, "two", seconds: "0"),
      ],
      scenarios: [#"{"name": "alone"}"#],
      defaults: #""topology": {"api_servers": 2}, "trials": 20, "timeout_ms": 10000"#)
    for label in ["one", "two"] {
      let cell = try measured.cell("alone", label)
      #expect(cell.outcomes == ["ready": 20], "\(cell.outcomes) \(cell.evidence)")
      // Ten blocks, with two other rows between them. The first start finds out whether it can run here.
      #expect(try Self.starts(scratch, label) == 2)
    }
  }

  @Test func `a start may take longer than a trial`() throws {
    let scratch = try ScratchFolder()
    _ = try scratch.write(Self.script, to: "slow.py")
    let measured = try MeasuredPlan(
      strategies: [Self.row(scratch, "slow", seconds: "2")], scenarios: [#"{"name": "alone"}"#],
      defaults: #""topology": {"api_servers": 2}, "trials": 2, "timeout_ms": 1000"#)
    let cell = try measured.cell("alone", "slow")
    #expect(cell.outcomes == ["ready": 2], "\(cell.outcomes) \(cell.evidence)")
  }
}
