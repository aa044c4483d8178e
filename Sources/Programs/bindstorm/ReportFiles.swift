@preconcurrency internal import Glibc
internal import Syscalls

/// The files that `check` writes. They are opened before the command runs and kept open until it has ended: a file that
/// cannot be written is detected before a long run, and replacing its name meanwhile does not redirect the output.
final class ReportFiles {
  /// By path; closed when it was written.
  private var files: [String: Int32] = [:]
  /// Those that have no name, as a caller's temporary file that /dev/stdout leads to.
  private var nameless: Set<Int32> = []

  /// Opens and empties each file, `-` for standard output.
  /// - Throws: exit code 73, after saying why on standard error.
  init(_ paths: [String]) throws {
    for path in paths where path != "-" && files[path] == nil {
      do throws(FileProblem) {
        let number = try FileBytes.openForWriting(path, O_TRUNC).release()
        files[path] = number
        var status = stat()
        if fstat(number, &status) == 0 && status.st_nlink == 0 { nameless.insert(number) }
      } catch {
        try Self.refuse(path, error)
      }
    }
  }

  /// A report that could not be written, because the command never ran or the tool failed, leaves no empty file that
  /// would pass for a report without findings.
  deinit {
    for (path, file) in files {
      var (own, named) = (stat(), stat())
      if fstat(file, &own) == 0, own.st_mode & S_IFMT == S_IFREG, own.st_size == 0,
        lstat(path, &named) == 0, named.st_ino == own.st_ino, named.st_dev == own.st_dev
      {
        unlink(path)
      }
      close(file)
    }
  }

  /// Writes what is known so far, in place of an earlier draft: it stays if the tool is killed before the report.
  func write(draft bytes: some Collection<UInt8>, to path: String) {
    // A draft that cannot be written is no loss: the report itself is written later, and says so if it cannot be.
    guard let number = files[path], ftruncate(number, 0) == 0, lseek(number, 0, SEEK_SET) == 0
    else { return }
    // Not for the command, which runs again.
    let found = signal(SIGXFSZ, SIG_IGN)
    _ = writeAll(bytes, to: number)
    signal(SIGXFSZ, found)
  }

  /// Writes a whole report.
  /// - Throws: exit code 73, after saying why on standard error.
  func write(_ text: String, to path: String) throws { try write(text.utf8, to: path) }

  /// The same for a report that is no text.
  func write(_ bytes: some Collection<UInt8>, to path: String) throws {
    // The command has already ended at this point.
    if !bytes.isEmpty { CurrentProcess.reportFileSizeLimit() }
    if path == "-" {
      let code = writeAll(bytes, to: 1)
      guard code == 0 else { try Self.refuse(path, .system(code)) }
      return
    }
    do throws(FileProblem) { try FileBytes.write(bytes, closing: try take(path)) } catch {
      try Self.refuse(path, error)
    }
  }

  /// The open file; a new one if the command has removed it, as `make clean` would.
  private func take(_ path: String) throws(FileProblem) -> Descriptor {
    var status = stat()
    if let number = files.removeValue(forKey: path) {
      let file = Descriptor(owning: number)
      guard fstat(number, &status) == 0 else { throw .system(errno) }
      if status.st_nlink > 0 || nameless.contains(number) {
        // Drafts; what is no regular file has none.
        if status.st_mode & S_IFMT == S_IFREG && status.st_size > 0 {
          guard ftruncate(number, 0) == 0, lseek(number, 0, SEEK_SET) == 0 else {
            throw .system(errno)
          }
        }
        return file
      }
      return try FileBytes.createForWriting(path)
    }
    // If two reports go to one file, the later one stays.
    return try FileBytes.openForWriting(path, O_TRUNC)
  }

  private static func refuse(_ path: String, _ problem: FileProblem) throws -> Never {
    printError("bindstorm: cannot write \(path): \(problem)")
    throw ExitStatus.cannotCreate
  }
}

/// Writes all of it. Returns 0, or the errno of the write that failed.
func writeAll(_ bytes: some Collection<UInt8>, to descriptor: Int32) -> Int32 {
  do throws(SystemError) { try FileBytes.write(bytes, to: descriptor) } catch {
    return error.code
  }
  return 0
}
