import Foundation
import TestSupport
import Testing

/// The run that is kept under version control, `Results/reference`: made by this version, of the plan as it is.
@Suite struct ReferenceRunTests {
  private static let folder = Built.repository + "/Results/reference"

  private static func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private static func file(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }

  @Test func `it was made by this version, of the plan as it is`() throws {
    let version = try Program.run([Built.bindstorm, "--version"]).output
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let environment = try Self.json(Self.file("environment.json"))
    #expect(environment["bindstormVersion"] as? String == version, "run `make reference`")
    let matrix = try Self.json(Self.file("matrix.json"))
    #expect(matrix["isPartial"] as? Bool == false && matrix["isIsolated"] as? Bool == true)
    let planned = try Program.run(
      [Built.bindstorm, "plan", Built.repository + "/Scenarios/vllm-40443.json", "--json"])
    let plan = try #require(try Self.json(planned.output)["plan"] as? NSDictionary)
    #expect(matrix["plan"] as? NSDictionary == plan, "run `make reference`")
  }

  @Test func `its picture and its Markdown are what this version makes of it`() throws {
    for (words, file) in [(["--svg", "-"], "matrix.svg"), (["--markdown"], "comment.md")] {
      let made = try Program.run(
        [Built.bindstorm, "report", "Results/reference"] + words, folder: Built.repository)
      #expect(made.ending == .exit(0), "\(made)")
      #expect(made.output == (try Self.file(file)), "\(file): run `make reference`")
    }
  }

  @Test func `it is small, and names no place of the host that made it`() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
    var total = 0
    for name in names {
      let text = try Self.file(name)
      total += text.utf8.count
      // An absolute path: what a reference names lies in the repository.
      let paths = text.matches(of: /(?:^|[\s"'=(>])(\/[\w.-]+){2,}/).map { String($0.0) }
      #expect(paths == [], "\(name)")
    }
    #expect(total < 600_000, "\(total) bytes")
  }
}
