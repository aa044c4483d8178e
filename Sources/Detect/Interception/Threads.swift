internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Threads that made calls: their descriptors and who they are.
final class Threads {
  /// What is kept of one thread.
  struct Record {
    var pidfd: Int32
    /// /proc/TID/stat, kept open: a read fails once that thread is gone, even if the id is reused.
    var stat: Int32
    var identity: [UInt8]
    var party: Party
  }

  static let kept = 256
  private var records: [UInt32: Record] = [:]
  private let groupVariable: String?

  init(groupVariable: String?) { self.groupVariable = groupVariable }
  deinit { forgetAll() }

  /// The cached thread, if it still runs the same program; otherwise looked up. Nil if it is gone.
  func record(_ tid: UInt32) -> Record? {
    if let record = records[tid] {
      if let identity = Self.identity(record.stat), identity == record.identity { return record }
      forget(tid)
    }
    if records.count >= Self.kept { forgetAll() }
    guard let record = open(Int32(tid)) else { return nil }
    records[tid] = record
    return record
  }

  private func open(_ tid: Int32) -> Record? {
    let stat = Glibc.open("/proc/\(tid)/stat", O_RDONLY | O_CLOEXEC)
    guard stat >= 0 else { return nil }
    guard let identity = Self.identity(stat) else {
      close(stat)
      return nil
    }
    var pid = tid
    if let status = try? FileText.read("/proc/\(tid)/status"),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Tgid:") })
    {
      pid = Int32(line.dropFirst(5).drop { $0 == "\t" || $0 == " " }) ?? tid
    }
    var party = Party(
      pid: pid, tid: tid, thread: Self.name(of: tid), arguments: Self.words(of: tid),
      descriptor: -1, group: group(of: tid))
    party.ancestors = ancestors(of: pid)
    party.program = Self.program(of: tid)
    return Record(pidfd: pt_open_thread(tid), stat: stat, identity: identity, party: party)
  }

  /// A thread's name, empty if it cannot be read.
  static func name(of tid: Int32) -> String {
    let name = (try? FileText.read("/proc/\(tid)/comm")) ?? ""
    return String(name.prefix { $0 != "\n" })
  }

  /// The words of a command line, as far as its first 64 KiB hold them.
  static func words(of tid: Int32) -> [String] {
    words(in: ((try? FileText.read("/proc/\(tid)/cmdline")) ?? "").prefix(65_536))
  }

  /// The words of a command line as the kernel gives it. A process that sets its title fills what is left of its
  /// arguments with zeros, which look like empty words: several at the end are no words.
  static func words(in text: Substring) -> [String] {
    var words = text.split(separator: "\0", omittingEmptySubsequences: false).dropLast()
      .map(String.init)
    if words.suffix(2) == ["", ""] { while words.last == "" { words.removeLast() } }
    return words
  }

  /// Base name of the executed file, also after it was deleted; empty if it cannot be read.
  private static func program(of tid: Int32) -> String {
    var path = link("/proc/\(tid)/exe") ?? ""
    if path.hasSuffix(" (deleted)") { path.removeLast(" (deleted)".count) }
    return path.split(separator: "/").last.map(String.init) ?? ""
  }

  private func group(of tid: Int32) -> String {
    guard let groupVariable, let environment = try? FileText.read("/proc/\(tid)/environ") else {
      return ""
    }
    let start = "\(groupVariable)="
    return environment.split(separator: "\0").first { $0.hasPrefix(start) }
      .map { String($0.dropFirst(start.count)) } ?? ""
  }

  /// The name, and the addresses of code and arguments, which execve() changes.
  private static func identity(_ stat: Int32) -> [UInt8]? {
    withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 1) { buffer -> [UInt8]? in
      let length = pread(stat, buffer.baseAddress!, buffer.count, 0)
      guard length > 0, let end = buffer[..<length].lastIndex(of: UInt8(ascii: ")")) else {
        return nil
      }
      var identity = Array(buffer[..<end])
      // Fields 26 (startcode) and 48 (arg_start) of proc(5); field 3 follows the name.
      var field = 2
      for byte in buffer[(end + 1)..<length] {
        if byte == UInt8(ascii: " ") { field += 1 }
        if field == 26 || field == 48 { identity.append(byte) }
        if field > 48 { break }
      }
      return identity
    }
  }

  private func forget(_ tid: UInt32) {
    guard let record = records.removeValue(forKey: tid) else { return }
    close(record.stat)
    if record.pidfd >= 0 { close(record.pidfd) }
  }

  private func forgetAll() { for tid in Array(records.keys) { forget(tid) } }
}

/// Whether a process has ended or is about to: PF_EXITING is set before its descriptors are closed.
func hasEnded(_ pid: Int32) -> Bool {
  // As bytes: this is asked at every release.
  guard let stat = try? FileBytes.read("/proc/\(pid)/stat"),
    let end = stat.lastIndex(of: UInt8(ascii: ")"))
  else { return true }
  // Fields 3 (state) and 9 (flags) of proc(5).
  let fields = stat[(end + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 7)
  guard fields.count > 6, let state = fields[0].first,
    let flags = UInt32(String(decoding: fields[6], as: UTF8.self))
  else { return false }
  return state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") || flags & 0x4 != 0
}
