import Foundation
import Glibc
import TestSupport

/// A plan for a second or less: 4 API servers, ports enough.
func plan(
  _ strategies: [String] = ["wildcard-report-back", "inherited-listener"], trials: Int = 10,
  settings: String = "", scenario: String = "", name: String = "small"
) -> String {
  """
  {
    "version": 1,
    "name": "\(name)",
    "strategies": [\(strategies.map { "\"\($0)\"" }.joined(separator: ", "))],
    "defaults": {
      "topology": { "api_servers": 4 }, "pool": { "range": [42000, 42999] }, "sockets": "tcp",
      "trials": \(trials)\(settings.isEmpty ? "" : ", " + settings)
    },
    "scenarios": [{ "name": "a"\(scenario.isEmpty ? "" : ", " + scenario) }]
  }

  """
}

/// A plan that would go on for hours.
func endlessPlan(settings: String = "") -> String {
  plan(["inherited-listener"], trials: 1_000_000, settings: settings, name: "endless")
}

/// A scratch folder with a plan in it, and `bindstorm` run there. Lines are not broken unless a test sets COLUMNS.
final class Workplace {
  let scratch: ScratchFolder
  var results: String { scratch.path + "/results" }

  init(_ text: String = plan()) throws {
    scratch = try ScratchFolder()
    _ = try scratch.write(text, to: "plan.json")
  }

  /// The command line that runs the plan.
  func runLine(_ more: [String] = []) -> [String] {
    [Built.bindstorm, "run", "plan.json", "--results", results] + more
  }

  func bindstorm(
    _ arguments: [String], environment: [String: String?] = [:], outputTo: String? = nil,
    closing: [Int32] = []
  ) throws -> Finished {
    try Program.run(
      [Built.bindstorm] + arguments, environment: Self.wide(environment), folder: scratch.path,
      outputTo: outputTo, closing: closing)
  }

  func run(_ more: [String] = [], environment: [String: String?] = [:]) throws -> Finished {
    try Program.run(runLine(more), environment: Self.wide(environment), folder: scratch.path)
  }

  private static func wide(_ environment: [String: String?]) -> [String: String?] {
    environment.merging(["COLUMNS": "4000"]) { own, _ in own }
  }

  func start(_ more: [String] = [], terminal: Int32? = nil, environment: [String: String?] = [:])
    throws -> Program
  {
    try Program(
      runLine(more), environment: terminal == nil ? Self.wide(environment) : environment,
      folder: scratch.path, terminal: terminal)
  }

  /// Path of a file of the newest run of a plan.
  func latest(_ file: String = "", of plan: String = "small") -> String {
    "\(results)/\(plan)/latest/\(file)"
  }

  func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  /// A JSON document as dictionaries and arrays.
  func json(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(filePath: path))
    guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw TestFailure("\(path) is no object")
    }
    return object
  }

  /// Outcomes of an arm of the newest run's matrix with their counts.
  func outcomes(arm: Int = 0, of plan: String = "small") throws -> [String: Int] {
    try StoredMatrix(path: latest("matrix.json", of: plan)).arms[arm].launches
  }
}

/// A pseudo-terminal, 100 columns wide, that keeps what was written to it.
final class Terminal {
  private let master: Int32
  let slave: Int32
  private var bytes: [UInt8] = []

  init() throws {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
    guard master >= 0 else { throw TestFailure("no pseudo-terminal to be had") }
    var unlock: Int32 = 0
    var number: Int32 = -1
    // TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h: ptsname(3) is hidden from Swift.
    guard ioctl(master, 0x4004_5431, &unlock) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
      throw TestFailure("cannot set the pseudo-terminal up")
    }
    slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard slave >= 0 else { throw TestFailure("cannot open /dev/pts/\(number)") }
    var size = winsize(ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  deinit {
    close(master)
    close(slave)
  }

  /// Everything written so far.
  var text: String {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(master, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Runs a program on the terminal to its end.
  func run(_ program: Program, atMost seconds: Double = 180) throws -> (
    ending: Ending, text: String
  ) {
    try waitUntil("end of the program", atMost: seconds) {
      _ = text
      return program.hasEnded()
    }
    return (try program.wait().ending, text)
  }
}
