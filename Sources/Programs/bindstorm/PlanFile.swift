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

  /// Reads and checks a plan; `seed` replaces the plan's own.
  /// - Throws: exit code 64, after printing the errors to standard error.
  init(path: String, seed: UInt64? = nil) throws {
    do {
      bytes = try readFile(path, .plan)
    } catch {
      printError("bindstorm: cannot read the plan \(path): \(error.text)")
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
  }

  /// The file's folder as an absolute path, so that it is the same for every process.
  private static func folder(of path: String) -> String {
    guard let resolved = realpath(path, nil) else { return "." }
    defer { free(resolved) }
    let text = String(cString: resolved)
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
  static let suppressions = InputLimit(mebibytes: 1)
  /// Messages of workers that did not start.
  static let workerLog = InputLimit(mebibytes: 1)

  var bytes: Int { mebibytes << 20 }
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
