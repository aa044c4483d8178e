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

/// A plan as it is on disk and as it was resolved.
struct PlanFile {
  let bytes: [UInt8]
  var plan: ResolvedPlan

  /// Reads and checks a plan; `seed` replaces the plan's own.
  /// - Throws: exit code 64, after saying what is wrong on standard error.
  init(path: String, seed: UInt64? = nil) throws {
    do {
      bytes = try readFile(path)
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

/// Reads a whole file.
func readFile(_ path: String) throws(ReadError) -> [UInt8] {
  do throws(SystemError) { return try FileBytes.read(path) } catch {
    throw ReadError(text: String(cString: strerror(error.code)))
  }
}
