internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Stacks of threads that wait in a caught call. No thread is stopped and no tracer is used: the supervisor reads
/// memory, and runs py-spy for Python.
final class Stacks {
  /// The number of stacks that may still be taken.
  private var nativeLeft: Int
  private var pythonLeft: Int
  private let pySpy: String?
  private let isLimited: Bool
  private var names: [String: String] = [:]
  /// Stacks that were wanted when the limit was met.
  private(set) var missing = 0

  /// - Parameter limit: of stacks for probes; the same number for re-binds comes on top.
  init(limit: Int, pySpy: String?) {
    isLimited = limit > 0 && pt_can_unwind() != 0
    nativeLeft = pt_can_unwind() != 0 ? limit : 0
    pythonLeft = pySpy == nil ? 0 : limit
    self.pySpy = pySpy
  }

  /// Adds stacks to a party while its thread waits.
  func add(to party: inout Party) {
    if nativeLeft > 0 {
      nativeLeft -= 1
      party.stack = native(party.tid)
    } else if isLimited {
      missing += 1
    }
    if pythonLeft > 0, isPython(party) {
      pythonLeft -= 1
      party.sourceStack = python(party)
    }
  }

  // MARK: Native

  private func native(_ tid: Int32) -> [Frame] {
    // "NUMBER ARG0 ... ARG5 SP PC", proc(5).
    guard let text = try? FileText.read("/proc/\(tid)/syscall") else { return [] }
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 9, let stack = UInt64(words[7].dropFirst(2), radix: 16),
      let instruction = UInt64(words[8].dropFirst(2), radix: 16)
    else { return [] }
    let modules = Modules(tid)
    var walk = Self.walk(tid, instruction, stack, frame: 0)
    if walk.count < Self.shortWalk,
      let chain = FrameChain(tid, stack: stack, isCode: modules.isCode)
    {
      // With the frame pointer the unwind tables may lead further; without tables the frame chain itself does.
      let further = Self.walk(tid, instruction, stack, frame: chain.start)
      let known = Set(walk)
      let linked = walk + chain.returns.filter { !known.contains($0) }
      walk = further.count >= linked.count ? further : linked
    }
    // A return address may lie past the end of its function: use the call instruction before it.
    return walk.enumerated().map { frame($1, $0 == 0 ? 0 : 1, tid, modules) }
  }

  /// Shorter walks have met code that needs more than program counter and stack pointer.
  private static let shortWalk = 4

  private static func walk(
    _ tid: Int32, _ instruction: UInt64, _ stack: UInt64, frame: UInt64
  ) -> [UInt64] {
    var addresses = [UInt64](repeating: 0, count: 48)
    let count = Int(pt_unwind(tid, instruction, stack, frame, &addresses, 48))
    return Array(addresses[..<max(0, count)])
  }

  private func frame(
    _ address: UInt64, _ back: UInt64, _ tid: Int32, _ modules: Modules
  ) -> Frame {
    guard let module = modules.containing(address) else {
      return Frame(function: "", file: "")
    }
    let offset = address - module.start + module.offset
    let name = "\(module.path)+\(offset)"
    if let known = names[name] { return Frame(function: known, file: module.path, offset: offset) }
    var buffer = [CChar](repeating: 0, count: 256)
    var distance: UInt64 = 0
    let length = pt_symbol(tid, address - back, &buffer, 256, &distance)
    let function = String(
      decoding: buffer.prefix(Int(max(0, length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    names[name] = function
    return Frame(function: function, file: module.path, offset: offset)
  }

  /// Files mapped into a process.
  private struct Modules {
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
  }

  // MARK: Python

  private func isPython(_ party: Party) -> Bool {
    guard let path = link("/proc/\(party.pid)/exe") else { return false }
    let name = path.split(separator: "/").last ?? ""
    return name.hasPrefix("python") || name.hasPrefix("pypy")
  }

  /// py-spy lists every thread; the caught one is picked by its number.
  private func python(_ party: Party) -> [Frame] {
    guard let pySpy else { return [] }
    let text = output(of: [pySpy, "dump", "--nonblocking", "--pid", "\(party.pid)"])
    return PySpyDump(text).frames(tid: party.tid, pid: party.pid)
  }
}

/// The text that `py-spy dump` prints.
struct PySpyDump {
  private var threads: [(head: String, frames: [Frame])] = []

  init(_ text: String) {
    for line in text.split(separator: "\n") {
      if line.hasPrefix("Thread ") {
        threads.append((String(line), []))
      } else if line.hasPrefix("    "), !threads.isEmpty, let open = line.lastIndex(of: "("),
        let colon = line.lastIndex(of: ":"), colon > open
      {
        let function = line[..<open].drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        threads[threads.count - 1].frames.append(
          Frame(
            function: String(function), file: String(line[line.index(after: open)..<colon]),
            line: Int(line[line.index(after: colon)...].prefix { $0.isNumber }) ?? 0))
      }
    }
  }

  /// The frames of a thread, innermost first. A process with one thread needs no number.
  func frames(tid: Int32, pid: Int32) -> [Frame] {
    let match = threads.first { thread in
      thread.head.dropFirst(7).prefix { $0 != " " } == "\(tid)"
    }
    if let match { return match.frames }
    if threads.count == 1 { return threads[0].frames }
    if tid == pid, let main = threads.first(where: { $0.head.contains("\"MainThread\"") }) {
      return main.frames
    }
    return []
  }
}

/// Where a symbolic link leads.
func link(_ path: String) -> String? {
  withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer -> String? in
    let length = readlink(path, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), 4_096)
    return length > 0 ? String(decoding: buffer[..<length], as: UTF8.self) : nil
  }
}

/// Reads until the end of the stream or until the deadline.
private func readToEnd(_ descriptor: Int32, until deadline: UInt64) -> [UInt8] {
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while true {
    let now = MonotonicClock.now()
    var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    if now >= deadline || poll(&item, 1, Int32((deadline - now) / 1_000_000) + 1) <= 0 { break }
    let count = read(descriptor, &chunk, chunk.count)
    if count < 0 && errno == EINTR { continue }
    if count <= 0 { break }
    bytes += chunk[..<count]
  }
  return bytes
}

/// Standard output of a program that ends within two seconds; after that it is killed. Empty if it cannot be run.
private func output(of arguments: [String]) -> String {
  var ends: (Int32, Int32) = (-1, -1)
  let made = withUnsafeMutableBytes(of: &ends) {
    pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
  }
  guard made == 0 else { return "" }
  for end in [ends.0, ends.1] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  let reading = Descriptor(owning: ends.0)
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  posix_spawn_file_actions_adddup2(&actions, ends.1, 1)
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
  defer { posix_spawn_file_actions_destroy(&actions) }
  var pid: pid_t = 0
  var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
  defer { for word in words { free(word) } }
  let error = posix_spawn(&pid, arguments[0], &actions, nil, &words, environ)
  close(ends.1)
  guard error == 0 else { return "" }
  let bytes = readToEnd(reading.number, until: MonotonicClock.now() + 2_000_000_000)
  kill(pid, SIGKILL)
  while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
  return String(decoding: bytes, as: UTF8.self)
}
