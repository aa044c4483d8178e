import Definitions
import Foundation
import Testing

/// What is generated is what the definitions say now.
@Suite struct GeneratedFileTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func text(of path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  static func files(region: String? = nil) throws -> [GeneratedFile] {
    try GeneratedFile.all { path in
      path == GeneratedFile.handwrittenRegion ? try region ?? text(of: path) : try text(of: path)
    }
  }

  @Test func `every generated file is current`() throws {
    for file in try Self.files() {
      // Not compared by #expect: a difference of a few words would print both files.
      let isCurrent = try Self.text(of: file.path) == file.text
      #expect(isCurrent, "\(file.path) is not what the definitions say; run `make generate`")
    }
  }

  @Test func `no generated file is left that nobody makes any more`() throws {
    let made = Set(try Self.files().map(\.path))
    let sources = Self.root.appending(path: "Sources")
    let walker = try #require(FileManager.default.enumerator(atPath: sources.path))
    let found = walker.compactMap { $0 as? String }.filter {
      $0.contains("/Generated/") && $0.hasSuffix(".swift")
    }.map { "Sources/\($0)" }
    #expect(!found.isEmpty)
    #expect(Set(found).isSubset(of: made), "\(Set(found).subtracting(made))")
  }

  /// A field that is swapped or renamed keeps the region's size; the digest, and with it the build fingerprint,
  /// changes all the same.
  @Test func `two members that change places change the digest`() throws {
    func digest(_ region: String) throws -> String {
      try #require(try Self.files(region: region).first { $0.path.hasSuffix("RegionDigest.swift") })
        .text
    }
    let region = try Self.text(of: GeneratedFile.handwrittenRegion)
    let (first, second) = (
      "uint32_t auditor_word;\n  uint32_t auditor_done;",
      "uint32_t auditor_done;\n  uint32_t auditor_word;"
    )
    try #require(region.contains(first))
    let swapped = region.replacingOccurrences(of: first, with: second)
    let renamed = region.replacingOccurrences(
      of: "uint32_t auditor_word;", with: "uint32_t auditor_call;")
    #expect(Set([try digest(region), try digest(swapped), try digest(renamed)]).count == 3)
  }
}
