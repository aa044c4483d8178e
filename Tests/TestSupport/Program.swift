import CLinuxShims
import Foundation
import Glibc
import Testing

/// Ends the test as skipped. Swift 6.2 has no such thing; there it fails with the reason.
public func skip(_ reason: String) throws -> Never {
  #if compiler(>=6.3)
    try Test.cancel(Comment(rawValue: reason))
  #else
    throw TestFailure("skipped: \(reason)")
  #endif
}

/// What a test cannot go on without.
public struct TestFailure: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// The executables that were built beside the tests.
public enum Built {
  /// Folder of the test binary, where the executables are, too.
  public static let folder: String = {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: own ?? "/").deletingLastPathComponent().path
  }()
  /// `bindstorm`.
  public static var bindstorm: String { folder + "/bindstorm" }
  /// `bindstorm-worker`.
  public static var worker: String { folder + "/bindstorm-worker" }
  /// `bindstorm-frontend`.
  public static var frontEnd: String { folder + "/bindstorm-frontend" }
  /// The repository, by this file's place in it.
  public static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
}

/// A folder of its own, readable by everybody, removed with its content.
public final class ScratchFolder {
  public let path: String

  public init() throws {
    var template = Array("/tmp/bindstorm-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw TestFailure("mkdtemp failed") }
    path = String(cString: made)
    chmod(path, 0o777)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Copies a program into the folder; returns where it is. In a process of its own: a descriptor of ours that is open
  /// for writing may be copied by another test's fork, and until its exec nobody can run the program (ETXTBSY).
  public func copyExecutable(_ program: String, named name: String? = nil) throws -> String {
    let copy = path + "/" + (name ?? URL(filePath: program).lastPathComponent)
    let finished = try Program.run(["/bin/cp", program, copy])
    guard finished.ending == .exit(0) else { throw TestFailure("cp: \(finished.errorOutput)") }
    return copy
  }

  /// Writes a file and returns its path.
  public func write(_ text: String, to name: String) throws -> String {
    let file = path + "/" + name
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    chmod(file, 0o666)
    return file
  }

  /// Names below the folder, sorted, `.` and `..` left out.
  public func names(in folder: String = "") -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []).sorted()
  }
}

/// How a program ended.
public enum Ending: Equatable, Sendable {
  case exit(Int32)
  case signal(Int32)
}

/// A program that ended.
public struct Finished: Sendable {
  public let ending: Ending
  public let output: String
  public let errorOutput: String

  /// The exit code as a shell has it: 128 and the signal if a signal ended it.
  public var status: Int32 {
    switch ending {
    case .exit(let code): code
    case .signal(let number): 128 + number
    }
  }

  /// Whether a signal ended it; a shell's exit code for such an end is the same number.
  public var isSignalled: Bool {
    if case .signal = ending { return true }
    return false
  }

  /// Lines of standard output, empty ones left out.
  public var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// A program under test with its output in files, so that it never waits for the test. It is killed with its
/// value.
public final class Program {
  public let pid: Int32
  private let scratch: ScratchFolder
  private var ending: Ending?

  /// Starts a program.
  /// - Parameters:
  ///   - arguments: the executable's path, then its arguments.
  ///   - environment: changes to this process's environment; nil removes.
  ///   - folder: its working folder; a scratch folder if nil.
  ///   - input: what it reads from standard input.
  ///   - outputTo: where standard output goes instead of a file that `output` reads.
  ///   - terminal: a terminal's descriptor for all three streams.
  public init(
    _ arguments: [String], environment changes: [String: String?] = [:], folder: String? = nil,
    input: String = "", outputTo: String? = nil, closing: [Int32] = [], terminal: Int32? = nil
  ) throws {
    scratch = try ScratchFolder()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let terminal {
      for stream: Int32 in 0...2 { posix_spawn_file_actions_adddup2(&actions, terminal, stream) }
    } else {
      let input = input.isEmpty ? "/dev/null" : try scratch.write(input, to: "input")
      posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
      let flags = O_WRONLY | O_CREAT | O_TRUNC
      posix_spawn_file_actions_addopen(
        &actions, 1, outputTo ?? scratch.path + "/output", flags, 0o666)
      posix_spawn_file_actions_addopen(&actions, 2, scratch.path + "/errors", flags, 0o666)
    }
    for stream in closing { posix_spawn_file_actions_addclose(&actions, stream) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    // Threads of the test runner block signals, and a program would inherit that.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var environment = ProcessInfo.processInfo.environment
    for name in [
      "BINDSTORM_SEED", "BINDSTORM_RESULTS", "BINDSTORM_WORKER", "NO_COLOR", "GITHUB_STEP_SUMMARY",
    ] {
      environment[name] = nil
    }
    for (name, value) in changes { environment[name] = value }
    // env(1) changes the folder and becomes the program: it keeps the pid.
    let command = ["env", "-C", folder ?? scratch.path] + arguments
    var vector: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (vector + variables).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, "env", &actions, &attributes, &vector, &variables)
    guard code == 0 else {
      throw TestFailure("cannot start \(arguments[0]): \(String(cString: strerror(code)))")
    }
    self.pid = pid
  }

  deinit {
    guard ending == nil else { return }
    var status: Int32 = 0
    kill(pid, SIGKILL)
    waitpid(pid, &status, 0)
  }

  /// What it wrote to standard output so far.
  public var output: String { read("output") }
  /// What it wrote to standard error so far.
  public var errorOutput: String { read("errors") }

  private func read(_ name: String) -> String {
    String(
      decoding: FileManager.default.contents(atPath: scratch.path + "/" + name) ?? Data(),
      as: UTF8.self)
  }

  public func signal(_ number: Int32) { kill(pid, number) }

  /// Takes its end if it has ended.
  public func hasEnded() -> Bool {
    if ending != nil { return true }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return false }
    let signal = status & 0x7f
    ending = signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
    return true
  }

  /// Waits for its end; past the limit it is killed and the test fails.
  @discardableResult
  public func wait(atMost seconds: Double = 180) throws -> Finished {
    let descriptor = bs_open_process(pid)
    defer { if descriptor >= 0 { close(descriptor) } }
    let limit = ContinuousClock.now + .seconds(seconds)
    while !hasEnded() {
      let left = limit - .now
      guard left > .zero, descriptor >= 0 else {
        throw TestFailure(
          """
          no end of the program within \(seconds) s, pidfd \(descriptor)
          its output: \(output)
          its errors: \(errorOutput)
          """)
      }
      // Readable once the process has ended.
      var ended = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      poll(&ended, 1, Int32(min(left / .milliseconds(1), 1_000_000).rounded(.up)))
    }
    return Finished(ending: ending!, output: output, errorOutput: errorOutput)
  }

  /// Starts a program and waits for its end.
  public static func run(
    _ arguments: [String], environment: [String: String?] = [:], folder: String? = nil,
    input: String = "", outputTo: String? = nil, closing: [Int32] = [], atMost seconds: Double = 180
  ) throws -> Finished {
    try Program(
      arguments, environment: environment, folder: folder, input: input, outputTo: outputTo,
      closing: closing
    ).wait(atMost: seconds)
  }
}

/// Looks again and again until the condition holds. The limit is for what never comes: a loaded machine takes long
/// for everything.
/// - Throws: when it does not hold within the time.
public func waitUntil(
  _ what: String, atMost seconds: Double = 60, _ condition: () throws -> Bool
) throws {
  let limit = ContinuousClock.now + .seconds(seconds)
  while try !condition() {
    if ContinuousClock.now > limit { throw TestFailure("no \(what) within \(seconds) s") }
    usleep(2_000)
  }
}
