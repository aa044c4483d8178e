import LinuxFacts
import Testing

@Suite struct WaitStatusTests {
  static let cases: [(raw: Int32, status: WaitStatus, noun: String, predicate: String)] = [
    (0, .exited(0), "exit code 0", "exited with code 0"),
    (3 << 8, .exited(3), "exit code 3", "exited with code 3"),
    (255 << 8, .exited(255), "exit code 255", "exited with code 255"),
    (9, .signalled(9), "signal 9", "was ended by signal 9"),
    // Bit 7 says that there is a core dump.
    (11 | 0x80, .signalled(11), "signal 11", "was ended by signal 11"),
  ]

  @Test(arguments: cases) func `a status is decoded and put into words`(
    raw: Int32, status: WaitStatus, noun: String, predicate: String
  ) {
    #expect(WaitStatus(raw) == status)
    #expect(status.description == noun)
    #expect(status.predicate == predicate)
  }
}
