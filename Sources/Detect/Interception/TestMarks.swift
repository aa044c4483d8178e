internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Which test runs in which process.
///
/// A test runner says so by a call that fails without a supervisor and with one: `bind(-1, TEXT, LENGTH)`, where TEXT
/// is not terminated and consists of "bindstorm-mark/1", a zero byte, "test", a zero byte and the test's name in UTF-8,
/// empty between tests. A call is exact: it needs no file, environment variable or clock that both sides share, and it
/// is taken before every later call of that process.
struct TestMarks {
  /// By process; empty between tests.
  private var running: [Int32: String] = [:]

  static let prefix = Array("bindstorm-mark/1\0test\0".utf8)
  static let longest = 4_096
  /// pytest sets it in its own environment, which the programs that it starts inherit.
  static let variable = "PYTEST_CURRENT_TEST="

  mutating func set(_ name: String, in pid: Int32) { running[pid] = name }

  /// The test in whose run a process does something now: its own, or that of the nearest process above it that runs
  /// tests, or, for an orphan, the one in which its program was started. Empty if there is none.
  func test(of pid: Int32) -> String {
    guard !running.isEmpty else { return "" }
    var at = pid
    for _ in 0..<64 {
      if let name = running[at] { return name }
      guard let parent = Leftovers.record(at)?.parent, parent > 1 else { break }
      at = parent
    }
    let environment = (try? FileText.read("/proc/\(pid)/environ")) ?? ""
    return environment.split(separator: "\0").first { $0.hasPrefix(Self.variable) }
      .map { String($0.dropFirst(Self.variable.count)) } ?? ""
  }
}

extension Supervisor {
  /// Takes a mark, and answers it as the kernel would. False if the call is none.
  func takeMark(_ call: pt_call) -> Bool {
    let length = Int(Int32(truncatingIfNeeded: call.arguments.2))
    guard call.kind == PT_CALL_BIND.rawValue, Int32(truncatingIfNeeded: call.arguments.0) == -1,
      (TestMarks.prefix.count...TestMarks.longest).contains(length)
    else { return false }
    var bytes = [UInt8](repeating: 0, count: length)
    guard
      pt_read_memory(pid_t(call.tid), call.arguments.1, &bytes, UInt(length)) == length,
      bytes.starts(with: TestMarks.prefix)
    else { return false }
    if let thread = threads.record(call.tid) {
      let name = bytes.dropFirst(TestMarks.prefix.count)
      tests.set(String(decoding: name, as: UTF8.self), in: thread.party.pid)
    }
    pt_answer(&tree, call.id, EBADF, 0)
    return true
  }
}
