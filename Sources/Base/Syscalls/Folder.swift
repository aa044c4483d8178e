internal import Glibc

/// A folder that is held open: files are created in this folder, even if names on its path change.
public final class Folder {
  private let handle: Descriptor
  /// The name that the user gave, for people.
  public let path: String

  /// A path to this folder, whatever has become of its name; only for this process.
  public var lastingPath: String { "/proc/self/fd/\(handle.number)" }

  private init(_ handle: consuming Descriptor, _ path: String) {
    self.handle = handle
    self.path = path
  }

  /// Opens a folder, and creates the missing parts of its path.
  public convenience init(making path: String) throws(FileProblem) {
    self.init(try PathWalk.open(path, O_RDONLY | O_DIRECTORY, making: .folders), path)
  }

  /// Creates a folder in this one, in which the name must not exist.
  /// - Throws: errno, EEXIST among others.
  public func makeFolder(_ name: String) throws(FileProblem) -> Folder {
    guard mkdirat(handle.number, name, 0o777) == 0 else { throw PathWalk.failure() }
    let number = openat(
      handle.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else { throw PathWalk.failure() }
    return Folder(Descriptor(owning: number), "\(path)/\(name)")
  }

  /// Creates a file that must not exist yet, not even as a link.
  /// - Parameter flags: of open(2), besides O_CREAT | O_EXCL.
  public func create(_ name: String, _ flags: Int32) throws(FileProblem) -> Descriptor {
    let number = openat(
      handle.number, name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard number >= 0 else { throw PathWalk.failure() }
    return Descriptor(owning: number)
  }

  /// Creates a file and writes its whole content.
  public func write(_ bytes: some Sequence<UInt8>, to name: String) throws(FileProblem) {
    try FileBytes.write(bytes, closing: try create(name, O_WRONLY))
  }

  /// Writes a file's whole content in place of what has that name, at once: nobody sees a part of it.
  public func replace(_ name: String, with bytes: some Sequence<UInt8>) throws(FileProblem) {
    let temporary = ".\(name)-\(getpid())"
    // A killed process may have had this number.
    unlinkat(handle.number, temporary, 0)
    do throws(FileProblem) {
      try write(bytes, to: temporary)
      guard renameat(handle.number, temporary, handle.number, name) == 0 else {
        throw PathWalk.failure()
      }
    } catch {
      unlinkat(handle.number, temporary, 0)
      throw error
    }
  }

  /// Gives a file another name, in place of what has that name.
  public func rename(_ name: String, to new: String) throws(FileProblem) {
    guard renameat(handle.number, name, handle.number, new) == 0 else { throw PathWalk.failure() }
  }

  /// Removes a file; a missing file is not an error.
  public func remove(_ name: String) { unlinkat(handle.number, name, 0) }

  /// Removes a folder if it is empty.
  public func removeFolder(_ name: String) { unlinkat(handle.number, name, AT_REMOVEDIR) }

  /// Makes a symbolic link lead to `target`; an existing link is replaced atomically.
  public func replaceLink(_ name: String, to target: String) throws(FileProblem) {
    let temporary = ".\(name)-\(getpid())"
    // A killed process may have had this number.
    unlinkat(handle.number, temporary, 0)
    guard symlinkat(target, handle.number, temporary) == 0 else { throw PathWalk.failure() }
    guard renameat(handle.number, temporary, handle.number, name) == 0 else {
      let problem = PathWalk.failure()
      unlinkat(handle.number, temporary, 0)
      throw problem
    }
  }

  /// Which other users can replace its contents; nil if only root can. Access control lists are not checked.
  public var exposure: String? {
    guard let status = try? PathWalk.status(of: handle.number) else { return nil }
    if !PathWalk.isTrusted(status.st_uid) { return "it belongs to user \(status.st_uid)" }
    if status.st_mode & S_ISVTX != 0 { return nil }
    if status.st_mode & S_IWOTH != 0 { return "everybody may write to it" }
    // Many systems give each user a group with the same number.
    if status.st_mode & S_IWGRP != 0 && status.st_gid != status.st_uid {
      return "group \(status.st_gid) may write to it"
    }
    return nil
  }
}

extension FileBytes {
  /// Opens a file that the user names, and creates it if it does not exist. Links of other users are not followed.
  /// - Parameter flags: of open(2), besides O_WRONLY: O_TRUNC, O_APPEND, O_NONBLOCK.
  public static func openForWriting(_ path: String, _ flags: Int32) throws(FileProblem)
    -> Descriptor
  {
    try PathWalk.open(path, O_WRONLY | flags, making: .file)
  }

  /// Creates a file that the user names. The name must not exist, not even as a link.
  public static func createForWriting(_ path: String) throws(FileProblem) -> Descriptor {
    try PathWalk.open(path, O_WRONLY, making: .newFile)
  }

  /// Writes all bytes and closes the file: a delayed error (NFS, quota) is reported only by close.
  public static func write(
    _ bytes: some Sequence<UInt8>, closing file: consuming Descriptor
  ) throws(FileProblem) {
    let number = file.release()
    var problem: FileProblem?
    do throws(SystemError) { try write(bytes, to: number) } catch { problem = .system(error.code) }
    // After EINTR it is closed on Linux.
    if close(number) != 0 && errno != EINTR { problem = problem ?? PathWalk.failure() }
    if let problem { throw problem }
  }
}
