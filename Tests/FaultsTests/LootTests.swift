import CSharedRegion
import CLinuxShims
import Faults
import Glibc
import Syscalls
import Testing

/// What counts as a draw, in the test's own process.
@Suite struct LootTests {
  private func failing(_ code: Int32, isRefusalAnswer: Bool) -> ThiefBench {
    let bench = ThiefBench(PortSquatter.self, [:])
    bench.loot.hold(isRefusalAnswer: isRefusalAnswer) { (_) throws(SystemError) in
      throw SystemError("bind", code: code)
    }
    return bench
  }

  /// That a number is held is what a thief that asks for it came to find out. What keeps it from asking is not.
  @Test func `only a refusal is an answer`() {
    let refused = failing(EADDRINUSE, isRefusalAnswer: true)
    #expect(refused.record.drawn == 1 && refused.record.error == 0)
    for code in [EACCES, EMFILE, EADDRNOTAVAIL] {
      let failed = failing(code, isRefusalAnswer: true)
      #expect(failed.record.drawn == 0 && failed.record.error == code)
    }
    let unasked = failing(EADDRINUSE, isRefusalAnswer: false)
    #expect(unasked.record.drawn == 0 && unasked.record.error == EADDRINUSE)
  }
}
