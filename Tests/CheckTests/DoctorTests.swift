import Foundation
import TestSupport
import Testing

/// What `doctor` says of a host, part by part, and how it ends.
@Suite struct DoctorTests {
  /// The lines of a part, from its title to its verdict.
  private static func part(_ title: String, _ ended: Finished) throws -> [String] {
    let start = try #require(ended.lines.firstIndex { $0.hasPrefix(title) }, "\(ended)")
    let rest = ended.lines[start...]
    let end = try #require(rest.firstIndex { $0.hasPrefix("  -> ") }, "\(ended)")
    return Array(rest[start...end])
  }

  /// The lines of an ability: what was found, what it means, what grants it.
  private static func ability(_ name: String, in part: [String]) throws -> [String] {
    let start = try #require(part.firstIndex { $0.hasPrefix("  \(name) ") }, "\(part)")
    return [part[start]] + part[(start + 1)...].prefix { $0.hasPrefix("      ") }
  }

  private static func deny(_ call: String, _ words: String...) throws -> Finished {
    try run([try Victim.c("deny"), call, Built.bindstorm] + words)
  }

  @Test func `all parts have their say`() throws {
    let doctor = try run([Built.bindstorm, "doctor"])
    #expect(doctor.status == 0, "\(doctor)")
    #expect(try Self.part("bindstorm run", doctor).last?.hasPrefix("  -> works") == true)
    #expect(try Self.part("bindstorm check", doctor).last?.hasPrefix("  -> works") == true)
    _ = try Self.part("clusters", doctor)
  }

  @Test func `a host where only check cannot work is one where run does`() throws {
    let both = try Self.deny("seccomp", "doctor")
    let verdict = try Self.part("bindstorm check", both)
    #expect(verdict.last == "  -> does not work here")
    let call = try Self.ability("seccomp user notification", in: verdict)
    #expect(call[0].contains("missing") && call[0].contains("needed: "), "\(call)")
    #expect(call.contains { $0.contains("grant  docker run --security-opt seccomp=") }, "\(call)")
    #expect(both.status == 69, "one of the commands does not work")
    #expect(try Self.deny("seccomp", "doctor", "run").status == 0)
    #expect(try Self.deny("seccomp", "doctor", "check").status == 69)
    #expect(try Self.deny("seccomp", "doctor", "clusters").status == 0, "only reported")
  }

  @Test func `check says what it lacks and what grants it, as doctor does`() throws {
    let finished = try Self.deny("seccomp", "check", "--", "true")
    #expect(finished.status == 69, "\(finished)")
    #expect(
      finished.errorOutput.contains("seccomp user notification")
        && finished.errorOutput.contains("--security-opt seccomp=unconfined"), "\(finished)")
  }

  @Test func `memory is read through its file where the call is refused`() throws {
    let doctor = try Self.deny("process_vm_readv", "doctor", "check")
    #expect(doctor.status == 0, "\(doctor)")
    let memory = try Self.ability(
      "memory of other processes", in: try Self.part("bindstorm check", doctor))
    #expect(memory[0].contains("weaker"), "\(memory)")
  }

  @Test func `without namespaces run works, and what grants them is said`() throws {
    let doctor = try Self.deny("unshare", "doctor", "run")
    let part = try Self.part("bindstorm run", doctor)
    #expect(part.last == "  -> works in a weaker way: among this host's own ports")
    for name in ["network namespace", "several nodes"] {
      let lines = try Self.ability(name, in: part)
      #expect(lines[0].contains("missing  unshare(CLONE_NEWNET): Operation not permitted (EPERM)"))
      #expect(lines.contains { $0.contains("means  ") })
      let grant = name == "network namespace" ? "seccomp" : "what grants the network namespace"
      #expect(lines.contains { $0.contains("grant  ") && $0.contains(grant) }, "\(lines)")
    }
    #expect(doctor.status == 0)
  }

  @Test func `without its workers run does not work`() throws {
    let doctor = try run(
      [Built.bindstorm, "doctor", "run"], environment: ["BINDSTORM_WORKER": "/no/such/worker"])
    let part = try Self.part("bindstorm run", doctor)
    #expect(part.last == "  -> does not work here")
    #expect(try Self.ability("workers", in: part)[0].contains("missing  needed: "))
    #expect(doctor.status == 69)
  }

  @Test func `JSON says the same`() throws {
    let doctor = try Self.deny("unshare", "doctor", "--json")
    let report = try JSONDecoder().decode(DoctorJSON.self, from: Data(doctor.output.utf8))
    #expect(report.format == "bindstorm-doctor/1")
    #expect(report.parts.map(\.name) == ["run", "check", "clusters"])
    #expect(report.parts.map(\.decides) == [true, true, false])
    #expect(report.parts[0].state == "weaker")
    #expect(report.exitCode == Int(doctor.status))
    let namespace = try #require(
      report.parts[0].abilities.first { $0.name == "network namespace" })
    #expect(namespace.state == "missing" && !namespace.grants.isEmpty && !namespace.isNeeded)
    for ability in report.parts.flatMap(\.abilities) {
      let isFine = ability.state == "works"
      #expect(ability.meaning.isEmpty == isFine && ability.grants.isEmpty == isFine, "\(ability)")
    }
  }

  /// Programs with the names of a cluster's, which print what Slurm 22.05, Open MPI 4.1 and MPICH 4.0 print.
  @Test func `clusters are what the host has`() throws {
    let scratch = try ScratchFolder()
    func program(_ name: String, _ body: String) throws {
      let path = try scratch.write("#!/bin/sh\n\(body)\n", to: name)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    let environment = ["PATH": "\(scratch.path):/usr/bin:/bin", "SLURM_JOB_ID": "4711"]
    let doctor = [Built.bindstorm, "doctor", "clusters"]
    try program("srun", "echo slurm-wlm 22.05.8")
    try program("scontrol", "echo 'Slurmctld(primary) at head is DOWN'")
    try program("mpirun", "echo 'HYDRA build details:'; echo '    Version:                 4.0.2'")
    let first = try Self.part("clusters", try run(doctor, environment: environment))
    #expect(try Self.ability("srun", in: first)[0].hasSuffix("works    slurm-wlm 22.05.8"))
    #expect(try Self.ability("slurmctld", in: first)[0].contains("missing  Slurmctld(primary)"))
    #expect(try Self.ability("mpirun", in: first)[0].contains("works    Version:"))
    #expect(try Self.ability("allocation", in: first)[0].contains("Slurm job 4711"))
    try program("scontrol", "echo 'Slurmctld(primary) at head is UP'")
    try program("mpirun", "echo 'mpirun (Open MPI) 4.1.4'")
    let second = try Self.part("clusters", try run(doctor, environment: environment))
    #expect(try Self.ability("slurmctld", in: second)[0].contains("works"))
    let state = Kernel.isRoot ? "weaker" : "works"
    #expect(try Self.ability("mpirun", in: second)[0].contains("\(state)"), "\(second)")
    let allowed = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
    let third = try Self.part(
      "clusters", try run(doctor, environment: environment.merging(allowed) { $1 }))
    #expect(try Self.ability("mpirun", in: third)[0].contains("works"), "\(third)")
  }

  /// It is ended after two seconds.
  @Test func `a launcher that hangs does not keep doctor`() throws {
    let scratch = try ScratchFolder()
    let path = try scratch.write("#!/bin/sh\nexec sleep 1000\n", to: "srun")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    let doctor = try run(
      [Built.bindstorm, "doctor", "clusters"], environment: ["PATH": "\(scratch.path):/usr/bin"])
    #expect(doctor.status == 0, "\(doctor)")
    #expect(
      try Self.ability("srun", in: try Self.part("clusters", doctor))[0].contains("no version"))
  }
}

/// What `bindstorm doctor --json` says.
struct DoctorJSON: Decodable {
  struct Part: Decodable {
    struct Ability: Decodable {
      var name: String
      var state: String
      var detail: String
      var meaning: String
      var grants: [String]
      var isNeeded: Bool
    }
    var name: String
    var state: String
    var summary: String
    var decides: Bool
    var abilities: [Ability]

    func ability(_ name: String) -> Ability? { abilities.first { $0.name == name } }
  }
  var format: String
  var parts: [Part]
  var exitCode: Int
}
