internal import Syscalls
internal import ArgumentParser
internal import Engine
@preconcurrency internal import Glibc

/// `bindstorm adapter-check -- COMMAND...`
struct AdapterCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapter-check",
    abstract: "Check the program of an exec strategy against the adapter protocol, rule by rule.",
    discussion: """
      The rules are those of Documentation/adapter-protocol.md.

      EXAMPLES:
        bindstorm adapter-check -- python3 my_adapter.py
        bindstorm adapter-check --api-servers 24 -- python3 my_adapter.py

      EXIT CODES: 0 all rules are kept; 1 one is violated; 69 the program cannot run here.
      """)

  @Option(help: "Number of API servers that the program is asked for, 1 to 4096.")
  var apiServers = 4

  @Option(help: "Deadline for each answer in milliseconds.")
  var timeoutMs = 5_000

  @Argument(
    parsing: .postTerminator, help: "The program and its arguments, after --.")
  var command: [String] = []

  func validate() throws {
    if command.isEmpty { throw ValidationError("give the program after --") }
    if !(1...4_096).contains(apiServers) {
      throw ValidationError("--api-servers must be from 1 to 4096")
    }
    if !(1...600_000).contains(timeoutMs) {
      throw ValidationError("--timeout-ms must be from 1 to 600000")
    }
  }

  func run() throws {
    let worker: String
    do throws(RunError) { worker = try WorkerLocation.find() } catch {
      printError("bindstorm: \(error)")
      throw ExitStatus.internalError
    }
    let arguments = [worker, "adapter-check", "\(apiServers)", "\(timeoutMs)"] + command
    var vector = arguments.map { strdup($0) }
    vector.append(nil)
    execv(worker, vector)
    printError("bindstorm: cannot start \(worker): \(ErrorNumber.text(errno))")
    throw ExitStatus.internalError
  }
}
