internal import ArgumentParser
@preconcurrency internal import Glibc
internal import PlanModel
internal import PlanReading
internal import Syscalls
internal import TerminalText
internal import Theory

/// `bindstorm init [FILE]`
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a small plan for your numbers, ready to run.",
    usage: "bindstorm init [FILE] [options] [-- COMMAND [ARGUMENT...]]",
    discussion: """
      The plan has probe-then-bind as the control that must fail, the strategies that you name, and your own program \
      as a row of the strategy exec if you give its command (Documentation/adapter-protocol.md). Demands and trials \
      are chosen by the predicted rates: the trials decide every demand, and the plan is red by chance in less than \
      one of 1000 runs. An existing file is left alone.

      EXAMPLES:
        bindstorm init my-start.json --api-servers 24 --foreign-draws 300
        bindstorm init - --target-rate 0.8 --strategy inherited-listener
        bindstorm init mine.json --foreign-draws 300 -- python3 my_adapter.py

      EXIT CODES: 0; 2 if the rate cannot be reached or shown; 64 wrong usage; 73 the file is there already or cannot be \
      written.
      """)

  @Argument(help: "The file, or - for standard output.", completion: .file(extensions: ["json"]))
  var file = "bindstorm-plan.json"

  @Option(help: "API servers of a launch, each with two addresses, from 1 to 4096.")
  var apiServers = 16

  @Option(help: "Parallel launches on the host, from 1 to 64.")
  var launches = 1

  @Option(
    help:
      "Ports that others draw between allocation and bind. Default: as many as --target-rate needs."
  )
  var foreignDraws: Int?

  @Option(
    help:
      "Failure rate per launch that the draws are to cause, between 0 and 1. Default: 0.8 without --foreign-draws."
  )
  var targetRate: Double?

  @Option(
    help: "A fix to test. Repeatable. Default: wildcard-report-back, unless a command is given.",
    completion: .custom(Completions.strategies))
  var strategy: [String] = []

  @Flag(help: "Replace the file if it is there.")
  var force = false

  @Argument(parsing: .postTerminator, help: "Your launcher or fix as an adapter, after --.")
  var command: [String] = []

  func validate() throws {
    for (name, value, knob) in [
      ("api-servers", apiServers, RateQuestion.Knob.apiServers),
      ("launches", launches, .launches), ("foreign-draws", foreignDraws ?? 0, .foreignDraws),
    ] where !knob.range.contains(value) {
      throw ValidationError(
        "--\(name) must lie from \(knob.range.lowerBound) to \(knob.range.upperBound)")
    }
    if let targetRate, !(targetRate > 0 && targetRate < 1) {
      throw ValidationError("--target-rate must lie between 0 and 1")
    }
    if targetRate != nil && foreignDraws != nil {
      throw ValidationError("--target-rate chooses the draws; remove it or --foreign-draws")
    }
    if strategy.contains(PlanDraft.control) {
      throw ValidationError("\(PlanDraft.control) is the control already; remove --strategy")
    }
    if Set(strategy).count < strategy.count { throw ValidationError("a --strategy is given twice") }
  }

  func run() throws {
    if file != "-" && !force && access(file, F_OK) == 0 {
      printError("bindstorm: \(file) is there already; --force replaces it")
      throw ExitStatus.cannotCreate
    }
    var draft = PlanDraft(
      name: planName, schema: schemaReference, apiServers: apiServers, launches: launches,
      draws: try foreignDraws ?? draws(for: targetRate ?? 0.8))
    draft.rows = try rows()
    do { try draft.settle() } catch let refusal as PlanDraft.Refusal {
      printError("bindstorm: \(refusal.reason)")
      throw ExitCode(2)
    }
    guard file != "-" else { return try StandardStreams.printResult(draft.text) }
    try write(draft.text)
    let path = shellQuoted(file)
    try StandardStreams.printResult(
      TerminalText.safe(
        "wrote \(file): \(draft.trials) trials of \(draft.rows.count + 1) strategies\n"
          + "  bindstorm plan \(path) --odds     rates, time and odds\n"
          + "  bindstorm run \(path)\n"))
  }

  /// The draws with which the control fails at a rate.
  private func draws(for rate: Double) throws -> Int {
    guard let control = vocabulary.strategy(named: PlanDraft.control) else {
      preconditionFailure("\(PlanDraft.control) is not in the registry")
    }
    let question = RateQuestion(strategy: control, apiServers: apiServers, launches: launches)
    let solution: KnobSolver.Solution
    do throws(NoPrediction) {
      solution = try KnobSolver(question, vocabulary: vocabulary).solve(.foreignDraws, target: rate)
    } catch {
      printError("bindstorm: no rate is known: \(error.reason)")
      throw ExitCode(2)
    }
    if case .solved(let setting) = solution { return setting.value }
    _ = writeAll(
      SolutionText(question: question, target: rate, solution: solution).text.utf8, to: 2)
    throw ExitCode(2)
  }

  private func rows() throws -> [PlanDraft.Row] {
    var names = strategy
    if names.isEmpty && command.isEmpty { names = ["wildcard-report-back"] }
    var rows: [PlanDraft.Row] = []
    for name in names {
      guard let known = vocabulary.strategy(named: name), !known.takesCommand else {
        try Self.refuse(strategy: name)
      }
      rows.append(PlanDraft.Row(label: name, json: quoted(name)))
    }
    if !command.isEmpty {
      let words = command.map { quoted(anchored($0)) }.joined(separator: ", ")
      rows.append(
        PlanDraft.Row(
          label: "mine",
          json: "{ \"name\": \"exec\", \"label\": \"mine\", \"command\": [\(words)] }"))
    }
    return rows
  }

  private static func refuse(strategy name: String) throws -> Never {
    let known = vocabulary.strategies.filter { !$0.takesCommand }.map(\.name)
    let near = Suggestion.nearest(to: name, among: known)
    printError(
      "bindstorm: there is no strategy \"\(name)\" that needs no command"
        + (near.isEmpty ? "." : "; did you mean \(near.joined(separator: ", "))?")
        + " bindstorm list strategies has them all; a program goes after --")
    throw ExitStatus.badPlan
  }

  // MARK: The file

  /// The file's name without its ending, in the letters that a plan's name may have.
  private var planName: String {
    let base = file == "-" ? "my-start" : String(file.split(separator: "/").last ?? "plan")
    let name = base.hasSuffix(".json") ? String(base.dropLast(5)) : base
    let letters = name.lowercased().map { character in
      character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
        ? character : "-"
    }
    let text = String(letters.drop { "._-".contains($0) }.prefix(64))
    return text.isEmpty ? "plan" : text
  }

  /// The plan's folder, with a slash at its end.
  private var folder: String {
    file == "-" ? "" : file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
  }

  /// Commands run in the plan's folder: a file that was named from here is then named as a whole.
  private func anchored(_ word: String) -> String {
    guard !folder.isEmpty, !word.hasPrefix("/"), !word.hasPrefix("-"), access(word, F_OK) == 0,
      let whole = realpath(word, nil)
    else { return word }
    defer { free(whole) }
    return String(cString: whole)
  }

  /// The schema as editors find it: relative to the plan if both are in one checkout, otherwise that of the
  /// installation; nil if neither is there.
  private var schemaReference: String? {
    let name = "schema/plan-v1.schema.json"
    let parts = folder.split(separator: "/").count
    if !folder.hasPrefix("/") && !folder.contains(".."), access("Scenarios/\(name)", R_OK) == 0 {
      return String(repeating: "../", count: parts) + "Scenarios/\(name)"
    }
    for shipped in PlanFile.shippedFolders {
      guard let whole = realpath("\(shipped)/\(name)", nil) else { continue }
      defer { free(whole) }
      return "file://" + String(cString: whole)
    }
    return nil
  }

  private func write(_ text: String) throws {
    do throws(FileProblem) {
      let opened =
        force
        ? try FileBytes.openForWriting(file, O_TRUNC) : try FileBytes.createForWriting(file)
      try FileBytes.write(text.utf8, closing: opened)
    } catch {
      printError("bindstorm: cannot write \(file): \(error)")
      throw ExitStatus.cannotCreate
    }
  }
}
