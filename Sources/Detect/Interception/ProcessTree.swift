internal import Glibc
internal import Syscalls

/// The processes that /proc shows.
func processes() -> [Int32] {
  guard let stream = opendir("/proc") else { return [] }
  defer { closedir(stream) }
  var found: [Int32] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if let pid = Int32(name) { found.append(pid) }
  }
  return found
}

/// Processes below one, not itself.
func descendants(of root: Int32) -> [Int32] {
  var parents: [Int32: Int32] = [:]
  for pid in processes() {
    guard let stat = try? FileText.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")")
    else { continue }
    parents[pid] = stat[end...].split(separator: " ").dropFirst(2).first.flatMap { Int32($0) }
  }
  return parents.keys.filter { pid in
    var at = pid
    for _ in 0..<1_000 {
      guard let parent = parents[at], parent > 0 else { return false }
      if parent == root { return true }
      at = parent
    }
    return false
  }
}
