internal import Glibc

/// What /proc says about other processes.
public enum ProcessRecords {
  /// A process that has a socket open.
  public struct Owner: Sendable, Equatable {
    /// Process id; 0 if none was found or could be examined.
    public let pid: Int32
    /// Name of the command as ps shows it; empty if unknown.
    public let command: String
  }

  /// Finds, for each socket inode, a process that has it open. Processes of other users are not examined, so "none"
  /// does not mean that there is none.
  /// - Parameter suspects: processes to examine first; 0s are skipped.
  public static func owners(ofSockets inodes: [UInt64], suspects: [Int32] = []) -> [Owner] {
    let wanted = Dictionary(
      inodes.enumerated().filter { $0.element != 0 }.map {
        ("socket:[\($0.element)]", [$0.offset])
      }, uniquingKeysWith: +)
    var found = [Owner](repeating: Owner(pid: 0, command: ""), count: inodes.count)
    var left = Set(wanted.keys)
    let likely = Set(suspects.filter { $0 != 0 })
    search(likely)
    if !left.isEmpty {
      search(Set(entries(of: "/proc").compactMap { Int32($0) }).subtracting(likely))
    }
    return found

    func search(_ pids: Set<Int32>) {
      for pid in pids where !left.isEmpty { look(into: pid) }
    }

    func look(into pid: Int32) {
      for descriptor in entries(of: "/proc/\(pid)/fd") {
        guard let target = link("/proc/\(pid)/fd/\(descriptor)"), let places = wanted[target]
        else { continue }
        let owner = Owner(pid: pid, command: command(of: pid))
        for place in places { found[place] = owner }
        left.remove(target)
        if left.isEmpty { return }
      }
    }
  }

  /// Name of a process's command as ps shows it; empty if unknown.
  public static func command(of pid: Int32) -> String {
    let text = (try? FileText.read("/proc/\(pid)/comm")) ?? ""
    return String(text.prefix { $0 != "\n" })
  }

  /// The parent of a process; 0 if there is no such process.
  public static func parent(of pid: Int32) -> Int32 {
    let fields = status(of: pid)
    return fields.count > 1 ? Int32(fields[1]) ?? 0 : 0
  }

  /// Whether a process is stopped, by a signal or by a tracer: it executes nothing until it is continued. Nil if there
  /// is no such process.
  public static func isStopped(_ pid: Int32) -> Bool? {
    status(of: pid).first.map { $0 == "T" || $0 == "t" }
  }

  /// Whether a process has as many descriptors open as it may. False if it cannot be examined.
  public static func isOutOfDescriptors(_ pid: Int32) -> Bool {
    let limits = (try? FileText.read("/proc/\(pid)/limits")) ?? ""
    let words = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }?
      .split(separator: " ")
    // "Max open files SOFT HARD files"
    guard let words, words.count > 3, let most = Int(words[3]) else { return false }
    return entries(of: "/proc/\(pid)/fd").count >= most
  }

  /// The part of /proc/PID/stat after the command: state, parent, and more. Empty if there is no such process.
  static func status(of pid: Int32) -> [Substring] {
    // "pid (command) state ppid ...": the command may contain anything, including parentheses.
    guard let text = try? FileText.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")")
    else { return [] }
    return text[text.index(after: end)...].split { $0 == " " || $0 == "\n" }
  }

  /// The children of a process, as far as /proc shows them.
  public static func children(of pid: Int32) -> [Int32] {
    processes().filter { parent(of: $0) == pid }
  }

  /// A process and all that descend from it.
  public static func tree(of root: Int32) -> Set<Int32> {
    let parents = Dictionary(
      processes().map { ($0, parent(of: $0)) }, uniquingKeysWith: { first, _ in first })
    return Set(parents.keys.filter { Self.descends($0, from: root) { parents[$0] ?? 0 } })
  }

  /// Whether a process is `root` or descends from it.
  public static func descends(_ pid: Int32, from root: Int32) -> Bool {
    descends(pid, from: root, parent: parent(of:))
  }

  /// Whether it is certain that a process neither is `root` nor descends from it. It is uncertain if one of its
  /// ancestors ends during the search, because its children then get another parent.
  public static func isOutside(_ pid: Int32, of root: Int32) -> Bool {
    var pid = pid
    for _ in 0..<1_000 where pid != root {
      let fields = status(of: pid)
      guard fields.count > 1, let parent = Int32(fields[1]) else { return false }
      if parent == 0 { return true }
      pid = parent
    }
    return false
  }

  private static func descends(
    _ pid: Int32, from root: Int32, parent: (Int32) -> Int32
  ) -> Bool {
    var pid = pid
    // The search must end even if the chain changes meanwhile.
    for _ in 0..<1_000 where pid > 0 {
      if pid == root { return true }
      pid = parent(pid)
    }
    return false
  }

  /// Inodes of all sockets that these processes have open.
  public static func sockets(of pids: some Sequence<Int32>) -> Set<UInt64> {
    Set(holders(ofSocketsIn: pids).keys)
  }

  /// The sockets that these processes have open, by inode, and which of them have each.
  public static func holders(ofSocketsIn pids: some Sequence<Int32>) -> [UInt64: Set<Int32>] {
    var holders: [UInt64: Set<Int32>] = [:]
    for pid in pids {
      for descriptor in entries(of: "/proc/\(pid)/fd") {
        guard let target = link("/proc/\(pid)/fd/\(descriptor)"), target.hasPrefix("socket:[")
        else { continue }
        if let inode = UInt64(target.dropFirst(8).dropLast()) {
          holders[inode, default: []].insert(pid)
        }
      }
    }
    return holders
  }

  private static func processes() -> [Int32] { entries(of: "/proc").compactMap { Int32($0) } }

  static func entries(of folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      names.append(name)
    }
    return names
  }

  private static func link(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer -> String? in
      let length = readlink(path, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), 256)
      guard length > 0 else { return nil }
      return String(decoding: buffer[..<length], as: UTF8.self)
    }
  }
}
