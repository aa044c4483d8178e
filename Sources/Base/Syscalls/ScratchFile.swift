internal import Glibc

/// Small files in the run's private folder, reached by path.
public enum ScratchFile {
  /// Makes a file that must not exist yet (O_EXCL). Returns false if it does.
  public static func create(_ path: String) throws(SystemError) -> Bool {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor < 0 {
      if errno == EEXIST { return false }
      throw .current("open \(path)")
    }
    closeDescriptor(descriptor)
    return true
  }

  /// Opens a file for reading and writing, and creates it if it does not exist.
  public static func open(_ path: String) throws(SystemError) -> Descriptor {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .current("open \(path)") }
    return Descriptor(owning: descriptor)
  }

  /// Writes the whole content so that readers see either the old or the new one (rename(2)).
  public static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
    let temporary = "\(path).new"
    do {
      let file = try open(temporary)
      guard ftruncate(file.number, 0) == 0 else { throw SystemError.current("write \(path)") }
      try FileBytes.write(bytes, to: file.number, "write \(path)")
    }
    guard rename(temporary, path) == 0 else { throw .current("rename \(path)") }
  }

  /// Reads a file; nil if there is none.
  public static func read(_ path: String) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) { return try FileBytes.read(path) } catch {
      if error.code == ENOENT { return nil }
      throw error
    }
  }

  /// Names of the Unix sockets in a folder.
  public static func sockets(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var status = stat()
      guard lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
        continue
      }
      names.append(name)
    }
    return names.sorted()
  }

  /// Removes a file; a missing file is not an error.
  public static func remove(_ path: String) {
    unlink(path)
  }
}
