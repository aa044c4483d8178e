internal import ArgumentParser
internal import Faults
@preconcurrency internal import Glibc
internal import PlanModel
internal import PlanReading
internal import Strategies
internal import Syscalls

/// Everything a plan may name.
let vocabulary = Vocabulary(
  strategies: StrategyRegistry.descriptors, thieves: ThiefRegistry.descriptors,
  faults: FaultRegistry.descriptors)

/// A plan as stored on disk and as resolved.
struct PlanFile {
  let bytes: [UInt8]
  var plan: ResolvedPlan

  /// What a command says of its argument.
  static let help: ArgumentHelp =
    "The plan: a JSON file, the name of a shipped plan, or - for standard input."

  /// Reads and checks a plan; `seed` replaces the plan's own, and `selection` takes a part of it.
  /// - Throws: exit code 64, after printing the errors to standard error.
  init(
    path: String, seed: UInt64? = nil, selection: PlanSelection? = nil,
    stopping: StoppingOptions? = nil
  ) throws {
    let path = Self.file(named: path)
    do {
      bytes = try path == "-" ? readStandardInput(.plan) : readFile(path, .plan)
    } catch {
      printError("bindstorm: cannot read the plan \(path): \(error.text)\(Self.advice(path))")
      throw ExitStatus.badPlan
    }
    do throws(PlanErrors) {
      plan = try PlanLoader.load(
        bytes, file: path, vocabulary: vocabulary, folder: Self.folder(of: path))
    } catch {
      printError(error.description)
      throw ExitStatus.badPlan
    }
    let text = getenv("BINDSTORM_SEED").map { String(cString: $0) }
    if let seed {
      plan.seed = seed
    } else if let text {
      guard let number = UInt64(text) else {
        printError("bindstorm: BINDSTORM_SEED must be a whole number, not '\(text)'")
        throw ExitStatus.badPlan
      }
      plan.seed = number
    }
    if let selection { plan = try selection.apply(to: plan) }
    if let stopping { plan = stopping.apply(to: plan) }
  }

  /// The shipped plans with a name like a file's that is not there.
  private static func advice(_ path: String) -> String {
    guard path != "-", access(path, F_OK) != 0 else { return "" }
    let shipped = Set(shippedFolders.flatMap(RunFinder.names)).filter { $0.hasSuffix(".json") }
      .map { String($0.dropLast(5)) }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let near = Suggestion.nearest(
      to: name.hasSuffix(".json") ? String(name.dropLast(5)) : name, among: shipped)
    return near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?"
  }

  /// Where shipped plans are: in the checkout, or in the installation.
  static var shippedFolders: [String] {
    ["Scenarios", (try? CurrentProcess.neighbour("../share/bindstorm/Scenarios")) ?? ""]
      .filter { !$0.isEmpty }
  }

  /// The file that a plan's name means: itself if there is such a file or it cannot be a name, otherwise a shipped plan.
  private static func file(named name: String) -> String {
    guard name != "-", !name.contains("/"), access(name, F_OK) != 0 else { return name }
    for folder in shippedFolders {
      for file in ["\(folder)/\(name)", "\(folder)/\(name).json"] where access(file, R_OK) == 0 {
        return file
      }
    }
    return name
  }

  /// A plan without its mistakes being printed; nil if it has some.
  static func planWithoutMessages(_ name: String) -> ResolvedPlan? {
    let path = file(named: name)
    guard path != "-", let bytes = try? readFile(path, .plan) else { return nil }
    return try? PlanLoader.load(
      bytes, file: path, vocabulary: vocabulary, folder: folder(of: path))
  }

  /// The file's folder as an absolute path, so that it is the same for every process.
  private static func folder(of path: String) -> String {
    // A plan from standard input belongs where the command was called.
    guard let resolved = realpath(path == "-" ? "." : path, nil) else { return "." }
    defer { free(resolved) }
    let text = String(cString: resolved)
    if path == "-" { return text == "/" ? text : text + "/" }
    return String(text[..<text.lastIndex(of: "/")!]) + "/"
  }
}

/// A file that could not be read.
struct ReadError: Error {
  let text: String
}

/// The largest size of files that a command reads whole. Documentation/limits.md lists them.
struct InputLimit {
  let mebibytes: Int

  static let plan = InputLimit(mebibytes: 1)
  /// `resolved.json`. The result of the largest allowed plan fits: `PlanLoader` checks this.
  static let storedPlan = InputLimit(mebibytes: 16)
  static let matrix = InputLimit(mebibytes: 256)
  static let suppressions = InputLimit(mebibytes: 1)
  /// Messages of workers that did not start.
  static let workerLog = InputLimit(mebibytes: 1)

  var bytes: Int { mebibytes << 20 }
}

/// Reads standard input to its end; refuses what is too large.
func readStandardInput(_ limit: InputLimit) throws(ReadError) -> [UInt8] {
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = read(0, &chunk, chunk.count)
    if count == 0 { return bytes }
    if count < 0 {
      if errno == EINTR { continue }
      throw ReadError(text: ErrorNumber.text(errno))
    }
    bytes += chunk[..<count]
    guard bytes.count <= limit.bytes else {
      throw ReadError(text: "it is larger than \(limit.mebibytes) MiB, the most that is read of it")
    }
  }
}

/// Reads a whole file; refuses a file that is not a regular file, or is too large.
func readFile(_ path: String, _ limit: InputLimit) throws(ReadError) -> [UInt8] {
  do throws(InputFileError) {
    return try FileBytes.read(input: path, limit: limit.bytes)
  } catch {
    switch error {
    case .system(let error): throw ReadError(text: ErrorNumber.text(error.code))
    case .notAFile(let kind): throw ReadError(text: "it is \(kind), not a regular file")
    case .tooLarge:
      throw ReadError(text: "it is larger than \(limit.mebibytes) MiB, the most that is read of it")
    }
  }
}
