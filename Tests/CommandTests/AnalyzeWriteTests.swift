import Foundation
import Glibc
import TestSupport
import Testing

/// The verdict's files of a run, written by `analyze`.
@Suite struct AnalyzeWriteTests {
  private static let files = [
    "junit.xml", "matrix.csv", "matrix.json", "matrix.md", "metrics.txt", "report.html",
  ]

  @Test func `a run that was killed gets its matrix and its JUnit file`() throws {
    let workplace = try Workplace(endlessPlan())
    let program = try workplace.start(["--quiet"])
    try waitUntil("trials in the record") {
      let text = (try? workplace.text(workplace.latest("events.jsonl", of: "endless"))) ?? ""
      return text.components(separatedBy: #""event":"trial-ended""#).count > 20
    }
    program.signal(SIGKILL)
    try program.wait()
    let folder = workplace.latest(of: "endless")
    let before = try FileManager.default.contentsOfDirectory(atPath: folder)
    for file in Self.files { #expect(!before.contains(file), "\(file)") }

    // Without a demand, and cut short: 2.
    for _ in 1...2 {
      let finished = try workplace.bindstorm(["analyze", folder, "--write"])
      #expect(finished.ending == .exit(2), "\(finished)")
      #expect(finished.output.contains("PARTIAL"), "\(finished)")
    }
    let after = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(Set(after) == Set(before).union(Self.files))
    let matrix = try workplace.json(workplace.latest("matrix.json", of: "endless"))
    #expect(matrix["isPartial"] as? Bool == true)
    let junit = try workplace.text(workplace.latest("junit.xml", of: "endless"))
    let time = try #require(junit.firstMatch(of: /<testcase [^>]*time="([0-9.]+)"/))
    #expect(try #require(Double(time.output.1)) > 0)
  }

  @Test func `a whole run keeps what it had`() throws {
    let workplace = try Workplace()
    #expect(try workplace.run(["--quiet"]).ending == .exit(0))
    // JUnit and the metrics have times, which the run measured with its pauses.
    let same = Self.files.filter { !["junit.xml", "metrics.txt"].contains($0) }
    let before = try same.map { try workplace.text(workplace.latest($0)) }
    #expect(try workplace.bindstorm(["analyze", workplace.latest(), "--write"]).ending == .exit(0))
    #expect(try same.map { try workplace.text(workplace.latest($0)) } == before)
  }

  @Test func `a file that cannot be written ends the command before anything runs`() throws {
    let workplace = try Workplace()
    for option in ["--json-file", "--junit-file", "--markdown-file", "--csv-file"] {
      let finished = try workplace.run(["--quiet", option, "/nonexistent/folder/file"])
      #expect(finished.ending == .exit(73), "\(finished)")
      #expect(finished.errorOutput.contains("cannot write /nonexistent/folder/file"))
      #expect(try workplace.run([option, "-"]).ending == .exit(64))
    }
    #expect(!FileManager.default.fileExists(atPath: workplace.results))
  }
}
