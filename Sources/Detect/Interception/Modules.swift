internal import CInterception
internal import Syscalls

/// Files mapped into a process.
struct Modules {
  struct Module {
    let start: UInt64
    let end: UInt64
    let offset: UInt64
    let path: String
  }

  private let all: [Module]
  /// Executable memory, including that of JIT compilers.
  private let code: [Range<UInt64>]

  init(_ tid: Int32) {
    var code: [Range<UInt64>] = []
    all = ((try? FileText.read("/proc/\(tid)/maps")) ?? "").split(separator: "\n").compactMap {
      line in
      let parts = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      guard parts.count >= 5, parts[1].contains("x") else { return nil }
      let ends = parts[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard ends.count == 2, ends[0] < ends[1] else { return nil }
      code.append(ends[0]..<ends[1])
      let path = parts.count == 6 ? parts[5].drop { $0 == " " } : ""
      guard path.first == "/", let offset = UInt64(parts[2], radix: 16) else { return nil }
      return Module(start: ends[0], end: ends[1], offset: offset, path: String(path))
    }
    self.code = code
  }

  func isCode(_ address: UInt64) -> Bool { code.contains { $0.contains(address) } }

  func containing(_ address: UInt64) -> Module? {
    all.first { $0.start <= address && address < $0.end }
  }

  /// Bytes of stack that tell a way to a call from others.
  private static let reach = 2_048

  /// The call's address and the code addresses on the stack above it, from the beginnings of their files. Two calls with
  /// the same ones came the same way.
  func fingerprint(_ tid: Int32, instruction: UInt64, stack: UInt64) -> String {
    var words = [UInt64](repeating: 0, count: Self.reach / 8)
    let count = words.withUnsafeMutableBytes {
      pt_read_memory(tid, stack, $0.baseAddress!, UInt(Self.reach))
    }
    return ([instruction] + words.prefix(max(0, Int(count)) / 8)).compactMap { word in
      containing(word).map { "\($0.path)+\(word - $0.start + $0.offset)" }
    }.joined(separator: " ")
  }
}
