/// How a process ended, decoded from the status of `waitpid(2)`. Processes that stop or continue are not
/// represented: with `WUNTRACED`, ask `stopSignal` first.
public enum WaitStatus: Equatable, Sendable, CustomStringConvertible {
  /// It called `_exit` or returned from `main`. The code is 0 to 255.
  case exited(Int32)
  /// A signal ended it, with or without a core dump.
  case signalled(Int32)

  /// - Parameter raw: the status as `waitpid` stores it; bits 0 to 6 are the signal, bits 8 to 15 the exit code
  ///   (include/bits/waitstatus.h of glibc).
  public init(_ raw: Int32) {
    let signal = raw & 0x7f
    self = signal == 0 ? .exited(raw >> 8 & 0xff) : .signalled(signal)
  }

  /// Signals that a process causes by itself: SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGPIPE (signal(7); the same
  /// numbers on x86-64 and aarch64).
  private static let selfInflicted: Set<Int32> = [4, 5, 6, 8, 11, 13]

  /// Whether a signal from outside ended it: from the kernel's OOM killer, a limit of the host or a person.
  public var isFromOutside: Bool {
    guard case .signalled(let signal) = self else { return false }
    return !Self.selfInflicted.contains(signal)
  }

  /// The signal that stopped the process, if a call with `WUNTRACED` reports a stop; nil if the process ended. Such a
  /// status has 0x7f in its lower byte (include/bits/waitstatus.h of glibc).
  public static func stopSignal(_ raw: Int32) -> Int32? {
    raw & 0xff == 0x7f ? raw >> 8 & 0xff : nil
  }

  /// A noun phrase: `exit code 3` or `signal 9`.
  public var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let signal): "signal \(signal)"
    }
  }

  /// What the process did, to be printed after its name: `exited with code 3` or `was ended by signal 9`.
  public var predicate: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    }
  }
}
