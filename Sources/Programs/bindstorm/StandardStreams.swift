@preconcurrency internal import Glibc

/// The three descriptors that every process expects to have.
enum StandardStreams {
  /// Opens /dev/null for each of them that the caller closed: otherwise the first file opened, such as the history,
  /// would get its number, and printed results would end up inside that file.
  static func ensureOpen() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
      // For reading only: printing results that nobody can see must fail.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Writes results to standard output, all of them.
  /// - Throws: exit code 74, after saying why on standard error.
  static func printResult(_ text: String) throws {
    var text = text
    let code = text.withUTF8 { bytes -> Int32 in
      var written = 0
      while written < bytes.count {
        let count = write(1, bytes.baseAddress! + written, bytes.count - written)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { return errno }
        written += count
      }
      return 0
    }
    guard code == 0 else {
      printError("bindstorm: cannot write to standard output: \(String(cString: strerror(code)))")
      throw ExitStatus.cannotWrite
    }
  }
}
