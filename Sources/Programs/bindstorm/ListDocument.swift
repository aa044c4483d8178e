internal import Judging
internal import PlanModel

/// What `list --json` prints.
struct ListDocument: Encodable {
  /// An option of a strategy, thief or fault.
  struct Option: Encodable {
    var name: String
    var summary: String
    var least: Int
    var most: Int
    /// Absent if the plan must give one.
    var standard: Int?
    /// Words in place of the numbers from `least` on; empty if there are none.
    var words: [String]

    enum CodingKeys: String, CodingKey {
      case name, summary, words
      case least = "minimum"
      case most = "maximum"
      case standard = "default"
    }

    init(_ option: OptionDescriptor) {
      (name, summary, words) = (option.name, option.summary, option.words)
      (least, most) = (option.range.lowerBound, option.range.upperBound)
      standard = option.defaultValue
    }
  }

  struct Strategy: Encodable {
    var name: String
    var summary: String
    var options: [Option]
    var origin: String
    var depths: [String]
    var sockets: [String]
    var needs: [String]
    var traits: StrategyTraits
  }

  struct Thief: Encodable {
    var name: String
    var summary: String
    var options: [Option]
    /// How theory treats it.
    var model: String
    /// The option that target_failure_rate solves for; absent if there is none.
    var intensity: String?
    var needs: [String]
  }

  struct Fault: Encodable {
    var name: String
    var summary: String
    var options: [Option]
    /// Where it may happen.
    var points: [String]
  }

  struct LaunchOutcome: Encodable {
    var name: String
    var meaning: String
    /// Whether it counts as a failure, as a success, or not.
    var counts: String
    /// Whether a must-fail control that fails so is fulfilled; absent unless it is a failure.
    var fulfilsControl: Bool?
    var advice: String
  }

  struct RowAnswer: Encodable {
    var name: String
    var meaning: String
    var advice: String
  }

  struct RowVerdict: Encodable {
    var name: String
    /// As reports print it.
    var word: String
    var meaning: String
    var exitCode: Int32
    /// The result in JUnit XML.
    var junit: String
    var advice: String
  }

  let format = "bindstorm-list/1"
  var strategies: [Strategy]?
  var thieves: [Thief]?
  var faults: [Fault]?
  var outcomes: [LaunchOutcome]?
  var strategyAnswers: [RowAnswer]?
  var planAnswers: [RowVerdict]?

  init(_ subject: ListCommand.Subject) {
    switch subject {
    case .strategies: strategies = vocabulary.strategies.map(Self.strategy)
    case .thieves: thieves = vocabulary.thieves.map(Self.thief)
    case .faults: faults = vocabulary.faults.map(Self.fault)
    case .outcomes: outcomes = Outcome.allCases.map(Self.outcome)
    case .verdicts:
      strategyAnswers = StrategyAnswer.allCases.map {
        RowAnswer(name: $0.rawValue, meaning: $0.facts.meaning, advice: $0.facts.advice)
      }
      planAnswers = PlanAnswer.allCases.map(Self.answer)
    }
  }

  private static func strategy(_ strategy: StrategyDescriptor) -> Strategy {
    Strategy(
      name: strategy.name, summary: strategy.summary, options: strategy.options.map(Option.init),
      origin: strategy.origin, depths: strategy.depths.map(\.rawValue).sorted(),
      sockets: strategy.sockets.map(\.rawValue).sorted(),
      needs: strategy.requirements.map(\.rawValue).sorted(), traits: strategy.traits)
  }

  private static func thief(_ thief: ThiefDescriptor) -> Thief {
    Thief(
      name: thief.name, summary: thief.summary, options: thief.options.map(Option.init),
      model: thief.model.summary, intensity: thief.intensity,
      needs: thief.requirements.map(\.rawValue).sorted())
  }

  private static func fault(_ fault: FaultDescriptor) -> Fault {
    Fault(
      name: fault.name, summary: fault.summary, options: fault.options.map(Option.init),
      points: InjectionPoint.allCases.filter(fault.points.contains).map(\.rawValue))
  }

  private static func outcome(_ outcome: Outcome) -> LaunchOutcome {
    LaunchOutcome(
      name: outcome.rawValue, meaning: outcome.facts.meaning,
      counts: outcome.facts.counting.rawValue,
      fulfilsControl: outcome.isFailure ? outcome.fulfilsControl : nil,
      advice: outcome.facts.advice)
  }

  private static func answer(_ answer: PlanAnswer) -> RowVerdict {
    RowVerdict(
      name: answer.rawValue, word: answer.word, meaning: answer.facts.meaning,
      exitCode: answer.facts.exitCode, junit: answer.facts.testResult.rawValue,
      advice: answer.facts.advice)
  }
}
