import Foundation
import TestSupport
import Testing

/// Hosts whose seccomp profile denies a call that processes are waited for and ended by: nothing is started that would
/// turn in circles or be left behind.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DeniedCallTests {
  @Test func `check does not start a command without poll`() throws {
    let finished = try run([
      try Victim.c("deny"), "poll", Built.bindstorm, "check", "--", "sh", "-c", "exit 7",
    ])
    #expect(finished.status == 69, "\(finished)")
    #expect(
      finished.errorOutput.contains(
        "this host cannot catch port calls: poll: Operation not permitted (EPERM)"), "\(finished)")
  }

  @Test func `what a mode lacks is named, and nothing that it does not need`() throws {
    let finished = try run([
      try Victim.c("deny"), "unshare", Built.bindstorm, "check", "--shrink", "--", "true",
    ])
    #expect(finished.status == 69, "\(finished)")
    #expect(
      finished.errorOutput.hasPrefix(
        "bindstorm check: --shrink needs a network namespace of its own, which this host refuses: "),
      "\(finished)")
    #expect(finished.errorOutput.contains("--security-opt seccomp=unconfined"), "how to grant it")
    #expect(!finished.errorOutput.contains("catch"), "\(finished)")
  }

  @Test(arguments: ["prctl", "poll"])
  func `run does not start workers that could not be ended or could not wait`(call: String) throws {
    let scratch = try ScratchFolder()
    let plan = try scratch.write(
      #"{"version": 1, "name": "denied", "strategies": ["inherited-listener"], "#
        + #""defaults": {"topology": {"api_servers": 2}}, "scenarios": [{"name": "a", "trials": 2}]}"#,
      to: "plan.json")
    let finished = try run([
      try Victim.c("deny"), call, Built.bindstorm, "run", plan, "--results", scratch.path + "/r",
    ])
    #expect(finished.status == 70, "\(finished)")
    #expect(
      finished.errorOutput.contains("\(call): Operation not permitted (EPERM)"), "\(finished)")
    #expect(scratch.names() == ["plan.json"], "something was written")
  }
}
