internal import ArgumentParser

/// What `run` keeps of itself for later, and what it is held against.
struct HistoryOptions: ParsableArguments {
  @Option(
    name: .customLong("tag"),
    help: ArgumentHelp(
      "What is under test, as vllm=0.19.1: kept with the run and shown in the history. Repeatable.",
      valueName: "key=value"))
  var tagTexts: [String] = []

  @Option(
    help:
      "Events that are kept when the run has ended: of all trials, of those in which not every launch was ready, or none. Larger records are compressed."
  )
  var events: KeptEvents = .all

  @Option(
    help: ArgumentHelp(
      "End with 1 if a cell fails significantly more often than in an earlier run, or in the newest N earlier runs together.",
      valueName: "run|pooled:n"),
    completion: .custom(Completions.runs))
  var gate: GateBaseline?

  @OptionGroup
  var level: GateLevel

  var tags: [String: String] {
    Dictionary(uniqueKeysWithValues: tagTexts.compactMap(Self.parts))
  }

  func validate() throws {
    let all = tagTexts.map { (text: $0, parts: Self.parts($0)) }
    if let wrong = all.first(where: { $0.parts == nil }) {
      throw ValidationError("--tag \(wrong.text): expected key=value")
    }
    let keys = all.compactMap(\.parts?.0)
    if Set(keys).count < keys.count { throw ValidationError("a --tag has the key of another one") }
  }

  private static func parts(_ text: String) -> (String, String)? {
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex else { return nil }
    return (String(text[..<sign]), String(text[text.index(after: sign)...]))
  }
}

/// How sure a gate must be.
struct GateLevel: ParsableArguments {
  @Option(
    name: .customLong("gate-level"),
    help: "Joint level of a gate: a run that is no worse is called worse at most this often.")
  var level = 0.05

  func validate() throws {
    if !(level > 0 && level < 1) { throw ValidationError("--gate-level must lie between 0 and 1") }
  }
}

/// What a run is held against.
enum GateBaseline: ExpressibleByArgument {
  /// One run, as the command line names runs.
  case run(String)
  /// The newest so many earlier runs of the plan that are in the archive.
  case pooled(Int)

  private static let pooledPrefix = "pooled:"

  init?(argument: String) {
    if argument.hasPrefix(Self.pooledPrefix) {
      guard let count = Int(argument.dropFirst(Self.pooledPrefix.count)), count > 0 else {
        return nil
      }
      self = .pooled(count)
    } else if argument.isEmpty {
      return nil
    } else {
      self = .run(argument)
    }
  }
}
