internal import CLinuxShims
internal import Glibc

/// Why a file or folder could not be opened for writing.
public enum FileProblem: Error, Equatable, CustomStringConvertible {
  /// errno.
  case system(Int32)
  /// A symbolic link on the path that neither the caller nor root has made: its target may have changed by now.
  case foreignLink(String, owner: UInt32)

  public var description: String {
    switch self {
    case .system(let code): ErrorNumber.text(code)
    case .foreignLink(let name, let owner):
      "'\(name)' is a symbolic link of user \(owner), which is not followed; name the place that it leads to"
    }
  }
}

/// A walk along a path, step by step. It never follows a symbolic link of another user, and nothing that is put in
/// place of a checked name. Root's links are followed, because they belong to the system.
struct PathWalk: ~Copyable {
  /// What is created if a name on the path does not exist.
  enum Making {
    /// The last name, as a file.
    case file
    /// The last name, as a file; it is an error (EEXIST) if the name exists as anything.
    case newFile
    /// Every name, as folders.
    case folders
  }

  /// The limit of path_resolution(7). A name may also be replaced this often while it is examined.
  private static let mostTurns = 40

  /// The current position of the walk.
  private var folder: Descriptor
  /// The rest of the path.
  private var rest: [String]
  private var turns = 0
  private let flags: Int32
  private let making: Making

  /// Opens what the path names.
  /// - Parameter flags: of open(2), without O_CREAT.
  /// - Throws: `foreignLink`; errno of the step that failed.
  static func open(_ path: String, _ flags: Int32, making: Making) throws(FileProblem) -> Descriptor
  {
    var walk = try PathWalk(path, flags, making)
    while !walk.rest.isEmpty {
      if let opened = try walk.step(walk.rest.removeFirst()) { return opened }
    }
    // The path was `/`, `.`, or a link to one of them.
    return try owned(openat(walk.folder.number, ".", flags | O_CLOEXEC))
  }

  private init(_ path: String, _ flags: Int32, _ making: Making) throws(FileProblem) {
    folder = try Self.owned(bs_open_folder(AT_FDCWD, path.hasPrefix("/") ? "/" : "."))
    rest = Self.names(path)
    self.flags = flags
    self.making = making
  }

  /// Advances by one name. Returns the opened file, if it was the last name.
  private mutating func step(_ name: String) throws(FileProblem) -> Descriptor? {
    let isLast = rest.isEmpty
    let number = bs_open_unfollowed(folder.number, name)
    if number < 0 && errno == ENOENT && (making == .folders || isLast) { return try make(name) }
    let found = try Self.owned(number)
    if isLast && making == .newFile { throw .system(EEXIST) }
    let status = try Self.status(of: found.number)
    if status.st_mode & S_IFMT == S_IFLNK {
      return try follow(found, name, owner: status.st_uid)
    }
    guard isLast else {
      // Opened as a folder, which mounts what is mounted on its first use; nothing else does.
      let mounted = bs_open_unfollowed_folder(folder.number, name)
      if mounted < 0 && (errno == ELOOP || errno == ENOENT) { return try turn([name]) }
      folder = try Self.owned(mounted)
      return nil
    }
    let last = openat(folder.number, name, flags | O_NOFOLLOW | O_CLOEXEC)
    // Replaced or removed a moment ago: examine it again.
    if last < 0 && (errno == ELOOP || errno == ENOENT) { return try turn([name]) }
    return try Self.owned(last)
  }

  /// Creates what does not exist. If another process was faster, the name is examined like an existing one.
  private mutating func make(_ name: String) throws(FileProblem) -> Descriptor? {
    if making == .folders {
      guard mkdirat(folder.number, name, 0o777) == 0 || errno == EEXIST else {
        throw Self.failure()
      }
      return try turn([name])
    }
    let new = openat(folder.number, name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    if new < 0 && errno == EEXIST { return try turn([name]) }
    return try Self.owned(new)
  }

  /// - Parameter link: the link itself, open.
  private mutating func follow(
    _ link: borrowing Descriptor, _ name: String, owner: UInt32
  ) throws(FileProblem) -> Descriptor? {
    if bs_is_of_proc(link.number) {
      // A link of the kernel, which only the kernel can follow.
      if rest.isEmpty { return try Self.owned(openat(folder.number, name, flags | O_CLOEXEC)) }
      folder = try Self.owned(bs_open_folder(folder.number, name))
      return nil
    }
    guard Self.isTrusted(owner) else { throw .foreignLink(name, owner: owner) }
    let target = try Self.text(of: link.number)
    if target.hasPrefix("/") { folder = try Self.owned(bs_open_folder(AT_FDCWD, "/")) }
    return try turn(Self.names(target))
  }

  /// Continues with other names than the path's.
  private mutating func turn(_ names: [String]) throws(FileProblem) -> Descriptor? {
    turns += 1
    guard turns <= Self.mostTurns else { throw .system(ELOOP) }
    rest = names + rest
    return nil
  }

  /// Whether files of a user are as trusted as the caller's own.
  static func isTrusted(_ user: UInt32) -> Bool { user == geteuid() || user == 0 }

  static func status(of descriptor: Int32) throws(FileProblem) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure() }
    return status
  }

  static func failure() -> FileProblem { .system(errno) }

  private static func owned(_ number: Int32) throws(FileProblem) -> Descriptor {
    guard number >= 0 else { throw failure() }
    return Descriptor(owning: number)
  }

  private static func names(_ path: String) -> [String] {
    path.split(separator: "/").map(String.init).filter { $0 != "." }
  }

  /// The text of a link that is itself open: it can no longer be changed.
  private static func text(of link: Int32) throws(FileProblem) -> String {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = bytes.withUnsafeMutableBytes { buffer in
      readlinkat(link, "", buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count)
    }
    guard count >= 0 else { throw failure() }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
