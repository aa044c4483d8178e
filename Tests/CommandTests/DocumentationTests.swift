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

  @Test func `every subcommand stands in the README`() throws {
    let readme = try document("README.md")
    let help = try Program([Built.bindstorm, "--help"]).wait().output
    let subcommands = help.components(separatedBy: "SUBCOMMANDS:")[1].split(separator: "\n")
      .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("See 'bindstorm") }
      .map { String($0.split(separator: " ")[0]) }
    #expect(subcommands.count >= 7)
    for name in subcommands { #expect(readme.contains("bindstorm \(name)"), "\(name)") }
  }

  private static let documents: [String] = {
    let folder = Built.repository + "/Documentation"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
      + names.filter { $0.hasSuffix(".md") }.sorted().map { "Documentation/" + $0 }
  }()

  @Test(arguments: documents) func `every path that a document names is there`(
    _ name: String
  ) throws {
    let text = try document(name)
    // What the reader of CONTRIBUTING.md is to write.
    let examples = Set(text.matches(of: /File `([^`]+)`/).map { String($0.output.1) })
    // The change log names what was there at the time.
    guard name != "CHANGELOG.md" else { return }
    for match in text.matches(of: /\b(Sources|Tests|Scenarios)\/[A-Za-z0-9_.\/+-]+/) {
      let path = String(match.output.0).trimmingCharacters(in: ["."])
      #expect(
        examples.contains(path)
          || FileManager.default.fileExists(atPath: Built.repository + "/" + path), "\(path)")
    }
  }

  /// The anchor that GitHub gives a heading.
  private static func anchor(_ heading: String) -> String {
    String(
      heading.lowercased().compactMap { character in
        character == " "
          ? "-"
          : character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
      })
  }

  @Test(arguments: documents) func `every relative link of a document leads somewhere`(
    _ name: String
  ) throws {
    let folder =
      Built.repository + "/"
      + name.split(separator: "/").dropLast().map { $0 + "/" }
      .joined()
    for match in try document(name).matches(of: /\]\(([^)\s]+)\)/) {
      let link = String(match.output.1)
      if link.hasPrefix("https://") { continue }
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
      let target = parts[0].isEmpty ? Built.repository + "/" + name : folder + parts[0]
      #expect(FileManager.default.fileExists(atPath: target), "\(link)")
      guard parts.count == 2, target.hasSuffix(".md") else { continue }
      let headings = try String(contentsOfFile: target, encoding: .utf8).split(separator: "\n")
        .filter { $0.hasPrefix("#") }
        .map { Self.anchor($0.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)) }
      #expect(headings.contains(String(parts[1])), "\(link)")
    }
  }

  @Test func `the newest released version in the change log is the program's`() throws {
    let headings = try document("CHANGELOG.md").split(separator: "\n").filter {
      $0.hasPrefix("## ")
    }
    #expect(headings.first == "## Unreleased")
    let released = try #require(headings.dropFirst().first)
    let match = try #require(
      released.wholeMatch(of: /## (\d+\.\d+\.\d+) \((\d{4}-\d{2}-\d{2})\)/), "\(released)")
    let version = try Program([Built.bindstorm, "--version"]).wait()
    #expect(version.output == "\(match.output.1)\n")
  }
}
