#if DEBUG
  internal import CLinuxShims

  /// Asks whether a call of this process must fail, according to the variable BINDSTORM_FAIL (`failing_calls.h`).
  /// - Parameter call: its name in the manual.
  /// - Returns: -1 with `errno` set, as the call itself would return; nil if the call must be made.
  public func failing(_ call: StaticString) -> Int32? {
    call.utf8Start.withMemoryRebound(to: CChar.self, capacity: call.utf8CodeUnitCount + 1) {
      bs_fails($0, BS_PROCESS_ANY) != 0 ? -1 : nil
    }
  }
#else
  /// In release builds no call is made to fail.
  @inlinable
  public func failing(_ call: StaticString) -> Int32? { nil }
#endif
