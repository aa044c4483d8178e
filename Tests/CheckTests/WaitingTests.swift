import Foundation
import Glibc
import TestSupport
import Testing

/// Processes that outlive the command.
@Suite struct WaitingTests {
  /// Starts `check` on a command that leaves a reader of a FIFO behind, in a session of its own.
  private static func start(_ options: [String], gate: String) throws -> Program {
    try #require(mkfifo(gate, 0o600) == 0)
    return try Program(
      [try Victim.c("isolate"), Built.bindstorm, "check"] + options
        + ["--", "/bin/sh", "-c", "setsid cat '\(gate)' & exit 5"])
  }

  @Test func `who is waited for is named after a second, and once more when the wait is ended`()
    throws
  {
    let scratch = try ScratchFolder()
    let gate = scratch.path + "/gate"
    let program = try Self.start(["--quiet"], gate: gate)
    try waitUntil("line about the wait") { program.errorOutput.contains("still waiting for") }
    let line = program.errorOutput
    #expect(line.hasPrefix("bindstorm check: the command exited with 5; still waiting for pid "))
    #expect(
      line.contains("(cat \(gate))")
        && line.hasSuffix("; Ctrl-C (SIGTERM) ends the wait, --linger 2s limits it\n"))
    program.signal(SIGTERM)
    let finished = try program.wait()
    #expect(finished.status == 5)
    #expect(finished.errorOutput == line, "--quiet, and no race")
    // The reader ends with its writer.
    close(open(gate, O_WRONLY))
  }

  @Test func `what is left behind is named at the end`() throws {
    let scratch = try ScratchFolder()
    let gate = scratch.path + "/gate"
    let finished = try Self.start(["--linger", "50ms"], gate: gate).wait()
    #expect(finished.status == 5)
    #expect(!finished.errorOutput.contains("still waiting for"), "\(finished)")
    #expect(
      finished.errorOutput.contains("they are no longer monitored:")
        && finished.errorOutput.contains("(cat \(gate))"), "\(finished)")
    close(open(gate, O_WRONLY))
  }

  @Test func `a series names them, too`() throws {
    let scratch = try ScratchFolder()
    let gate = scratch.path + "/gate"
    let program = try Self.start(["--enumerate"], gate: gate)
    try waitUntil("line about the wait") { program.errorOutput.contains("still waiting for") }
    #expect(program.errorOutput.contains("(cat \(gate))"), "\(program.errorOutput)")
    close(open(gate, O_WRONLY))
    // The command fails without a thief, so nothing is decided.
    #expect(try program.wait().status == 2)
  }

  @Test func `a tree that ends with its command keeps nobody waiting`() throws {
    let finished = try run(
      [
        try Victim.c("isolate"), Built.bindstorm, "check", "--quiet", "--", "/bin/sh", "-c",
        "exit 5",
      ])
    #expect(finished.status == 5 && finished.errorOutput.isEmpty, "\(finished)")
  }
}
