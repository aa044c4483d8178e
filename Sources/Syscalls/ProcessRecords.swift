internal import Glibc

/// What /proc says about other processes.
public enum ProcessRecords {
  /// A process that has a socket open.
  public struct Owner: Sendable, Equatable {
    /// Process id; 0 if none was found or could be looked into.
    public let pid: Int32
    /// Name of the command as ps shows it; empty if unknown.
    public let command: String
  }

  /// Finds, for each socket inode, a process that has it open. Processes of other users are not looked
  /// into, so "none" does not mean that there is none.
  /// - Parameter suspects: processes to look into first; 0s are passed over.
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
        let command = (try? FileText.read("/proc/\(pid)/comm")) ?? ""
        let owner = Owner(pid: pid, command: String(command.prefix { $0 != "\n" }))
        for place in places { found[place] = owner }
        left.remove(target)
        if left.isEmpty { return }
      }
    }
  }

  private static func entries(of folder: String) -> [String] {
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
