internal import CLinuxShims
internal import Glibc
internal import Launching
internal import Planning
internal import Syscalls

/// `bindstorm-worker-plain`: the same program, linked with nothing shared and so without libzmq. A fork copies and an
/// exit tears down about half as much of it: launches whose API servers are fresh and have plain sockets run in it.
enum PlainWorker {
  /// Whether such a launch can use it.
  static func serves(_ order: WorkerOrder) -> Bool {
    order.sockets == .tcp && order.workers == .fresh && order.depth == .bind
  }

  /// In a new process: goes on as a launcher in that executable. Comes back if it is not installed beside this one,
  /// which only costs time.
  /// - Parameter seen: the last command that is not for the launcher.
  static func becomeLauncher(_ launch: Int, parent: Int32, seen: UInt32) {
    let path = OwnExecutable.folder + "bindstorm-worker-plain"
    guard access(path, X_OK) == 0 else { return }
    let arguments =
      ["bindstorm-worker-plain", LauncherRole.command]
      + [Int(parent), launch, Int(seen)].map { String($0) }
    var vector = arguments.map { strdup($0) }
    vector.append(nil)
    let kept = [WorkerDescriptor.region, WorkerDescriptor.scratch].map {
      fcntl($0, F_GETFD) >= 0 ? $0 : -1
    }
    let code = bs_exec_with_descriptors(path, vector, kept, kept, Int32(kept.count))
    die("cannot start \(path): \(ErrorNumber.text(code))")
  }
}

/// This process's executable.
enum OwnExecutable {
  /// Its folder, with the slash; empty where /proc does not tell.
  static let folder: String = {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let own = String(
      decoding: buffer[..<max(0, length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return own.lastIndex(of: "/").map { String(own[...$0]) } ?? ""
  }()
}
