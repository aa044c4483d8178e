import Foundation
import Testing

/// SwiftPM lets a file import whatever is reachable, declared or not. These tests hold every file to the table
/// `layers` in Package.swift, which they read there: it is the only copy.
@Suite struct LayeringTests {
  /// A row of the table.
  struct Layer: Equatable {
    var side: String
    var uses: Set<String>
  }

  /// The repository, by this file's place in it.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let manifest = text(of: "Package.swift")

  /// The rows by target, and the programs, whose dependencies are in their own declarations.
  static let layers = rows(of: manifest)

  static func text(of path: String) -> String {
    (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
  }

  static func rows(of manifest: String) -> [String: Layer] {
    var rows: [String: Layer] = [:]
    for match in manifest.matches(of: /Layer\(\s*"(\w+)",\s*in:\s*"(\w+)",\s*uses:\s*\[([^\]]*)\]/)
    {
      let uses = match.3.matches(of: /"(\w+)"/).map { String($0.1) }
      rows[String(match.1)] = Layer(side: String(match.2), uses: Set(uses))
    }
    for match in manifest.matches(
      of: /\.executableTarget\(\s*name: "([\w-]+)",\s*dependencies: \[((?:[^\[\]]|\[[^\]]*\])*)\]/)
    {
      // Products of other packages are named in calls; only bare strings are targets of this one.
      let own = match.2.replacing(/\.product\([^)]*\)/, with: "")
      let uses = own.matches(of: /"(\w+)"/).map { String($0.1) }
      rows[String(match.1)] = Layer(side: "Programs", uses: Set(uses))
    }
    return rows
  }

  /// All that a target stands on, however indirectly.
  static func reached(from target: String) -> Set<String> {
    var reached: Set<String> = []
    var open = [target]
    while let next = open.popLast() {
      for use in layers[next]?.uses ?? [] where reached.insert(use).inserted { open.append(use) }
    }
    return reached
  }

  static func targets(in side: String) -> Set<String> {
    Set(layers.filter { $0.value.side == side }.keys)
  }

  /// Every Swift, C and header file below Sources with its target and the modules that it imports.
  static func files() throws -> [(path: String, side: String, target: String, imports: Set<String>)]
  {
    let sources = root.appending(path: "Sources")
    let walker = try #require(FileManager.default.enumerator(atPath: sources.path))
    return try walker.compactMap { $0 as? String }
      .filter { path in [".swift", ".c", ".h"].contains { path.hasSuffix($0) } }
      .map { path in
        let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
        let parts = path.split(separator: "/").map(String.init)
        let imports = path.hasSuffix(".swift") ? importedModules(text) : includedModules(text)
        return (path, parts[0], parts[1], Set(imports))
      }
  }

  static func importedModules(_ text: String) -> [String] {
    // What stands in a text that the file writes elsewhere is no import of its own.
    let code = text.replacing(/"""\n(?s:.*?)\n *"""/, with: "").replacing(
      /"(?:\\.|[^"\\\n])*"/, with: "")
    return code.split(separator: "\n").compactMap { line in
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

  /// C targets whose headers a C file includes.
  static func includedModules(_ text: String) -> [String] {
    let headers = text.matches(of: /#include "([\w.]+)"/).map { String($0.1) }
    return layers.keys.filter { target in
      headers.contains { header in
        FileManager.default.fileExists(
          atPath: root.appending(
            path: "Sources/\(layers[target]!.side)/\(target)/include/\(header)"
          )
          .path)
      }
    }
  }

  @Test func `the table is read whole and names every folder`() throws {
    let written = Self.manifest.matches(of: /Layer\(\s*"/).count
    #expect(Self.layers.values.count { $0.side != "Programs" } == written)
    let programs = Self.manifest.matches(of: /\.executableTarget\(/).count
    #expect(Self.targets(in: "Programs").count == programs)
    let files = try Self.files()
    #expect(files.count > 200, "the walk found too few files to prove anything")
    let folders = Set(files.map { "\($0.side)/\($0.target)" })
    #expect(folders == Set(Self.layers.map { "\($0.value.side)/\($0.key)" }))
  }

  @Test func `every file imports only what its target may, and every permission is used`() throws {
    let files = try Self.files()
    for (target, layer) in Self.layers {
      var used: Set<String> = []
      for file in files where file.target == target {
        let own = file.imports.intersection(Self.layers.keys).subtracting([target])
        let forbidden = own.subtracting(layer.uses)
        #expect(forbidden.isEmpty, "\(file.path) imports \(forbidden.sorted())")
        used.formUnion(own)
      }
      let unused = layer.uses.subtracting(used)
      #expect(unused.isEmpty, "\(target) may use \(unused.sorted()) and does not")
    }
  }

  @Test func `nothing that a worker links imports Foundation`() throws {
    let linked = Self.reached(from: "bindstorm-worker").union(["bindstorm-worker"])
    #expect(linked.isSuperset(of: ["Workers", "Strategies", "PlanModel", "Interception"]))
    for file in try Self.files() where linked.contains(file.target) {
      let found = file.imports.filter { $0.hasPrefix("Foundation") }
      #expect(found.isEmpty, "\(file.path) imports \(found)")
    }
  }

  @Test func `nothing that a worker links is of another package`() throws {
    let table = try #require(Self.manifest.firstMatch(of: /let layers = \[\n(?s:(.*?))\n\]\n/)).1
    let layers = String(table).components(separatedBy: "Layer(").dropFirst()
    let foreign = layers.filter { $0.contains("products: [") }.compactMap {
      $0.firstMatch(of: /"(\w+)"/).map { String($0.1) }
    }
    #expect(Set(foreign) == ["Archive", "PageKit", "TraceKit"])
    let linked = Self.reached(from: "bindstorm-worker")
    #expect(linked.isDisjoint(with: foreign))
    #expect(Self.layers.filter { $0.value.uses.contains("TraceKit") }.map(\.key) == ["bindstorm"])
  }

  @Test func `running never reaches judging, judging never reaches the kernel`() {
    let judging = Self.targets(in: "Judge").union(["Statistics", "Theory", "PlanReading"])
    for target in Self.targets(in: "Run") {
      let found = Self.reached(from: target).intersection(judging)
      #expect(found.isEmpty, "\(target) reaches \(found.sorted())")
    }
    let kernel = Self.targets(in: "Run").union(Self.targets(in: "Detect"))
      .union(["CLinuxShims", "CSharedRegion", "CZeroMQ", "Messaging", "Syscalls"])
    for target in Self.targets(in: "Judge") {
      let found = Self.reached(from: target).intersection(kernel)
      #expect(found.isEmpty, "\(target) reaches \(found.sorted())")
    }
  }

  @Test func `running and detecting meet in the adapters alone`() {
    let detecting = Self.targets(in: "Detect")
    for (target, layer) in Self.layers where !["Detect", "Programs"].contains(layer.side) {
      if target == "Adapters" { continue }
      #expect(layer.uses.isDisjoint(with: detecting), "\(target)")
    }
    for target in detecting {
      let found = Self.reached(from: target).intersection(Self.targets(in: "Run"))
      #expect(found.isEmpty, "\(target) reaches \(found.sorted())")
    }
  }

  @Test func `the guide's table has every target, on its side`() {
    let guide = Self.text(of: "CONTRIBUTING.md")
    for (target, layer) in Self.layers {
      #expect(
        guide.contains("\n| `\(layer.side)` | `\(target)` |"),
        "CONTRIBUTING.md lacks the row of \(layer.side)/\(target)")
    }
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
