internal import Glibc

/// Other programs of the host.
public enum HostProgram {
  /// The first executable of that name in PATH; nil if there is none.
  public static func find(_ name: String) -> String? {
    guard let path = getenv("PATH") else { return nil }
    return String(cString: path).split(separator: ":").lazy.map { "\($0)/\(name)" }
      .first { access($0, X_OK) == 0 }
  }

  /// Standard output of a program that ends within two seconds; after that it is killed. Empty if it cannot be run.
  /// - Parameter arguments: the first is its path.
  public static func output(of arguments: [String]) -> String {
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

  /// What a program makes of its standard input; nil if it cannot be run or does not end with status 0. Its messages go
  /// to standard error.
  /// - Parameter arguments: the first is its path.
  public static func filtered(
    _ input: some Sequence<UInt8>, through arguments: [String]
  ) throws(SystemError) -> [UInt8]? {
    // Files and not pipes: a program that writes before it has read all would wait for ever.
    guard let source = tmpfile() else { throw .current("tmpfile") }
    defer { fclose(source) }
    guard let target = tmpfile() else { throw .current("tmpfile") }
    defer { fclose(target) }
    try FileBytes.write(input, to: fileno(source))
    lseek(fileno(source), 0, SEEK_SET)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, fileno(source), 0)
    posix_spawn_file_actions_adddup2(&actions, fileno(target), 1)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var pid: pid_t = 0
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let error = posix_spawn(&pid, arguments[0], &actions, nil, &words, environ)
    guard error == 0 else { throw SystemError("start \(arguments[0])", code: error) }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    guard status == 0 else { return nil }
    lseek(fileno(target), 0, SEEK_SET)
    return try FileBytes.read(fileno(target))
  }

  /// Reads until the end of the stream or until the deadline.
  private static func readToEnd(_ descriptor: Int32, until deadline: UInt64) -> [UInt8] {
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

  /// What a function of a shared library without parameters returns as text: a version. Nil if the library or the function
  /// is not there.
  public static func text(of function: String, in library: String) -> String? {
    guard let handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL) else { return nil }
    guard let symbol = dlsym(handle, function) else { return nil }
    typealias Version = @convention(c) () -> UnsafePointer<CChar>?
    return unsafeBitCast(symbol, to: Version.self)().map { String(cString: $0) }
  }
}
