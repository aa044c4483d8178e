import Foundation
import TestSupport
import Testing

/// `--enumerate` in every language: of two windows the program survives the first one's loss, and not the second one's.
@Suite(.serialized) struct LanguageTests {
  enum Language: String, CaseIterable {
    case python, ruby, node, go, java, rust, c, swift, perl, php

    func command() throws -> [String] {
      switch self {
      case .python: return [try Victim.python(), source("two.py")]
      case .ruby: return [try tool("ruby"), source("two.rb")]
      case .node: return [try tool("node"), source("two.js")]
      case .perl: return [try tool("perl"), source("two.pl")]
      case .php: return [try tool("php"), source("two.php")]
      case .java:
        return [
          try tool("java"), "-cp", try built("Two.java") { [try tool("javac"), "-d", $1, $0] },
          "Two",
        ]
      case .go: return [try built("two.go") { [try tool("go"), "build", "-o", $1, $0] }]
      case .rust:
        let compiler = try Place.executable("../.cargo/bin/rustc") ?? tool("rustc")
        return [try built("two.rs") { [compiler, "-O", "-o", $1, $0] }]
      case .c: return [try built("two.c") { [try tool("gcc"), "-O1", "-o", $1, $0] }]
      case .swift: return [try built("two.swift") { [try tool("swiftc"), "-o", $1, $0] }]
      }
    }

    private func source(_ name: String) -> String { Victim.script("windows/\(name)") }

    private func tool(_ name: String) throws -> String {
      guard let path = Place.executable(name) else {
        throw Missing(description: "no \(name); make test-check-runtimes installs it")
      }
      return path
    }

    private func built(
      _ name: String, _ command: (String, String) throws -> [String]
    ) throws -> String {
      let words = try command("SOURCE", "TARGET")
      return try Victim.build("two-windows-\(rawValue)", from: "windows/\(name)") {
        source, target in
        words.map { $0 == "SOURCE" ? source : $0 == "TARGET" ? target : $0 }
      }
    }
  }

  @Test(arguments: Language.allCases) func `both windows are listed, each with its own word`(
    _ language: Language
  ) throws {
    let command = try skipIfMissing { try language.command() }
    let (ended, series) = try enumerate(command)
    #expect(ended.status == 66 && series.verdict == "fails", "\(ended)")
    #expect(series.verdicts == ["survived", "fails"] && series.runs == 3, "\(ended)")
    #expect(series.windows.map(\.outcome).last?.hasPrefix("died: exited with ") == true)
    #expect(series.windows.allSatisfy { $0.advice == nil && $0.force != nil })
  }
}
