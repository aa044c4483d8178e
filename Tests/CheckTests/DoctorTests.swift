import Foundation
import TestSupport
import Testing

/// What `doctor` says of a host, part by part, and how it ends.
@Suite struct DoctorTests {
  /// The lines of a part, from its title to its verdict.
  private static func part(_ title: String, _ ended: Finished) throws -> [String] {
    let start = try #require(ended.lines.firstIndex(of: title), "\(ended)")
    let rest = ended.lines[start...]
    let end = try #require(rest.firstIndex { $0.hasPrefix("  -> ") }, "\(ended)")
    return Array(rest[start...end])
  }

  @Test func `both parts have their say`() throws {
    let doctor = try run([Built.bindstorm, "doctor"])
    #expect(doctor.status == 0, "\(doctor)")
    #expect(try Self.part("bindstorm run", doctor).last?.hasPrefix("  -> works, ") == true)
    _ = try Self.part("bindstorm check", doctor)
  }

  @Test func `a host where only check cannot work is one where run does`() throws {
    let doctor = try run([try Victim.c("deny"), "process_vm_readv", Built.bindstorm, "doctor"])
    #expect(
      try Self.part("bindstorm check", doctor).last
        == "  -> does not work here; missing: process_vm_readv")
    #expect(try Self.part("bindstorm run", doctor).last?.hasPrefix("  -> works, ") == true)
    #expect(doctor.status == 0)
  }

  @Test func `without namespaces run works, and what grants them is said`() throws {
    let doctor = try run([try Victim.c("deny"), "unshare", Built.bindstorm, "doctor"])
    let part = try Self.part("bindstorm run", doctor)
    #expect(part.last == "  -> works, among this host's own ports")
    for name in ["network namespace", "several nodes"] {
      let line = try #require(part.first { $0.hasPrefix("  \(name)") })
      #expect(line.contains("no: unshare(") && line.contains("Operation not permitted"), "\(line)")
      #expect(line.contains("kernel.unprivileged_userns_clone"), "\(line)")
    }
    #expect(doctor.status == 0)
  }

  @Test func `without its workers run does not work`() throws {
    let doctor = try run(
      [Built.bindstorm, "doctor"], environment: ["BINDSTORM_WORKER": "/no/such/worker"])
    #expect(try Self.part("bindstorm run", doctor).last == "  -> does not work here")
    #expect(doctor.lines.contains { $0.hasPrefix("  workers ") && $0.contains("no: needed: ") })
    #expect(doctor.status == 69)
  }
}
