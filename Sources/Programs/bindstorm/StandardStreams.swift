@preconcurrency internal import Glibc
internal import Reports
internal import Syscalls

/// The three descriptors that every process expects to have.
enum StandardStreams {
  /// Opens /dev/null for each of them that the caller closed. Otherwise the first file opened, such as the history,
  /// would get its number, and printed results would go into that file.
  static func ensureOpen() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
      // For reading only, so that printing results fails if they cannot be seen.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Writes results to standard output, all of them.
  /// - Throws: exit code 74, after saying why on standard error.
  static func printResult(_ text: String) throws {
    do throws(SystemError) { try FileBytes.write(text.utf8, to: 1) } catch {
      printError(
        "bindstorm: cannot write to standard output: \(ErrorNumber.text(error.code))")
      throw ExitStatus.cannotWrite
    }
  }

  /// A value as the JSON document that a command prints.
  /// - Throws: exit code 70, after saying why on standard error.
  static func json(_ value: some Encodable) throws -> String {
    do { return String(decoding: try JSONReport.bytes(value), as: UTF8.self) } catch {
      printError("bindstorm: cannot encode the result: \(error)")
      throw ExitStatus.internalError
    }
  }
}
