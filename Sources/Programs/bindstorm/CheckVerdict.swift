internal import ArgumentParser
internal import Interception
internal import RaceLedger
internal import RaceReporting

extension CheckCommand {
  /// The command without the way over the root, which reads the definitions of all options three times more: a
  /// millisecond in which the checked program waits. Nil for anything but a complete `check`; the root then finds the
  /// words for what is wrong, and for help.
  static func direct(_ words: [String]) -> (any ParsableCommand)? {
    guard words.first == configuration.commandName else { return nil }
    return (try? parseAsRoot(Array(words.dropFirst()))) as? CheckCommand
  }
}

/// From what was observed to the verdict, and to the exit code.
extension CheckCommand {
  /// Options of this run that another run needs to come to the same windows. `forcing` adds the place.
  var optionsForForcing: [String] {
    var words: [String] = []
    if let minWindow { words += ["--min-window", Self.seconds(minWindow)] }
    if forceDuplicate { words.append("--force-duplicate") }
    words += inject.flatMap { ["--inject", $0] }
    if groups { words.append("--groups") }
    words += shapes.words
    if stacks != Self.defaultStacks { words += ["--stacks", "\(stacks)"] }
    if noPySpy { words.append("--no-py-spy") }
    if allowIoUring { words.append("--allow-io-uring") }
    if let mode { words += ["--mode", mode.rawValue] }
    if let linger { words += ["--linger", Self.seconds(linger)] }
    return words
  }

  private static func seconds(_ time: Nanoseconds) -> String { "\(Double(time.count) / 1e9)s" }

  /// Ends with the code of a verdict: 66 for what fails, 2 for what is not decided, and as the command did otherwise.
  func end(_ word: TheftOutcome.Word, _ status: Observation.Status) throws {
    if exitCode != 0 {
      switch word {
      case .fails: throw ExitCode(Int32(exitCode))
      case .undecided: throw ExitStatus.undecided
      case .survived: break
      }
    }
    try passOn(status)
  }
}

extension TheftRun {
  init(_ observation: Observation) {
    self.init(
      ending: observation.status.words, isSuccess: observation.status == .exited(0),
      stolen: observation.stolen,
      ports: observation.portsFollowed, findings: observation.findings)
    isHung = observation.status == .hung
    isInterrupted = observation.interruption != nil
    meetings = observation.meetings
    stacksMissing = observation.stacksMissing
  }
}

extension Observation.Status {
  var words: String {
    switch self {
    case .exited(let code): "exited with \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    case .hung: "hung"
    }
  }
}
