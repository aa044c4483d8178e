import Foundation
import TestSupport
import Testing

/// What the documents say of the program must be what the program says.
@Suite struct DocumentationTests {
  private func document(_ name: String) throws -> String {
    try String(contentsOfFile: Built.repository + "/" + name, encoding: .utf8)
  }

  @Test func `the table of strategies is the registry's`() throws {
    let table = try Program([Built.bindstorm, "list", "strategies", "--markdown"]).wait()
    #expect(table.ending == .exit(0))
    #expect(table.output.split(separator: "\n").count > 20)
    #expect(
      try document("CONTRIBUTING.md").hasSuffix(table.output),
      "regenerate it: bindstorm list strategies --markdown")
  }

  @Test func `every shipped plan stands in the README`() throws {
    let readme = try document("README.md")
    let plans = try FileManager.default.contentsOfDirectory(
      atPath: Built.repository + "/Scenarios"
    ).filter { $0.hasSuffix(".json") }
    #expect(plans.count >= 10)
    for plan in plans { #expect(readme.contains(plan), "\(plan)") }
  }

  @Test func `every subcommand stands in the README, and every document it links to is there`()
    throws
  {
    let readme = try document("README.md")
    let help = try Program([Built.bindstorm, "--help"]).wait().output
    let subcommands = help.components(separatedBy: "SUBCOMMANDS:")[1].split(separator: "\n")
      .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("See 'bindstorm") }
      .map { String($0.split(separator: " ")[0]) }
    #expect(subcommands.count >= 7)
    for name in subcommands { #expect(readme.contains("bindstorm \(name)"), "\(name)") }
    for part in readme.components(separatedBy: "](").dropFirst() {
      let target = String(part.prefix { $0 != ")" })
      if target.hasPrefix("https://") { continue }
      #expect(
        FileManager.default.fileExists(atPath: Built.repository + "/" + target), "\(target)")
    }
  }
}
