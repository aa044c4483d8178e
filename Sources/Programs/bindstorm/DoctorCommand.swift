internal import ArgumentParser
internal import Interception
internal import PlanModel
internal import ReportKit
internal import Syscalls

/// `bindstorm doctor`
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Report what this host can do for run, check and clusters, what is missing, and how to grant it.",
    usage: "bindstorm doctor [run | check | clusters | PLAN] [--json]",
    discussion: """
      Each ability works, is weaker (replaced by something that does less) or is missing. With a plan, compares what it \
      needs with the host's limits: processes, open files, memory and ports.

      EXIT CODES: 0 if what the first argument names works, if need be in a weaker way; without an argument, if run and \
      check both do. 69 if it does not, or if the limits are too low for every arm of the plan. Clusters are only \
      reported, as no command uses them yet: they do not change the exit code.

      EXAMPLES:
        bindstorm doctor
        bindstorm doctor check --json
        bindstorm doctor Scenarios/strategies.json
      """)

  @Argument(
    help: "run, check, clusters, or a plan (a JSON file). Default: everything but a plan.",
    completion: .custom(Completions.plans))
  var subject: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let report = try DoctorReport(subject: subject)
    try StandardStreams.printResult(
      json ? String(decoding: IndentedJSON.bytes(report), as: UTF8.self) : report.text)
    if report.exitCode != 0 { throw ExitStatus.unavailable }
  }
}

extension DoctorReport {
  /// The parts by name.
  enum Subject: String, CaseIterable {
    case run, check, clusters
  }

  /// Examines the host for what is named: a part, a plan, or everything.
  /// - Throws: exit code 64 for a plan that cannot be read, after saying why.
  init(subject: String?) throws {
    let named = subject.flatMap(Subject.init)
    let plan = named == nil ? try subject.map { try PlanFile(path: $0).plan } : nil
    let run = RunAbilities()
    var parts: [Part] = []
    switch named {
    case .run: parts = [run.part]
    case .check: parts = [Self.check(run)]
    case .clusters: parts = [ClusterAbilities().part]
    case nil: parts = [run.part, Self.check(run), ClusterAbilities().part]
    }
    if let plan {
      let needs = Self.needs(of: plan, run)
      // A plan is run: what check lacks is reported and decides nothing.
      for index in parts.indices {
        parts[index].decides = parts[index].name == Subject.run.rawValue
      }
      parts.append(needs)
    }
    self.init(host: Host(), parts: parts)
  }

  private static func check(_ run: RunAbilities) -> Part {
    let host = HostAbilities()
    let namespace = HostAbility(
      "network namespace", run.namespaceProblem == nil ? .works : .missing,
      run.namespaceProblem ?? "", means: "--shrink and --ports are refused",
      grants: run.namespaceGrants)
    let summary: String
    switch host.mode {
    case .full?: summary = "works, full mode"
    case .fallback?: summary = "works in a weaker way: fallback mode"
    case nil: summary = "does not work here"
    }
    return Part(
      name: Subject.check.rawValue, title: "bindstorm check",
      state: host.mode == .full ? .works : host.mode == .fallback ? .weaker : .missing,
      summary: summary, abilities: host.rows + [namespace])
  }

  /// What a plan needs, compared with what is available.
  private static func needs(of plan: ResolvedPlan, _ run: RunAbilities) -> Part {
    let budget = HostBudget(plan)
    var rows = budget.rows.map { row in
      HostAbility(
        row.name, row.isShort ? .missing : row.isClose ? .weaker : .works, row.sentence,
        means: row.isShort ? "no trial can run" : "trials may end as harness-error",
        grants: HostBudget.grants(for: row), isNeeded: true)
    }
    let pools = PoolBudget(plan)
    func arms(_ numbers: [Int]) -> String { numbers.map { "\($0)" }.joined(separator: ", ") }
    rows.append(
      HostAbility(
        "ports in the pool", pools.crowded.isEmpty ? .works : .weaker,
        pools.crowded.isEmpty
          ? ""
          : "fewer than launches and thieves hold at once in arms \(arms(pools.crowded))",
        means: "launches fail for want of ports", grants: ["a larger pool in the plan"]))
    if run.namespaceProblem != nil && !pools.outside.isEmpty {
      let range = pools.hostRange.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "unknown"
      rows.append(
        HostAbility(
          "pool and this host's ports", .missing,
          "no network namespace, and the pools of arms \(arms(pools.outside)) are not within ip_local_port_range (\(range))",
          means: "the kernel chooses from the part that the host has too",
          grants: run.namespaceGrants))
    }
    let short = budget.short.map(\.name).joined(separator: ", ")
    return Part(
      name: "plan", title: "plan \(plan.name)", state: short.isEmpty ? .works : .missing,
      summary: short.isEmpty ? "the limits allow it" : "cannot run here; too little: \(short)",
      abilities: rows)
  }
}
