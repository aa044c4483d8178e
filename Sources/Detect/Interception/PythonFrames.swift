internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Frames of Python threads, read from their memory while they wait in a call: such a thread has left the interpreter
/// lock and does not change its own frames.
final class PythonFrames {
  /// Where an interpreter is in a process.
  private struct Runtime {
    let version: UInt64
    let versionAddress: UInt64
    let address: UInt64
    let layout: PythonLayout
  }

  /// A frame before its names are looked up.
  private struct Step: Hashable {
    let code: UInt64
    let instruction: UInt64
  }

  private static let deepest = 64
  private static let mostThreads = 10_000
  private static let mostInterpreters = 64
  private static let longestText = 4_096
  private static let longestTable = 1 << 20
  private static let processesKept = 256

  private var runtimes: [Int32: Runtime] = [:]
  /// Places of `_PyRuntime` and `Py_Version` in files.
  private var places: [String: (runtime: UInt64, version: UInt64)?] = [:]
  /// What was looked up, by process.
  private var known: [Int32: [Step: Frame]] = [:]
  private var ownNumbers: [Int32: UInt64] = [:]

  /// The thread's frames, innermost first; empty if it is no thread of Python. Nil if the process has no CPython of a
  /// version that is read.
  func frames(pid: Int32, tid: Int32) -> [Frame]? {
    let memory = RemoteMemory(tid: tid)
    guard let runtime = runtime(of: pid, memory) else { return nil }
    let number = ownNumbers[tid] ?? Self.ownNumber(tid)
    ownNumbers[tid] = number
    let frames = steps(of: number, runtime, memory).compactMap { step in
      if let frame = known[pid]?[step] { return frame }
      let frame = frame(step, runtime.layout, memory)
      known[pid, default: [:]][step] = frame
      return frame
    }
    return frames
  }

  // MARK: The interpreter

  private func runtime(of pid: Int32, _ memory: RemoteMemory) -> Runtime? {
    // The process may have executed another program, or be another one with the same id.
    if let known = runtimes[pid], memory.word(known.versionAddress) == known.version {
      return known
    }
    if runtimes.count >= Self.processesKept {
      runtimes = [:]
      known = [:]
      ownNumbers = [:]
    }
    known[pid] = nil
    runtimes[pid] = find(pid, memory)
    return runtimes[pid]
  }

  private func find(_ pid: Int32, _ memory: RemoteMemory) -> Runtime? {
    let maps = (try? FileText.read("/proc/\(pid)/maps")) ?? ""
    var seen: Set<Substring> = []
    for line in maps.split(separator: "\n") {
      guard let path = line.firstIndex(of: "/").map({ line[$0...] }),
        (path.split(separator: "/").last ?? "").contains("python"), seen.insert(path).inserted,
        let start = UInt64(line.prefix { $0 != "-" }, radix: 16),
        let place = places(in: "/proc/\(pid)/root\(path)"),
        let version = memory.word(start + place.version),
        let layout = PythonLayout.of(version: version, runtime: start + place.runtime, memory)
      else { continue }
      return Runtime(
        version: version, versionAddress: start + place.version, address: start + place.runtime,
        layout: layout)
    }
    return nil
  }

  private func places(in path: String) -> (runtime: UInt64, version: UInt64)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let file = "\(status.st_dev) \(status.st_ino)"
    if let known = places[file] { return known }
    var (runtime, version) = (UInt64(0), UInt64(0))
    let isThere =
      pt_place_of(path, "_PyRuntime", &runtime) == 0
      && pt_place_of(path, "Py_Version", &version) == 0
    places[file] = .some(isThere ? (runtime, version) : nil)
    return isThere ? (runtime, version) : nil
  }

  /// The thread's number in its own process-id namespace, which is the one that it knows.
  private static func ownNumber(_ tid: Int32) -> UInt64 {
    let status = (try? FileText.read("/proc/\(tid)/status")) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
    return line?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0) } ?? UInt64(tid)
  }

  // MARK: The thread

  private func steps(of thread: UInt64, _ runtime: Runtime, _ memory: RemoteMemory) -> [Step] {
    let layout = runtime.layout
    var interpreter = memory.word(runtime.address + UInt64(layout.runtimeInterpreters)) ?? 0
    for _ in 0..<Self.mostInterpreters where interpreter != 0 {
      var state = memory.word(interpreter + UInt64(layout.interpreterThreads)) ?? 0
      for _ in 0..<Self.mostThreads where state != 0 {
        if memory.word(state + UInt64(layout.threadNativeID)) == thread {
          return walk(state, layout, memory)
        }
        state = memory.word(state + UInt64(layout.threadNext)) ?? 0
      }
      interpreter = memory.word(interpreter + UInt64(layout.interpreterNext)) ?? 0
    }
    return []
  }

  private func walk(_ state: UInt64, _ layout: PythonLayout, _ memory: RemoteMemory) -> [Step] {
    var frame = memory.word(state + UInt64(layout.threadFrame)) ?? 0
    if let inside = layout.currentInCFrame { frame = memory.word(frame + UInt64(inside)) ?? 0 }
    var steps: [Step] = []
    let size = max(layout.frameInstruction, layout.framePrevious, layout.frameCode) + 24
    for _ in 0..<Self.deepest * 2 where frame != 0 && steps.count < Self.deepest {
      guard let bytes = memory.bytes(frame, size) else { break }
      func word(_ offset: Int) -> UInt64 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
      }
      if bytes[layout.frameOwner] != PythonLayout.ownedByC {
        steps.append(
          Step(code: word(layout.frameCode), instruction: word(layout.frameInstruction)))
      }
      frame = word(layout.framePrevious)
    }
    return steps
  }

  // MARK: The code

  private func frame(_ step: Step, _ layout: PythonLayout, _ memory: RemoteMemory) -> Frame? {
    func pointer(_ offset: Int) -> UInt64? { memory.word(step.code + UInt64(offset)) }
    let start = step.code + UInt64(layout.codeInstructions)
    guard let file = pointer(layout.codeFile).flatMap({ text($0, layout, memory) }),
      let name = pointer(layout.codeName).flatMap({ text($0, layout, memory) }),
      let table = pointer(layout.codeLines).flatMap({ byteString($0, memory) }),
      let first = pointer(layout.codeFirstLine).map({ Int(Int32(truncatingIfNeeded: $0)) }),
      step.instruction >= start, step.instruction - start < UInt64(Self.longestTable)
    else { return nil }
    let line = PythonLines(table).line(at: Int(step.instruction - start), first: first)
    return Frame(function: name, file: file, line: line ?? first)
  }

  private func byteString(_ address: UInt64, _ memory: RemoteMemory) -> [UInt8]? {
    guard let count = memory.word(address + UInt64(PythonLayout.bytesCount)),
      count <= UInt64(Self.longestTable)
    else { return nil }
    return memory.bytes(address + UInt64(PythonLayout.bytesStart), Int(count))
  }

  private func text(_ address: UInt64, _ layout: PythonLayout, _ memory: RemoteMemory) -> String? {
    guard let length = memory.word(address + UInt64(PythonLayout.textLength)),
      length <= UInt64(Self.longestText),
      let state = memory.word(address + UInt64(PythonLayout.textState))
    else { return nil }
    let kind = Int(state >> UInt64(layout.kindBit) & 7)
    let isASCII = state >> UInt64(layout.kindBit + 4) & 1 == 1
    let start = address + UInt64(isASCII ? layout.textHead : layout.wideTextHead)
    guard [1, 2, 4].contains(kind), let bytes = memory.bytes(start, Int(length) * kind) else {
      return nil
    }
    let scalars = stride(from: 0, to: bytes.count, by: kind).map { index in
      bytes[index..<index + kind].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    return scalars.reduce(into: "") {
      $0.unicodeScalars.append(Unicode.Scalar($1) ?? "\u{FFFD}")
    }
  }
}

/// The lines of a code object's instructions, as `co_linetable` has them since CPython 3.11 (Objects/locations.md).
struct PythonLines {
  private let table: [UInt8]

  init(_ table: [UInt8]) { self.table = table }

  /// Kinds of entries.
  private enum Kind {
    static let oneLine = 10...12
    static let noColumns = 13
    static let long = 14
    static let none = 15
  }

  /// The line of the instruction at this offset in bytes; nil if it has none, or if the table is not one.
  func line(at offset: Int, first: Int) -> Int? {
    var line = first
    var end = 0
    var place = 0
    while place < table.count {
      let head = table[place]
      place += 1
      guard head & 0x80 != 0 else { return nil }
      let kind = Int(head >> 3 & 15)
      end += (Int(head & 7) + 1) * 2
      switch kind {
      case Kind.none: break
      case Kind.noColumns: line += signed(&place)
      case Kind.long:
        line += signed(&place)
        for _ in 0..<3 { _ = number(&place) }
      case Kind.oneLine:
        line += kind - Kind.oneLine.lowerBound
        place += 2
      default: place += 1
      }
      if offset < end { return kind == Kind.none ? nil : line }
    }
    return nil
  }

  /// Six bits in a byte, the lowest first; bit 6 says that more follow.
  private func number(_ place: inout Int) -> Int {
    var value = 0
    for shift in stride(from: 0, to: 60, by: 6) where place < table.count {
      let byte = table[place]
      place += 1
      value |= Int(byte & 0x3F) << shift
      if byte & 0x40 == 0 { break }
    }
    return value
  }

  private func signed(_ place: inout Int) -> Int {
    let value = number(&place)
    return value & 1 == 0 ? value >> 1 : -(value >> 1)
  }
}
