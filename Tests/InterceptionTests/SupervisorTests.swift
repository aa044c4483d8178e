import Glibc
import Interception
import Syscalls
import Testing

@Suite struct SupervisorTests {
  /// Anonymous mappings that a child would share.
  private static func sharedMappings() throws -> Int {
    try FileText.read("/proc/self/maps").split(separator: "\n").count {
      $0.contains("/dev/zero (deleted)")
    }
  }

  /// `--enumerate` runs the command many times in one process. In a process of its own: it blocks signals for good.
  @Test(.enabled(if: HostAbilities().mode != nil, "needs what `bindstorm check` needs"))
  func `a run leaves no memory mapped, whether the command could be executed or not`() async {
    await #expect(processExitsWith: .success) {
      let before = try Self.sharedMappings()
      for _ in 0..<3 {
        let seen = try Supervisor.run(Supervision(command: ["/bin/true"]))
        #expect(seen.status == .exited(0))
        #expect(throws: CheckError.cannotExecute("/no/such/program", code: ENOENT)) {
          try Supervisor.run(Supervision(command: ["/no/such/program"]))
        }
      }
      #expect(try Self.sharedMappings() == before)
    }
  }
}
