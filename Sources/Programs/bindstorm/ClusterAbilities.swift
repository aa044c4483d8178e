internal import Glibc
internal import Syscalls

/// What this host has of the programs and libraries that start processes on several hosts. Nothing of bindstorm uses them
/// yet, so it is a report without a promise.
struct ClusterAbilities {
  private let environment: (String) -> String?

  init() {
    environment = { name in
      getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  var part: DoctorReport.Part {
    let rows = [srun, controller, node, mpirun, pmix, allocation]
    let there = rows.filter { $0.state != .missing }.map(\.name)
    return DoctorReport.Part(
      name: "clusters", title: "clusters (reported only: no command uses them yet)",
      state: there.isEmpty ? .missing : there.count == rows.count ? .works : .weaker,
      summary: there.isEmpty
        ? "this host has none of these" : "this host has: \(there.joined(separator: ", "))",
      abilities: rows, decides: false)
  }

  /// The first line that a program prints for its version; nil if the program is not in PATH or prints nothing.
  private func version(_ name: String) -> (path: String, line: String)? {
    guard let path = HostProgram.find(name) else { return nil }
    let lines = HostProgram.output(of: [path, "--version"]).split(separator: "\n")
    // Hydra of MPICH has the version in the second line.
    let line =
      lines.first { $0.contains("Version:") }?.drop { $0 == " " } ?? lines.first ?? "no version"
    return (path, String(line))
  }

  private var srun: HostAbility {
    let found = version("srun")
    return HostAbility(
      "srun", found == nil ? .missing : .works, found?.line ?? "not in PATH",
      means: "nothing can be started through Slurm",
      grants: ["apt-get install slurm-client, with the cluster's slurm.conf"])
  }

  /// Whether the cluster's controller answers `scontrol ping`.
  private var controller: HostAbility {
    guard let path = HostProgram.find("scontrol") else {
      return HostAbility(
        "slurmctld", .missing, "scontrol is not in PATH", means: "the cluster's state is unknown",
        grants: ["apt-get install slurm-client, with the cluster's slurm.conf"])
    }
    let lines = HostProgram.output(of: [path, "ping"]).split(separator: "\n")
    let up = lines.first { $0.hasSuffix("is UP") }
    return HostAbility(
      "slurmctld", up == nil ? .missing : .works,
      String(up ?? lines.first ?? "scontrol ping does not answer"),
      means: "jobs cannot be started", grants: ["start slurmctld, or see slurm.conf for its host"])
  }

  /// Whether this host can be a node of a Slurm cluster.
  private var node: HostAbility {
    let path = HostProgram.find("slurmd") ?? ["/usr/sbin/slurmd"].first { access($0, X_OK) == 0 }
    return HostAbility(
      "slurmd", path == nil ? .missing : .works, path ?? "neither in PATH nor in /usr/sbin",
      means: "this host is no node of a Slurm cluster", grants: ["apt-get install slurmd"])
  }

  private var mpirun: HostAbility {
    guard let found = version("mpirun") else {
      return HostAbility(
        "mpirun", .missing, "not in PATH", means: "nothing can be started through MPI",
        grants: ["apt-get install openmpi-bin"])
    }
    let consents = ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"]
    let isRefused =
      found.line.contains("Open MPI") && geteuid() == 0
      && consents.contains { environment($0) != "1" }
    return HostAbility(
      "mpirun", isRefused ? .weaker : .works, found.line, means: "Open MPI starts nothing as root",
      grants: ["run as another user", consents.map { "\($0)=1" }.joined(separator: " ")])
  }

  private var pmix: HostAbility {
    let version = HostProgram.text(of: "PMIx_Get_version", in: "libpmix.so.2")
    return HostAbility(
      "PMIx library", version == nil ? .missing : .works, version ?? "no libpmix.so.2",
      means: "processes cannot exchange addresses through PMIx",
      grants: ["apt-get install libpmix2"])
  }

  /// Whether this process was started in an allocation or by a launcher, by the variables that these set.
  private var allocation: HostAbility {
    func named(_ pairs: [(variable: String, words: String)]) -> String? {
      guard let first = environment(pairs[0].variable) else { return nil }
      return
        (["\(pairs[0].words) \(first)"]
        + pairs.dropFirst().compactMap { pair in
          environment(pair.variable).map { "\(pair.words) \($0)" }
        }).joined(separator: ", ")
    }
    let found = [
      named([
        ("SLURM_JOB_ID", "Slurm job"), ("SLURM_JOB_NUM_NODES", "nodes"),
        ("SLURM_JOB_NODELIST", "which are"), ("SLURM_PROCID", "task"),
      ]),
      named([("PMIX_NAMESPACE", "PMIx namespace"), ("PMIX_RANK", "rank")]),
      named([
        ("OMPI_COMM_WORLD_SIZE", "Open MPI job of size"), ("OMPI_COMM_WORLD_RANK", "rank"),
      ]),
      named([("PMI_SIZE", "PMI job of size"), ("PMI_RANK", "rank")]),
    ].compactMap(\.self)
    return HostAbility(
      "allocation", found.isEmpty ? .missing : .works,
      found.isEmpty
        ? "none of SLURM_JOB_ID, PMIX_NAMESPACE, OMPI_COMM_WORLD_SIZE, PMI_SIZE is set"
        : found.joined(separator: "; "),
      means: "this process is in no allocation", grants: ["salloc, srun or mpirun start it in one"])
  }
}
