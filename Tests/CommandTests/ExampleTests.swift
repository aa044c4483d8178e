import Foundation
import TestSupport
import Testing

/// The examples in the help of every command, each run in a folder that has what they name.
@Suite(.serialized) struct ExampleTests {
  private static let commands: [String] = {
    let help = (try? Program.run([Built.bindstorm, "--help"]).output) ?? ""
    return help.components(separatedBy: "SUBCOMMANDS:").last!.split(separator: "\n")
      .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("See 'bindstorm") }
      .map { String($0.split(separator: " ")[0]) }
  }()

  /// The lines of the section EXAMPLES, without what explains them.
  static func examples(in help: String) -> [String] {
    guard let start = help.range(of: "EXAMPLES:\n") else { return [] }
    return help[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { $0.hasPrefix("  ") }.map { line in
        let text = line.drop { $0 == " " }
        return String(text.range(of: "    ").map { text[..<$0.lowerBound] } ?? text)
      }
  }

  /// A folder as the examples have it: plans, a stored run under the names that they use, programs.
  nonisolated(unsafe) private static let workplace = Result {
    let workplace = try Workplace(plan(name: "nightly"))
    let folder = workplace.scratch.path
    let files = FileManager.default
    try files.createSymbolicLink(
      atPath: folder + "/Scenarios", withDestinationPath: Built.repository + "/Scenarios")
    for (name, text) in [
      ("nightly.json", plan(name: "nightly")),
      (
        "launch.py",
        """
        import socket
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with socket.socket() as own:
            own.bind(("127.0.0.1", port))
            own.listen()
        """
      ),
      ("my_adapter.py", try smallestAdapter),
    ] {
      _ = try workplace.scratch.write(text, to: name)
    }
    // What stands for pytest, which need not be installed.
    _ = try workplace.scratch.write("#!/bin/sh\nexit 0\n", to: "pytest")
    chmod(folder + "/pytest", 0o755)
    _ = try workplace.scratch.write("#!/bin/sh\ncat > /dev/null\n", to: "gh")
    chmod(folder + "/gh", 0o755)
    for (plan, scenario) in [("strategies", "thieves-80"), ("vllm-40443", "eighty-percent")] {
      let run = try workplace.bindstorm([
        "run", plan, "--trials", "4", "--quiet", "--only", scenario,
      ])
      guard run.status < 3 else { throw TestFailure("\(run)") }
    }
    let runs = folder + "/Results/vllm-40443"
    let newest = try files.destinationOfSymbolicLink(atPath: runs + "/latest")
    try files.copyItem(atPath: runs + "/" + newest, toPath: runs + "/20261120T020000Z-1")
    return workplace
  }

  /// The smallest adapter of the document.
  private static var smallestAdapter: String {
    get throws {
      let text = try String(
        contentsOfFile: Built.repository + "/Documentation/adapter-protocol.md", encoding: .utf8)
      let part = text.components(separatedBy: "## The smallest adapter")[1]
      return part.components(separatedBy: "```python\n")[1].components(separatedBy: "```")[0]
    }
  }

  @Test func `every command has an example`() throws {
    #expect(Self.commands.count >= 13)
    for command in Self.commands + [""] {
      let line = command.isEmpty ? ["--help"] : [command, "--help"]
      let help = try Program.run([Built.bindstorm] + line).output
      let found = Self.examples(in: help)
      #expect((1...4).contains(found.count), "\(command): \(help)")
      for example in found {
        // No line is broken on a terminal of 80 columns.
        #expect(help.contains("  \(example)") && example.count <= 78, "\(example)")
        #expect(example.hasPrefix("bindstorm \(command)"), "\(example)")
      }
    }
  }

  /// Fewer trials and replays, where they decide how long it takes. The exit code then says that nothing is decided.
  private static func shortened(_ example: String) -> String {
    if example.hasPrefix("bindstorm run ") {
      return example.replacing(#/ --trials \d+/#, with: "") + " --trials 2 --results Other"
    }
    if example.hasPrefix("bindstorm calibrate ") {
      return example
        + (example.contains("--self") ? " --comparisons 20 --trials 10" : " --within 0.2")
    }
    return example.hasPrefix("bindstorm replay ") && !example.contains("--times")
      ? example + " --times 2" : example
  }

  @Test func `every example is a command line that works`() throws {
    let workplace = try Self.workplace.get()
    let path = "\(Built.folder):\(workplace.scratch.path):/usr/local/bin:/usr/bin:/bin"
    for command in Self.commands + [""] {
      let line = command.isEmpty ? ["--help"] : [command, "--help"]
      for example in Self.examples(in: try Program.run([Built.bindstorm] + line).output) {
        if example.hasPrefix("bindstorm init ") {
          try? FileManager.default.removeItem(
            atPath: workplace.scratch.path + "/" + example.split(separator: " ")[2])
        }
        let finished = try Program.run(
          ["/bin/sh", "-c", Self.shortened(example)], environment: ["PATH": path],
          folder: workplace.scratch.path)
        // 66: races, of the examples that look for them; 69: no namespace here.
        let accepted: Set<Int32> =
          command == "check" || command.isEmpty ? [0, 2, 66, 69] : [0, 1, 2, 69]
        #expect(accepted.contains(finished.status), "\(example): \(finished)")
        #expect(!finished.errorOutput.contains("Usage:"), "\(example): \(finished)")
      }
    }
  }
}
