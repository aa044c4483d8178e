import CInterception
import Foundation
import TestSupport
import Testing

@testable import Interception

/// Names of functions: which one covers an address, and how it reads.
@Suite struct SymbolTests {
  /// An ELF file of a segment at 0x4000 and the functions `first` (16 bytes at 0x4100), `second` (8 bytes at 0x4200) and
  /// `bare` (without a size, at 0x4300), and the variable `_Data` at 0x4400.
  private static func file() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    func put(_ value: UInt64, _ size: Int, at place: Int) {
      for index in 0..<size {
        bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
      }
    }
    for (index, byte) in [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].enumerated() {
      bytes[index] = UInt8(byte)
    }
    put(64, 8, at: 32)  // program headers
    put(2_048, 8, at: 40)  // section headers
    put(56, 2, at: 54)
    put(1, 2, at: 56)
    put(64, 2, at: 58)
    put(3, 2, at: 60)
    put(1, 4, at: 64)  // PT_LOAD of the whole file
    put(0x4000, 8, at: 80)
    put(4_096, 8, at: 96)
    let names = Array("\0first\0second\0bare\0_Data\0".utf8)
    for (index, byte) in names.enumerated() { bytes[3_000 + index] = byte }
    let symbols: [(name: UInt64, type: UInt64, value: UInt64, size: UInt64)] = [
      (1, 2, 0x4100, 16), (7, 2, 0x4200, 8), (14, 2, 0x4300, 0), (19, 1, 0x4400, 8),
    ]
    for (index, symbol) in symbols.enumerated() {
      let place = 1_024 + 24 * index
      put(symbol.name, 4, at: place)
      put(symbol.type, 1, at: place + 4)
      put(1, 2, at: place + 6)
      put(symbol.value, 8, at: place + 8)
      put(symbol.size, 8, at: place + 16)
    }
    put(2, 4, at: 2_048 + 64 + 4)  // the symbol table, whose names are in section 2
    put(1_024, 8, at: 2_048 + 64 + 24)
    put(24 * 4, 8, at: 2_048 + 64 + 32)
    put(2, 4, at: 2_048 + 64 + 40)
    put(3, 4, at: 2_048 + 128 + 4)
    put(3_000, 8, at: 2_048 + 128 + 24)
    put(UInt64(names.count), 8, at: 2_048 + 128 + 32)
    return bytes
  }

  private func function(_ path: String, _ offset: UInt64) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    let length = pt_function(path, offset, &buffer, 64)
    return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func with<R>(_ bytes: [UInt8], _ body: (String) throws -> R) throws -> R {
    let path = NSTemporaryDirectory() + "/symbols-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  @Test func `a function covers its own bytes and no others`() throws {
    try with(Self.file()) { path in
      #expect(function(path, 0x100) == "first" && function(path, 0x10f) == "first")
      #expect(function(path, 0x110) == "" && function(path, 0xff) == "")
      #expect(function(path, 0x207) == "second" && function(path, 0x208) == "")
      #expect(function(path, 0x300) == "", "without a size nothing is covered")
      #expect(function(path, 0x400) == "", "a variable is no function")
      #expect(function(path, 1 << 40) == "")
    }
  }

  @Test func `a variable is counted from the beginning of its file in memory`() throws {
    try with(Self.file()) { path in
      var place: UInt64 = 0
      #expect(pt_place_of(path, "_Data", &place) == 0 && place == 0x400)
      #expect(pt_place_of(path, "_None", &place) == -1)
      #expect(pt_place_of(path, "first", &place) == -1)
    }
    var place: UInt64 = 0
    #expect(pt_place_of("/no/such/file", "x", &place) == -1)
  }

  /// Every shortened file, and files with a wild word in each place, are read without leaving them.
  @Test func `a damaged file has no functions, or some`() throws {
    let whole = Self.file()
    for length in stride(from: 0, to: whole.count, by: 97) {
      try with(Array(whole[..<length])) { path in _ = function(path, 0x104) }
    }
    for place in Array(stride(from: 32, to: 128, by: 8))
      + Array(stride(from: 2_048, to: 2_240, by: 8))
    {
      var wild = whole
      for index in 0..<8 { wild[place + index] = 0xff }
      try with(wild) { path in
        _ = function(path, 0x104)
        var found: UInt64 = 0
        _ = pt_place_of(path, "_Data", &found)
      }
    }
  }

  @Test(arguments: [
    ("_ZN4node7TCPWrap4BindEv", "node::TCPWrap::Bind()"),
    ("$s4main5probes5Int32VyF", "main.probe() -> Swift.Int32"),
    ("_ZN4prog5probe17h0123456789abcdefE", "prog::probe"),
    (
      "_ZN39_$LT$std..net..T$u20$as$u20$prog..X$GT$4bind17h0123456789abcdefE",
      "<std::net::T as prog::X>::bind"
    ),
    ("main", "main"), ("net.(*netFD).listen", "net.(*netFD).listen"), ("_Zgarbage", "_Zgarbage"),
    ("_RNvCs2b_4prog4pick", "_RNvCs2b_4prog4pick"), ("", ""),
  ])
  func `a name reads as it was written, where a library knows its form`(
    _ symbol: String, _ readable: String
  ) {
    #expect(ReadableName.of(symbol) == readable)
  }
}

/// The lines of Python code, as its tables have them.
@Suite struct PythonLineTests {
  /// Of a function with conditions and calls over several lines, by CPython 3.11.7 and 3.13.0.
  private static let old: [UInt8] = [
    128, 0, 224, 8, 9, 216, 8, 9, 136, 65, 137, 5, 240, 5, 2, 9, 15, 128, 65, 240, 8, 0, 8, 9, 240,
    0, 2, 5, 16, 216, 13, 14, 216, 13, 14, 241, 3, 1, 14, 15, 136, 1, 229, 11, 12, 216, 8, 9, 216,
    8, 9, 241, 5, 2, 12, 11, 244, 0, 2, 12, 11, 240, 0, 2, 5, 11,
  ]
  private static let new: [UInt8] = [
    128, 0, 224, 8, 9, 216, 8, 9, 136, 65, 137, 5, 240, 5, 2, 9, 15, 128, 65, 246, 8, 0, 8, 9, 216,
    13, 14, 216, 13, 14, 241, 3, 1, 14, 15, 136, 1, 228, 11, 12, 216, 8, 9, 216, 8, 9, 243, 5, 2,
    12, 11, 240, 0, 2, 5, 11,
  ]

  /// The lines are those of `co_lines()` there.
  @Test func `each instruction has its line`() {
    let before = [
      (0, 1), (2, 3), (4, 4), (8, 4), (12, 2), (16, 6), (20, 7), (22, 8), (24, 7), (28, 7), (30, 9),
      (42, 10), (44, 11), (46, 9), (60, 9),
    ]
    for (offset, line) in before {
      #expect(PythonLines(Self.old).line(at: offset, first: 1) == line, "\(offset)")
    }
    let after = [(0, 1), (12, 2), (16, 6), (30, 7), (32, 8), (40, 9), (50, 10), (52, 11), (54, 9)]
    for (offset, line) in after {
      #expect(PythonLines(Self.new).line(at: offset, first: 101) == line + 100, "\(offset)")
    }
  }

  @Test func `what is no table has no lines`() {
    #expect(PythonLines([]).line(at: 0, first: 1) == nil)
    #expect(PythonLines([0, 1, 2]).line(at: 0, first: 1) == nil)
    #expect(PythonLines([0xf0]).line(at: 900, first: 1) == nil)
    #expect(PythonLines(Self.old).line(at: 100_000, first: 1) == nil)
    // An instruction that belongs to no line.
    #expect(PythonLines([0x80 | 15 << 3]).line(at: 0, first: 1) == nil)
  }
}
