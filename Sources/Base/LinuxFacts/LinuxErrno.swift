/// The errno values of Linux (include/uapi/asm-generic/errno-base.h and errno.h), the only table of their names. They
/// are written as numbers because histories contain numbers: they are facts of the recorded run, whichever system reads
/// it.
public enum LinuxErrno {
  public static let tryAgain: Int32 = 11
  public static let outOfMemory: Int32 = 12
  public static let tooManyFilesOfHost: Int32 = 23
  public static let tooManyFiles: Int32 = 24
  public static let protocolError: Int32 = 71
  public static let brokenPipe: Int32 = 32
  public static let tooManyLevels: Int32 = 40
  public static let addressInUse: Int32 = 98
  public static let timedOut: Int32 = 110

  /// The kernel's errors when a limit of the host, the user, the process or a cgroup is reached: processes and threads,
  /// memory, open files. bs_is_host_limit() in process_control.c has the same four, for a signal handler.
  public static let hostLimits: Set<Int32> = [
    tryAgain, outOfMemory, tooManyFilesOfHost, tooManyFiles,
  ]

  private static let names: [Int32: String] = [
    1: "EPERM", 2: "ENOENT", 3: "ESRCH", 4: "EINTR", 5: "EIO", 7: "E2BIG", 8: "ENOEXEC", 9: "EBADF",
    10: "ECHILD", 11: "EAGAIN", 12: "ENOMEM", 13: "EACCES", 14: "EFAULT", 16: "EBUSY", 17: "EEXIST",
    20: "ENOTDIR", 21: "EISDIR", 22: "EINVAL", 23: "ENFILE", 24: "EMFILE", 26: "ETXTBSY",
    27: "EFBIG", 28: "ENOSPC", 30: "EROFS", 32: "EPIPE", 36: "ENAMETOOLONG", 38: "ENOSYS",
    40: "ELOOP", 61: "ENODATA", 71: "EPROTO", 74: "EBADMSG", 88: "ENOTSOCK", 90: "EMSGSIZE",
    92: "ENOPROTOOPT", 93: "EPROTONOSUPPORT", 95: "EOPNOTSUPP", 97: "EAFNOSUPPORT",
    98: "EADDRINUSE", 99: "EADDRNOTAVAIL", 100: "ENETDOWN", 101: "ENETUNREACH",
    103: "ECONNABORTED", 104: "ECONNRESET", 105: "ENOBUFS", 106: "EISCONN", 107: "ENOTCONN",
    110: "ETIMEDOUT", 111: "ECONNREFUSED", 112: "EHOSTDOWN", 113: "EHOSTUNREACH",
    114: "EALREADY", 115: "EINPROGRESS", 121: "EREMOTEIO", 122: "EDQUOT",
  ]

  /// The symbolic name, for example `EADDRINUSE`; nil for numbers that are not in the table.
  public static func name(_ code: Int32) -> String? { names[code] }

  /// The number of a symbolic name; nil for names that are not in the table.
  public static func number(named name: String) -> Int32? {
    names.first { $0.value == name }?.key
  }

  /// `errno 98 (EADDRINUSE)`; only the number if the table has no name for it.
  public static func text(_ code: Int32) -> String {
    names[code].map { "errno \(code) (\($0))" } ?? "errno \(code)"
  }
}
