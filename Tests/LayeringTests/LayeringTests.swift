import Foundation
import Testing

/// SwiftPM lets a file import whatever is reachable, declared or not. These tests hold every file to the
/// table of what its target may import.
@Suite struct LayeringTests {
  /// Modules of this package that each target may import; the arrows of the architecture.
  static let allowed: [String: Set<String>] = [
    "CLinuxShims": [],
    "CZeroMQ": [],
    "Syscalls": ["CLinuxShims"],
    "Messaging": ["CZeroMQ"],
    "Handshake": ["Messaging"],
    "FrontEnd": [],
    "bindstorm-frontend": ["FrontEnd"],
    "Statistics": [],
    "TerminalText": [],
    "PortModel": [],
    "Planning": ["PortModel", "Statistics", "TerminalText"],
    "History": ["Planning"],
    "Launching": ["CLinuxShims", "Syscalls", "Planning", "PortModel"],
    "Strategies": [
      "CLinuxShims", "Syscalls", "Messaging", "Launching", "Planning", "PortModel", "PortRaces",
      "PortTrap",
    ],
    "Faults": ["CLinuxShims", "Syscalls", "Launching", "Planning", "PortModel"],
    "Engine": [
      "CLinuxShims", "Syscalls", "Launching", "Strategies", "Faults", "Planning", "History",
    ],
    "Checks": ["History", "Planning", "PortModel", "Statistics"],
    "Reports": ["Checks", "History", "Planning", "PortModel", "Statistics", "TerminalText"],
    "CPortTrap": ["CLinuxShims"],
    "PortRaces": [],
    "PortTrap": ["CPortTrap", "Syscalls", "PortRaces"],
    "RaceReports": ["PortRaces", "TerminalText"],
    "Workers": [
      "CLinuxShims", "Syscalls", "Messaging", "Handshake", "FrontEnd", "Launching", "Strategies",
      "Faults", "Planning", "PortModel",
    ],
    "bindstorm-worker": ["Workers"],
    "bindstorm-worker-plain": ["Workers"],
    "bindstorm": [
      "Planning", "PortModel", "Launching", "Strategies", "Faults", "Engine", "History", "Checks",
      "Reports", "Statistics", "Syscalls", "PortRaces", "PortTrap", "RaceReports",
      "TerminalText",
    ],
  ]

  /// Targets that the small worker is made of: no Foundation.
  static let withoutFoundation: Set<String> = [
    "Syscalls", "Messaging", "Handshake", "FrontEnd", "PortModel", "Planning", "Launching",
    "Strategies", "Faults",
    "Workers", "bindstorm-worker", "bindstorm-worker-plain", "PortRaces", "PortTrap",
  ]

  /// The repository, by this file's place in it.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Every Swift file below Sources with its target and the modules it imports.
  static func files() throws -> [(path: String, target: String, imports: [String])] {
    let sources = root.appending(path: "Sources")
    let walker = try #require(FileManager.default.enumerator(atPath: sources.path))
    return try walker.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map { path in
      let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      let target = String(path.prefix { $0 != "/" })
      return (path, target, importedModules(text))
    }
  }

  static func importedModules(_ text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
        words[..<keyword].allSatisfy({
          $0.hasPrefix("@")
            || ["public", "internal", "package", "private", "fileprivate"].contains($0)
        })
      else { return nil }
      let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
      let name = kinds.contains(words[keyword + 1]) ? words[keyword + 2] : words[keyword + 1]
      return String(name.prefix { $0 != "." })
    }
  }

  @Test func `every file imports only what its target may`() throws {
    let files = try Self.files()
    #expect(files.count > 40, "the walk found too few files to prove anything")
    #expect(Set(files.map(\.target)).isSubset(of: Self.allowed.keys), "a target has no row")
    for file in files {
      let own = Set(file.imports).intersection(Self.allowed.keys)
      let forbidden = own.subtracting(Self.allowed[file.target] ?? [])
      #expect(forbidden.isEmpty, "\(file.path) imports \(forbidden.sorted())")
    }
  }

  @Test func `what the worker is made of does without Foundation`() throws {
    for file in try Self.files() where Self.withoutFoundation.contains(file.target) {
      let found = file.imports.filter { $0.hasPrefix("Foundation") }
      #expect(found.isEmpty, "\(file.path) imports \(found)")
    }
  }

  @Test func `running never imports judging, judging never touches the kernel`() {
    let judging: Set = ["Checks", "Statistics", "Reports"]
    let running: Set = ["Engine", "Strategies", "Faults", "Launching", "Messaging", "Syscalls"]
    for target in running { #expect(Self.allowed[target]!.isDisjoint(with: judging)) }
    for target in judging { #expect(Self.allowed[target]!.isDisjoint(with: running)) }
  }

  @Test func `imports are recognised in every form`() {
    let text = """
      import A
      public import B
      @preconcurrency internal import C
      @testable import struct D.Thing
      // import E
      let import_ = 1
      """
    #expect(Self.importedModules(text) == ["A", "B", "C", "D"])
  }
}
