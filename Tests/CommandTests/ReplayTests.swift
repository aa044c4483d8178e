import Foundation
import TestSupport
import Testing

/// `replay` and `explain`, on runs made here.
@Suite(.serialized) struct ReplayTests {
  /// The racy strategy loses its input to a thief in every trial, the fixes never. `fixed-ranges` draws nothing, and
  /// so loses to nobody else.
  private static func stolen(from racy: String) throws -> Workplace {
    let workplace = try Workplace(
      plan(
        [racy, "inherited-listener", "wildcard-report-back"], trials: 2,
        scenario: #""faults": [{"kind": "steal", "at": "before-input-bind"}]"#))
    let finished = try workplace.run(["--quiet"])
    #expect(finished.ending == .exit(0), "\(finished.errorOutput)")
    return workplace
  }

  @Test func `a forced interleaving is red every time on the racy strategy, green on a fix`() throws
  {
    // Its numbers differ, so that the steal alone can lose one: eight probes of 500 ports meet in 5 % of launches.
    let workplace = try Self.stolen(from: "batch-dedupe")
    let red = try workplace.bindstorm(["replay", workplace.latest("0/1"), "--force"])
    #expect(red.ending == .exit(0), "\(red.errorOutput)")
    #expect(red.output.contains("level: exact\n"), "\(red.output)")
    #expect(red.output.contains("red 100/100, green 0/100: lost-to-thief x100"), "\(red.output)")
    for fix in ["inherited-listener", "wildcard-report-back"] {
      let green = try workplace.bindstorm([
        "replay", workplace.latest("0/1"), "--force", "--strategy", fix,
      ])
      #expect(green.ending == .exit(0), "\(green.errorOutput)")
      #expect(green.output.contains("red 0/100, green 100/100: ready x100"), "\(green.output)")
    }
  }

  @Test func `a replay with other outcomes ends with 1`() throws {
    let workplace = try Self.stolen(from: "fixed-ranges")
    // Ready then, and forced into the same steal: still ready; the racy one under its label is not.
    let other = try workplace.bindstorm([
      "replay", workplace.latest("1/0"), "--strategy", "fixed-ranges",
    ])
    #expect(other.ending == .exit(1), "\(other.output)")
    #expect(other.output.contains("level: synthetic\n"), "\(other.output)")
    #expect(other.output.contains("red 1/1"), "\(other.output)")
  }

  @Test func `what cannot be replayed is said`() throws {
    let workplace = try Self.stolen(from: "fixed-ranges")
    let ready = try workplace.bindstorm(["replay", workplace.latest("1/0"), "--force"])
    #expect(ready.ending == .exit(64))
    #expect(ready.errorOutput.contains("lost no port"), "\(ready.errorOutput)")
    let nobody = try workplace.bindstorm(["replay", workplace.latest("0/99")])
    #expect(nobody.ending == .exit(64))
    #expect(
      nobody.errorOutput.contains("there is no trial 99 of a/fixed-ranges"), "\(nobody.errorOutput)"
    )
    let stranger = try workplace.bindstorm([
      "replay", workplace.latest("0/0"), "--strategy", "nothing",
    ])
    #expect(stranger.ending == .exit(64))
    #expect(stranger.errorOutput.contains("fixed-ranges"), "\(stranger.errorOutput)")
  }

  @Test func `a trial is told with its outcome, its lost port and its fault`() throws {
    let workplace = try Self.stolen(from: "fixed-ranges")
    let trial = try workplace.bindstorm(["explain", workplace.latest("0/1")])
    #expect(trial.ending == .exit(0), "\(trial.errorOutput)")
    #expect(!trial.output.contains("bound it between"), "\(trial.output)")
    for part in [
      "launch 0: lost-to-thief", "PORT RACE: port ", "Victim: input of API server 0.",
      "Taken by: thief 0, pid ", "(bs-steal)", "the events and the kernel's record agree",
      "had held it for ", "window ", "Replay: bindstorm replay ", "a/fixed-ranges/1 --force",
      "fault 0 (steal) is armed", "fault 0 (steal) is injected", "fault 0 (steal) is witnessed",
      "the trial is over: complete",
    ] {
      #expect(trial.output.contains(part), "\(part) in \(trial.output)")
    }
    // What `latest` leads to is another run tomorrow.
    #expect(!trial.output.contains("/latest/"), "\(trial.output)")
  }

  @Test(arguments: [["replay", "run"], ["replay", "run/0"], ["replay", "run/0/x"]])
  func `a place that names no trial is refused with what is wanted`(arguments: [String]) throws {
    let refused = try Program.run([Built.bindstorm] + arguments)
    #expect(refused.ending == .exit(64))
    #expect(refused.errorOutput.contains("there is no run \""), "\(refused.errorOutput)")
  }

  @Test func `a run's findings are told once each, with counts`() throws {
    let workplace = try Self.stolen(from: "fixed-ranges")
    let run = try workplace.bindstorm(["explain", workplace.latest()])
    #expect(run.ending == .exit(0), "\(run.errorOutput)")
    #expect(run.output.contains("seen 2 times, first in trial a/fixed-ranges/0"), "\(run.output)")
    #expect(run.output.hasPrefix("==="))
    #expect(run.output.contains("6 trials, "), "\(run.output)")
  }
}
