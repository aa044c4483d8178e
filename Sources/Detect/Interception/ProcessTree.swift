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
    guard let parent = parent(of: pid) else { continue }
    parents[pid] = parent
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

/// The parent of a process, nil if the process is gone.
private func parent(of pid: Int32) -> Int32? {
  guard let stat = try? FileText.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")")
  else { return nil }
  return stat[end...].split(separator: " ").dropFirst(2).first.flatMap { Int32($0) }
}

/// The ancestors of a process below this one, parent first; at most 32 of them.
func ancestors(of pid: Int32) -> [Int32] {
  var found: [Int32] = []
  var at = pid
  while found.count < 32, let parent = parent(of: at), parent > 1, parent != getpid() {
    found.append(parent)
    at = parent
  }
  return found
}
