import Foundation
import TestSupport
import Testing

/// Files that commands read: of the wrong kind, too large, or damaged. Each is refused with 64, in little time and words.
@Suite(.serialized, .timeLimit(.minutes(20))) struct InputFileTests {
  private static let commands = [
    ["validate"], ["plan"], ["run", "--results", "results"], ["check", "--suppressions"],
  ]

  private func refused(_ workplace: Workplace, _ command: [String], _ path: String) throws -> String
  {
    let rest = command[0] == "check" ? ["--", "true"] : []
    let finished = try workplace.bindstorm(command + [path] + rest)
    #expect(finished.ending == .exit(64), "\(finished)")
    #expect(finished.output == "")
    #expect(finished.errorOutput.utf8.count < 1_000, "\(finished.errorOutput.prefix(1_000))")
    return finished.errorOutput
  }

  @Test(arguments: commands)
  func `what is no regular file is refused at once`(_ command: [String]) throws {
    let workplace = try Workplace()
    let fifo = workplace.scratch.path + "/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    #expect(try refused(workplace, command, fifo).contains("it is a FIFO, not a regular file"))
    for device in ["/dev/zero", "/dev/full"] {
      #expect(try refused(workplace, command, device).contains("it is a character device"))
    }
    #expect(try refused(workplace, command, "/tmp").contains("Is a directory"))
    #expect(try refused(workplace, command, "/proc/self/mem").contains("Input/output error"))
  }

  @Test(arguments: commands)
  func `a file larger than its limit is refused with the limit`(_ command: [String]) throws {
    let workplace = try Workplace()
    let blanks = String(repeating: " ", count: 1 << 20)
    let path = try workplace.scratch.write(blanks + " ", to: "large")
    let words = try refused(workplace, command, path)
    #expect(words.contains("it is larger than 1 MiB, the most that is read of it"), "\(words)")
    #expect(try Self.limits().contains("| 1 MiB |"))
  }

  private static func limits() throws -> String {
    try String(
      contentsOf: URL(filePath: Built.repository).appending(path: "Documentation/limits.md"),
      encoding: .utf8)
  }

  @Test func `thousands of errors in one line are few words`() throws {
    let names = (0..<5_000).map { "\"n\($0)\"" }.joined(separator: ",")
    let workplace = try Workplace("{\"version\": 1, \"name\": \"x\", \"strategies\": [\(names)]}")
    let finished = try workplace.bindstorm(["validate", "plan.json"])
    #expect(finished.ending == .exit(64))
    #expect(finished.errorOutput.utf8.count < 60_000)
    // Too many strategies, no scenarios, and the strategies themselves.
    #expect(
      finished.errorOutput.hasSuffix("and 976 more errors\n"), "\(finished.errorOutput.suffix(80))")
  }

  @Test func `a plan may come through the pipe of a shell`() throws {
    let workplace = try Workplace()
    let finished = try Program.run(
      ["/bin/bash", "-c", "'\(Built.bindstorm)' validate <(cat plan.json)"],
      folder: workplace.scratch.path)
    #expect(finished.ending == .exit(0), "\(finished)")
  }

  @Test func `what is damaged in a stored run is refused with its file and place`() throws {
    let workplace = try Workplace(plan(trials: 2))
    #expect(try workplace.run(["--quiet"]).ending == .exit(0))
    let run = workplace.latest()
    func refusals(_ words: String) throws {
      for command in [
        ["analyze", run], ["explain", run], ["explain", run + "0/1"], ["replay", run + "0/1"],
      ] {
        let finished = try workplace.bindstorm(command)
        #expect(finished.ending == .exit(64), "\(command) \(finished)")
        #expect(finished.errorOutput.contains(words), "\(command) \(finished.errorOutput)")
      }
    }
    let events = try workplace.text(workplace.latest("events.jsonl"))
    let start = try #require(events.split(separator: "\n").first)
    for (from, to, words) in [
      (
        "\"portsTaken\":8", "\"portsTaken\":-1",
        "field \"portsTaken\" is not a whole number in 0..."
      ),
      ("\"trial\":1,", "\"trial\":2,", "there is no trial 2; arm 0 has 2, counted from 0"),
      (
        "\"event\":\"trial-started\",\"arm\":0", "\"event\":\"trial-started\",\"arm\":9",
        "there is no arm 9"
      ),
      ("\"server\":3", "\"server\":4", "there is no API server 4; the arm has 4, counted from 0"),
    ] {
      #expect(events.contains(from))
      try events.replacing(from, with: to).write(
        toFile: workplace.latest("events.jsonl"), atomically: false, encoding: .utf8)
      try refusals(words)
    }
    try ("\(start)\n" + String(repeating: " ", count: 2 << 20)).write(
      toFile: workplace.latest("events.jsonl"), atomically: false, encoding: .utf8)
    try refusals("events.jsonl:2: the line is longer than 1048576 bytes")
    #expect(try Self.limits().contains("| 1,048,576 bytes |"))
    unlink(workplace.latest("events.jsonl"))
    #expect(mkfifo(workplace.latest("events.jsonl"), 0o600) == 0)
    try refusals("it is not a regular file")
    let blanks = String(repeating: " ", count: (16 << 20) + 1)
    try blanks.write(
      toFile: workplace.latest("resolved.json"), atomically: false, encoding: .utf8)
    try refusals("it is larger than 16 MiB")
    #expect(try Self.limits().contains("| 16 MiB |"))
  }
}
