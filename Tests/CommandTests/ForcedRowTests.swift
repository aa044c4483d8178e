import Foundation
import TestSupport
import Testing

/// `explain` and `replay` of rows whose program's port calls are caught.
@Suite(.serialized) struct ForcedRowTests {
  private static let launcher = Built.repository + "/Adapters/two_process_launcher.py"

  private static func row(_ label: String, _ way: String) -> String {
    #"{"name": "check", "label": "\#(label)", "command": ["python3", "\#(launcher)", "\#(way)"], "options": {"run_timeout_ms": 50000}}"#
  }

  @Test func `a program's window is told, counted and forced again`() throws {
    let workplace = try Workplace(
      """
      {
        "version": 1, "name": "small", "defaults": { "topology": { "api_servers": 2 }, "trials": 1, "timeout_ms": 60000 },
        "strategies": [\(Self.row("racy", "probe")), \(Self.row("fixed", "report"))],
        "scenarios": [{ "name": "a" }]
      }
      """)
    let run = try workplace.run(["--quiet"])
    if run.errorOutput.contains("cannot be caught") { try skip("port calls cannot be caught") }
    #expect(run.ending == .exit(0), "\(run)")
    let matrix = try workplace.text(workplace.latest("matrix.md"))
    #expect(!matrix.contains("What each strategy costs"), "a program allocates nothing for us")
    let whole = try workplace.bindstorm(["explain", workplace.latest()])
    for part in [
      "RACE: tcp port ", "Taken by: the thief that bindstorm put into the window, pid ",
      "racy in a: lost-to-thief x1; 1 port followed, 1 window, 1 stolen\n",
      "fixed in a: ready x1; 1 port followed, 0 windows, 0 stolen\n",
      "2 trials, 0 ports lost, 1 finding in forced programs (1 stolen), 1 different finding\n",
    ] { #expect(whole.output.contains(part), "\(part) in \(whole)") }
    let trial = try workplace.bindstorm(["explain", workplace.latest("0/0")])
    #expect(trial.output.contains(" gets 127.0.0.1:") && trial.output.contains(" again: failed: "))
    for invented in ["API server 0.", "addresses", "barrier"] {
      #expect(!trial.output.contains(invented), "\(trial.output)")
    }
    let red = try workplace.bindstorm([
      "replay", workplace.latest("0/0"), "--force", "--times", "2",
    ])
    #expect(red.ending == .exit(0), "\(red)")
    #expect(red.output.contains("level: exact; the thief takes the port of python3 "))
    #expect(red.output.contains("red 2/2, green 0/2: lost-to-thief x2\n"))
    let green = try workplace.bindstorm([
      "replay", workplace.latest("0/0"), "--force", "--times", "2", "--strategy", "fixed",
    ])
    #expect(green.output.contains("red 0/2, green 2/2: ready x2\n"), "\(green)")
    let nothing = try workplace.bindstorm(["replay", workplace.latest("1/0"), "--force"])
    #expect(nothing.ending == .exit(64))
    #expect(nothing.errorOutput.contains("there is no window to force"), "\(nothing)")
  }
}
