#if DEBUG
  internal import CLinuxShims

  /// Asks whether a call of this process is to fail, as the variable BINDSTORM_FAIL says (`failing_calls.h`).
  /// - Parameter call: its name in the manual.
  /// - Returns: -1 with `errno` set, as the call would return itself; nil if it is to be made.
  public func failing(_ call: StaticString) -> Int32? {
    call.utf8Start.withMemoryRebound(to: CChar.self, capacity: call.utf8CodeUnitCount + 1) {
      bs_fails($0, BS_PROCESS_ANY) != 0 ? -1 : nil
    }
  }
#else
  /// Nothing is made to fail in release builds.
  @inlinable
  public func failing(_ call: StaticString) -> Int32? { nil }
#endif
