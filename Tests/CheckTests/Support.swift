import Foundation
import TestSupport

/// Where things are.
enum Place {
  static let tests = URL(filePath: #filePath).deletingLastPathComponent()
  static let root = tests.deletingLastPathComponent().deletingLastPathComponent()
  static let victims = tests.appending(path: "Victims")
  /// The private environment that `make test-check-runtimes` makes.
  static let environment = root.appending(path: ".venv/check/bin")

  /// The first executable of that name, nil if there is none.
  static func executable(_ name: String) -> String? {
    let more = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/swift/usr/bin"]
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return (path.map(String.init) + more).map { "\($0)/\(name)" }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }
}

/// A program that cannot be tested here.
struct Missing: Error, CustomStringConvertible {
  let description: String
}

/// Runs a program to its end, in this process's folder.
func run(
  _ words: [String], input: String = "", environment: [String: String?] = [:]
) throws -> Finished {
  try Program.run(
    words, environment: environment, folder: FileManager.default.currentDirectoryPath,
    input: input)
}

/// A client that reached the thief.
struct Encounter: Decodable {
  var pid: Int32
  var command: String
  var address: String
  var connectedFrom: String
  var connections: Int
  var answers: Int
}

/// What `bindstorm check --json` says.
struct Report: Decodable {
  struct Place: Decodable {
    struct Frame: Decodable {
      var function: String
      var line: Int
    }
    struct Endpoint: Decodable {
      var call: String
      var pid: Int32
      var test: String
      var address: String
      var group: String
      var command: [String]
      var nativeStack: [Frame]
      var sourceStack: [Frame]
    }
    struct Owner: Decodable {
      var pid: Int32
      var isInTree: Bool
      var isThief: Bool
      var peer: String?
      var ephemeralRange: String?
    }
    var place: String
    var coarsePlace: String
    var callSiteGap: String?
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
    var thiefAddresses: [String]?
    var tests: [String]
    var connectedFrom: String?
  }
  var places: [Place]
  var races: Int
  var mode: String
  var stolen: Int
  var unobservedCalls: Int
  var portsChosenByKernel: Int
  var portsBoundByNumber: Int
  var duplicatesForced: Int
  var connectionsAnswered: Int
  var reachedThief: [Encounter]
  var stolenWithoutListener: [String]
  var injections: [String]
  var isTreeRunning: Bool
  var verdict: String?

  var verdicts: [String] { places.filter(\.isRace).map(\.verdict) }
}

/// A supervised command that came to its end.
struct Checked {
  var ended: Finished
  var report: Report
}

/// Runs `bindstorm check` in a network namespace of its own and reads its report.
func check(
  _ options: [String], _ command: [String], input: String = "",
  environment: [String: String?] = [:], prefix: [String] = [], stacks: Int = 0
) throws -> Checked {
  let scratch = try ScratchFolder()
  // Anybody may write it: some tests give up their rights first.
  let file = try scratch.write("", to: "report.json")
  let ended = try run(
    [try Victim.c("isolate")] + prefix + [Built.bindstorm, "check", "--json", file]
      + ["--stacks", "\(stacks)"] + (stacks == 0 ? ["--no-py-spy"] : []) + options + ["--"]
      + command, input: input, environment: environment)
  let data = try Data(contentsOf: URL(filePath: file))
  guard !data.isEmpty else { throw Missing(description: "no report: \(ended)") }
  return Checked(ended: ended, report: try JSONDecoder().decode(Report.self, from: data))
}

/// Gives a line to a shell that finds `bindstorm` in its path, in a network namespace of its own.
func paste(_ line: String, environment: [String: String?] = [:]) throws -> Finished {
  let folder = URL(filePath: Built.bindstorm).deletingLastPathComponent().path
  let path = environment["PATH"] ?? ProcessInfo.processInfo.environment["PATH"] ?? ""
  return try run(
    [try Victim.c("isolate"), "sh", "-c", line],
    environment: environment.merging(["PATH": "\(folder):\(path ?? "")"]) { $1 })
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

  /// Builds a victim once, again if its source is newer.
  static func build(
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
        ? .success(target.path)
        : .failure(Missing(description: "cannot build: \(ended.errorOutput)"))
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
