import Foundation
import Testing

/// Where things are.
enum Place {
  static let tests = URL(filePath: #filePath).deletingLastPathComponent()
  static let root = tests.deletingLastPathComponent().deletingLastPathComponent()
  static let victims = tests.appending(path: "Victims")
  /// The private environment that `make test-check-runtimes` makes.
  static let environment = root.appending(path: ".venv/check/bin")

  /// The command under test, beside the tests that were built with it.
  static let bindstorm: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    for folder in [own, CommandLine.arguments[0]].map({
      URL(filePath: $0).deletingLastPathComponent()
    }) {
      let path = folder.appending(path: "bindstorm").path
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    return root.appending(path: ".build/debug/bindstorm").path
  }()

  /// The first executable of that name, nil if there is none.
  static func executable(_ name: String) -> String? {
    let more = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/swift/usr/bin"]
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return (path.map(String.init) + more).map { "\($0)/\(name)" }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }
}

/// What a program did.
struct Ended {
  /// Exit code; 128 and the signal if a signal ended it.
  var status: Int32
  /// Whether a signal ended it; a shell's exit code for such an end is the same number.
  var isSignalled: Bool
  var output: String
  var error: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// A program that cannot be tested here.
struct Missing: Error, CustomStringConvertible {
  let description: String
}

/// Runs a program to its end.
func run(
  _ words: [String], input: String = "", environment: [String: String] = [:]
) throws -> Ended {
  let folder = FileManager.default.temporaryDirectory.appending(path: "check-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let files = try ["in", "out", "err"].map { name in
    let file = folder.appending(path: name)
    try Data(name == "in" ? Array(input.utf8) : []).write(to: file)
    return file
  }
  let status = try spawn(
    [Place.executable("timeout")!, "--foreground", "-k", "1", "180"] + words, files.map(\.path),
    environment)
  let signal = status & 0x7f
  return Ended(
    status: signal == 0 ? status >> 8 & 0xff : 128 + signal, isSignalled: signal != 0,
    output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
    error: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
}

/// Starts with a clean signal mask and default dispositions, which the threads that tests run on do not have,
/// and waits. The wait status (`waitpid(2)`).
private func spawn(
  _ words: [String], _ files: [String], _ environment: [String: String]
) throws -> Int32 {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for (number, path) in files.enumerated() {
    posix_spawn_file_actions_addopen(
      &actions, Int32(number), path, number == 0 ? O_RDONLY : O_WRONLY, 0)
  }
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var set = sigset_t()
  sigemptyset(&set)
  posix_spawnattr_setsigmask(&attributes, &set)
  sigfillset(&set)
  posix_spawnattr_setsigdefault(&attributes, &set)
  posix_spawnattr_setflags(
    &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
  let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
  var variables: [UnsafeMutablePointer<CChar>?] =
    merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
  defer { for word in arguments + variables { free(word) } }
  var pid: pid_t = 0
  let error = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, &variables)
  guard error == 0 else { throw Missing(description: "cannot start \(words): \(error)") }
  var status: Int32 = 0
  while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  return status
}

/// What `bindstorm check --json` says.
struct Report: Decodable {
  struct Place: Decodable {
    struct Frame: Decodable { var function: String }
    struct Endpoint: Decodable {
      var pid: Int32
      var command: [String]
      var nativeStack: [Frame]
      var sourceStack: [Frame]
    }
    struct Owner: Decodable {
      var isInTree: Bool
      var isThief: Bool
    }
    var place: String
    var verdict: String
    var isRace: Bool
    var summary: String
    var count: Int
    var stolen: Int
    var transport: String
    var rebind: Int
    var probe: Endpoint
    var rebinder: Endpoint
    var released: String?
    var windowNanoseconds: UInt64?
    var result: Int32?
    var proof: String
    var owner: Owner?
    var force: String?
  }
  var places: [Place]
  var races: Int
  var mode: String
  var stolen: Int
  var unobservedCalls: Int
  var portsChosenByKernel: Int
  var duplicatesForced: Int
  var injections: [String]
  var isTreeRunning: Bool

  var verdicts: [String] { places.filter(\.isRace).map(\.verdict) }
}

/// A supervised command that came to its end.
struct Checked {
  var ended: Ended
  var report: Report
}

/// Runs `bindstorm check` in a network namespace of its own and reads its report.
func check(
  _ options: [String], _ command: [String], input: String = "",
  environment: [String: String] = [:], prefix: [String] = [], stacks: Int = 0
) throws -> Checked {
  let file = FileManager.default.temporaryDirectory.appending(
    path: "check-\(UUID().uuidString).json")
  defer { try? FileManager.default.removeItem(at: file) }
  // Anybody may write it: some tests give up their rights first.
  _ = FileManager.default.createFile(atPath: file.path, contents: nil)
  try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file.path)
  let ended = try run(
    [try Victim.c("isolate")] + prefix + [Place.bindstorm, "check", "--json", file.path]
      + ["--stacks", "\(stacks)"] + (stacks == 0 ? ["--no-py-spy"] : []) + options + ["--"]
      + command, input: input, environment: environment)
  let data = try Data(contentsOf: file)
  guard !data.isEmpty else { throw Missing(description: "no report: \(ended)") }
  return Checked(ended: ended, report: try JSONDecoder().decode(Report.self, from: data))
}

/// Programs that are checked, built once into the build folder.
enum Victim {
  private static let lock = NSLock()
  nonisolated(unsafe) private static var built: [String: Result<String, Missing>] = [:]

  /// A C program, linked statically.
  static func c(_ name: String) throws -> String {
    guard let compiler = Place.executable("gcc") ?? Place.executable("clang") else {
      throw Missing(description: "no C compiler")
    }
    return try build(name, from: "\(name).c") { source, target in
      [compiler, "-O1", "-static", "-pthread", "-Wno-clobbered", "-o", target, source]
    }
  }

  static func rust(isStatic: Bool) throws -> String {
    guard let compiler = Place.executable("rustc") ?? Place.executable("../.cargo/bin/rustc") else {
      throw Missing(description: "no rustc")
    }
    return try build(isStatic ? "rust-static" : "rust", from: "probe.rs") { source, target in
      [compiler, "-O", "-o", target, source]
        + (isStatic ? ["-C", "target-feature=+crt-static"] : [])
    }
  }

  static func go() throws -> String {
    guard let compiler = Place.executable("go") else {
      throw Missing(description: "no go; make test-check-runtimes installs it")
    }
    return try build("go", from: "probe.go") { source, target in
      [compiler, "build", "-o", target, source]
    }
  }

  static func swift() throws -> String {
    guard let compiler = Place.executable("swiftc") else { throw Missing(description: "no swiftc") }
    return try build("swift", from: "probe.swift") { source, target in
      [compiler, "-o", target, source]
    }
  }

  /// The folder with the class `Probe`.
  static func java() throws -> String {
    guard let compiler = Place.executable("javac"), Place.executable("java") != nil else {
      throw Missing(description: "no JDK")
    }
    return try build("java", from: "Probe.java") { source, target in
      [compiler, "-d", target, source]
    }
  }

  /// A Python with the packages of `make test-check-runtimes`.
  static func pythonWithPackages() throws -> String {
    let path = Place.environment.appending(path: "python").path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Missing(description: "no pyzmq and portpicker; make test-check-runtimes installs them")
    }
    return path
  }

  static func python() throws -> String {
    guard let path = Place.executable("python3") else { throw Missing(description: "no python3") }
    return path
  }

  static func script(_ name: String) -> String { Place.victims.appending(path: name).path }

  private static func build(
    _ name: String, from source: String, _ command: (String, String) -> [String]
  ) throws -> String {
    lock.lock()
    defer { lock.unlock() }
    if let known = built[name] { return try known.get() }
    let folder = Place.root.appending(path: ".build/check-victims")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let target = folder.appending(path: name)
    let path = Place.victims.appending(path: source)
    let result: Result<String, Missing>
    if let made = try? date(target), try date(path) < made {
      result = .success(target.path)
    } else {
      let ended = try run(command(path.path, target.path))
      result =
        ended.status == 0
        ? .success(target.path) : .failure(Missing(description: "cannot build: \(ended.error)"))
    }
    built[name] = result
    return try result.get()
  }

  private static func date(_ file: URL) throws -> Date {
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
    return attributes[.modificationDate] as? Date ?? .distantPast
  }
}

/// Ends the test as skipped, with the reason, when a program is not there.
func skipIfMissing<R>(_ body: () throws -> R) throws -> R {
  do {
    return try body()
  } catch let missing as Missing where missing.description.hasPrefix("no ") {
    try skip(missing.description)
  }
}

/// Ends the test as skipped. Swift 6.2 has no such thing; there it fails with the reason.
func skip(_ reason: String) throws -> Never {
  #if compiler(>=6.3)
    try Test.cancel(Comment(rawValue: reason))
  #else
    throw Missing(description: "skipped: \(reason)")
  #endif
}
