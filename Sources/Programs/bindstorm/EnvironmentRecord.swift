internal import FoundationEssentials
@preconcurrency internal import Glibc
internal import Judging
internal import Reports
internal import Syscalls

/// Where, when and with what a run took place.
struct EnvironmentRecord: Codable {
  var bindstormVersion = BindstormCommand.version
  /// UTC, as `2026-11-28T02:00:00Z`; nil in the records of older versions.
  var startedAt: String?
  /// What the user says of the code under test; nil in the records of older versions.
  var tags: [String: String]?
  /// The host's name; nil in the records of older versions.
  var host: String?
  var kernel: String
  var machine: String
  var processors: Int
  var libzmq: String
  var isolation: String
  var isolationProblem: String
  var hostPortRange: String
  /// How many cells ran side by side; nil in records of older versions.
  var jobs: Int?
  /// The command line, to run it again.
  var arguments = CommandLine.arguments

  init(
    isolation: String, problem: String, libzmq: String, jobs: Int = 1, startedAt: String,
    tags: [String: String] = [:]
  ) {
    self.jobs = jobs
    self.startedAt = startedAt
    self.tags = tags
    var names = utsname()
    uname(&names)
    func text<T>(_ field: T) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    host = text(names.nodename)
    kernel = "\(text(names.sysname)) \(text(names.release))"
    machine = text(names.machine)
    processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    self.libzmq = libzmq
    self.isolation = isolation
    isolationProblem = problem
    hostPortRange = (try? Namespace.portRange()).map { "\($0.low) \($0.high)" } ?? ""
  }

  /// The host by names and values, for reports.
  var hostFacts: [(name: String, value: String)] {
    [
      ("kernel", kernel), ("machine", machine), ("processors", "\(processors)"),
      ("libzmq", libzmq),
    ]
  }

  /// What a run wrote of its host; nil if that is missing or damaged: reports are made without it.
  static func stored(in folder: String) -> EnvironmentRecord? {
    guard let bytes = try? readFile("\(folder)/environment.json", .storedPlan) else { return nil }
    return try? JSONDecoder().decode(EnvironmentRecord.self, from: Data(bytes))
  }
}

extension RunDocument {
  /// With where the run was made, by its folder and what it wrote of its host.
  init(_ matrix: Matrix, _ seconds: [Double], of folder: String, _ environment: EnvironmentRecord?)
  {
    let facts = environment.map { environment in
      let tags = (environment.tags ?? [:]).sorted { $0.key < $1.key }
      return environment.hostFacts + [("bindstorm", environment.bindstormVersion)]
        + tags.map { ("tag.\($0.key)", $0.value) }
    }
    self.init(
      matrix: matrix, seconds: seconds,
      origin: RunOrigin(
        folder: folder, startedAt: environment?.startedAt, host: environment?.host,
        facts: facts ?? []))
  }
}
