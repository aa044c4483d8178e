internal import ArgumentParser
internal import Engine
internal import Judging
internal import PlanModel
internal import PlanReading
internal import Reports
internal import Statistics
internal import TerminalText
internal import Theory

/// Solves for the intensity of a cell's thief at which launches fail at a given rate, and verifies it by real trials.
struct Calibration {
  /// A value with what was measured at it.
  struct Round: Encodable {
    var value: Int
    /// The rate that theory predicts there; nil if it has none.
    var predicted: Double?
    var failed: Int
    var counted: Int
    /// Launches that might have ended either way; the interval allows for it.
    var uncounted: Int
    /// 95 % interval.
    var low: Double
    var high: Double
    var seconds: Double
  }

  /// What came out.
  struct Result: Encodable {
    var scenario: String
    var strategy: String
    var target: Double
    /// The option that is turned, and the thief's label; nil if the scenario has none.
    var option: String?
    var thief: String?
    /// The value in the plan.
    var planned: Int?
    /// What was run, in words.
    var verifiedAt: String
    var rounds: [Round] = []
    /// Whether every trial had a network namespace.
    var isIsolated = true
    var isCalibrated = false
    /// Why not, and what would help; empty if it is calibrated.
    var reasons: [String] = []
    var change: CalibratedPlan?

    enum CodingKeys: String, CodingKey {
      case scenario, strategy, target, option, thief, planned, verifiedAt, rounds, isIsolated
      case isCalibrated, reasons
    }
  }

  let arm: Arm
  let plan: ResolvedPlan
  let target: Double
  let within: Double

  /// The most values that are measured.
  private static let mostRounds = 12
  /// Trials that are enough to come near the rate where theory cannot say where it is.
  private static let coarseTrials = 200

  /// A knob: which thief's option is turned.
  private struct Knob {
    var thief: Int
    var option: String
    var range: ClosedRange<Int>
  }

  /// - Throws: an exit code, after saying why on standard error.
  func run(_ isolation: Run.IsolationPolicy, _ interruption: Interruption) throws -> Result {
    let cheap = CheapArm(arm)
    var result = Result(
      scenario: arm.scenario, strategy: arm.strategy.label, target: target,
      verifiedAt: cheap.words)
    guard let knob else {
      result.reasons = ["the scenario has no thief whose intensity could be turned"] + help
      return result
    }
    let thief = arm.thieves[knob.thief]
    (result.option, result.thief, result.planned) = (knob.option, thief.label, thief[knob.option])
    let predicted = { (value: Int) in RateOfArm.predicted(turned(arm, knob, value)) }
    var search = RateSearch(
      target: target, tolerance: within, range: knob.range,
      start: min(max(thief[knob.option], knob.range.lowerBound), knob.range.upperBound),
      theory: predicted)
    let enough = Self.observations(target, within)
    let hasTheory = predicted(knob.range.lowerBound) != nil
    // Where theory says where to begin, the first measurement may be the last.
    var trials = hasTheory ? enough : min(enough, Self.coarseTrials)
    var near: Int?
    while result.rounds.count < Self.mostRounds {
      var value = near ?? 0
      if near == nil {
        guard case .measure(let next) = search.next() else { break }
        value = next
      }
      let (round, isIsolated) = try measure(
        turned(cheap.arm, knob, value), value, trials, predicted(value), isolation, interruption)
      result.rounds.append(round)
      if !isIsolated { result.isIsolated = false }
      guard round.counted > 0 else {
        result.reasons = ["no launch counts; bindstorm run says why"]
        return result
      }
      if !(round.low...round.high).contains(target) {
        search.reject(measurement(round))
        near = nil
      } else if trials < enough {
        // Near it: the same value again, with as many trials as the interval needs.
        (near, trials) = (value, enough)
      } else {
        result.isCalibrated = true
        result.change = change(knob, round, cheap, isIsolated: result.isIsolated)
        return result
      }
    }
    if case .outOfReach(let reason) = search.next() {
      result.reasons =
        ["it cannot be reached by \(knob.option) of \(thief.label): \(reason)"] + help
    } else {
      result.reasons = ["\(result.rounds.count) values were measured, and none has the rate"]
    }
    return result
  }

  /// The thief to turn: the one whose rate the plan asks for, else the first whose draws go with the window, else the
  /// first with an intensity.
  private var knob: Knob? {
    let known = arm.thieves.map { vocabulary.thief(named: $0.name) }
    let turnable = arm.thieves.indices.filter { known[$0]?.intensity != nil }
    let place =
      turnable.first { arm.thieves[$0].targetFailureRate != nil }
      ?? turnable.first { known[$0]?.model == .holdsThroughWindow } ?? turnable.first
    guard let place, let thief = known[place], let option = thief.intensity,
      let range = thief.options.first(where: { $0.name == option })?.range
    else { return nil }
    // More than the pool has nobody can hold.
    let isHeld = [.holdsThroughWindow, .holdsThroughout].contains(thief.model)
    let room =
      (arm.pool.high - arm.pool.low + 1) / 2 - arm.topology.launches
      * arm.topology.addressesPerLaunch
    let top = isHeld ? min(range.upperBound, max(range.lowerBound + 1, room)) : range.upperBound
    return Knob(thief: place, option: option, range: range.lowerBound...top)
  }

  /// The arm with another value of the knob, and a window that waits for as many more or fewer draws.
  private func turned(_ arm: Arm, _ knob: Knob, _ value: Int) -> Arm {
    var arm = arm
    let place = arm.thieves[knob.thief].options.firstIndex { $0.name == knob.option }!
    arm.window.foreignDraws = foreignDraws(knob, value)
    arm.thieves[knob.thief].options[place].value = value
    return arm
  }

  private func foreignDraws(_ knob: Knob, _ value: Int) -> Int {
    let planned = arm.window.foreignDraws
    guard planned > 0,
      vocabulary.thief(named: arm.thieves[knob.thief].name)?.model == .holdsThroughWindow
    else { return planned }
    return max(0, planned + value - arm.thieves[knob.thief][knob.option])
  }

  private func measure(
    _ arm: Arm, _ value: Int, _ launches: Int, _ predicted: Double?,
    _ isolation: Run.IsolationPolicy, _ interruption: Interruption
  ) throws -> (Round, isIsolated: Bool) {
    var arm = arm
    arm.index = 0
    // Launches of one trial are not independent: the interval is that of as many trials.
    arm.trials = launches
    let measured = ResolvedPlan(
      version: plan.version, name: plan.name, title: plan.title, seed: plan.seed &+ UInt64(value),
      arms: [arm])
    // A few trials of this one row tell its time; a row that does not run tells why below.
    let seconds = try MeasuredTimes(
      measuring: measured, isolation, interruption, isQuiet: true
    ).seconds(arm)
    printError(
      "\(arm.scenario), \(arm.strategy.label): \(launches) trials with \(value)\(seconds.map { ", about \(Int($0.rounded(.up))) s" } ?? "") ..."
    )
    let batch = try TrialBatch(measured, isolation: isolation, interruption)
    let tally = batch.tallies[0]
    if let reason = tally.skipReason {
      printError("bindstorm: \(arm.scenario), \(arm.strategy.label) does not run: \(reason)")
      throw ExitStatus.unavailable
    }
    let round = Round(
      tally, value: value, predicted: predicted, launches: arm.launchesPerTrial, batch.seconds)
    return (round, batch.isIsolated)
  }

  private func measurement(_ round: Round) -> RateSearch.Measurement {
    RateSearch.Measurement(
      value: round.value, failed: Double(round.failed), counted: Double(round.counted))
  }

  private func change(
    _ knob: Knob, _ round: Round, _ cheap: CheapArm, isIsolated: Bool
  ) -> CalibratedPlan {
    let draws = foreignDraws(knob, round.value)
    let thief = arm.thieves[knob.thief].label
    return CalibratedPlan(
      scenario: arm.scenario, thief: knob.thief, option: knob.option, value: round.value,
      foreignDraws: draws == arm.window.foreignDraws ? nil : draws,
      note:
        "\(thief) has \(knob.option) \(round.value) so that \(Percent.text(target)) of the launches of \(arm.strategy.label) fail; measured \(round.failed) of \(round.counted), 95 % interval \(Percent.text(round.low)) to \(Percent.text(round.high)), at \(cheap.words)\(isIsolated ? "" : "; \(IsolationNotice.mark)")"
    )
  }

  /// Which other settings theory has for the rate, if launches and thieves are ones that it can ask about.
  private var help: [String] {
    guard let strategy = vocabulary.strategy(named: arm.strategy.name) else { return [] }
    func ports(_ model: ThiefDescriptor.Model) -> Int {
      arm.thieves.filter { vocabulary.thief(named: $0.name)?.model == model }
        .map { $0[OptionName.ports] }.reduce(0, +)
    }
    var question = RateQuestion(
      strategy: strategy, apiServers: arm.topology.apiServers, launches: arm.topology.launches,
      residents: ports(.holdsThroughout), pool: arm.pool)
    // Where the launch's own numbers alone make it fail more often, no thief is part of the way out.
    let alone = (try? question.answer(vocabulary))?.perLaunch ?? 0
    if alone <= target { question.foreignDraws = ports(.holdsThroughWindow) }
    var lines: [String] = []
    if alone > target {
      lines.append(
        "\(2 * question.apiServers * question.launches) addresses collide among themselves in \(Percent.text(alone)), without any thief"
      )
    }
    for knob in RateQuestion.Knob.allCases {
      guard
        case .solved(let setting)? = try? KnobSolver(question, vocabulary: vocabulary)
          .solve(knob, target: target), setting.value != question[knob]
      else { continue }
      lines.append(
        "by theory \(setting.knob) \(setting.value) gives \(Percent.text(setting.perLaunch))"
          + (knob == .foreignDraws ? " (a thief bind-hold with that many ports)" : ""))
    }
    return lines.isEmpty ? ["theory knows no other setting that reaches it"] : lines
  }

  /// The least number of observations whose interval at this rate is nowhere further than `within` from it.
  static func observations(_ rate: Double, _ within: Double) -> Int {
    func suffices(_ n: Int) -> Bool {
      let interval = ClopperPearson.interval(Int((rate * Double(n)).rounded()), outOf: n)
      return max(interval.upperBound - rate, rate - interval.lowerBound) <= within
    }
    var (low, high) = (10, 20)
    while !suffices(high) { (low, high) = (high, high * 2) }
    while high - low > 1 {
      let middle = (low + high) / 2
      if suffices(middle) { high = middle } else { low = middle }
    }
    return high
  }
}

extension Calibration.Round {
  /// - Parameter launches: of each trial. They are not independent: a mean over them varies at most as much as a single
  ///   one of each trial would, so the interval is that of so many trials.
  init(_ tally: ArmTally, value: Int, predicted: Double?, launches: Int, _ seconds: Double) {
    let all = tally.launches
    let missing = Outcome.allCases.filter { !$0.isCounted }.map(tally.count).reduce(0, +)
    let observed = all.counted + missing
    let trials = max(observed > 0 ? 1 : 0, observed / launches)
    func share(_ failed: Int) -> Double {
      observed > 0 ? Double(failed) / Double(observed) * Double(trials) : 0
    }
    self.init(
      value: value, predicted: predicted, failed: all.failed, counted: all.counted,
      uncounted: missing,
      low: ClopperPearson.lowerBound(
        Int(share(all.failed).rounded(.down)), outOf: trials, confidence: 0.975),
      high: ClopperPearson.upperBound(
        min(trials, Int(share(all.failed + missing).rounded(.up))), outOf: trials,
        confidence: 0.975),
      seconds: seconds)
  }
}

/// A calibration in words.
enum CalibrationText {
  static func text(_ result: Calibration.Result) -> String {
    var lines = [
      "\(result.scenario), \(result.strategy): \(Percent.text(result.target)) of the launches"
    ]
    if let option = result.option, let thief = result.thief, let planned = result.planned {
      lines.append(
        "  \(option) of \(thief), \(planned) in the plan; trials at \(result.verifiedAt)")
    }
    for round in result.rounds {
      let theory = round.predicted.map { "theory \(Percent.text($0)), " } ?? ""
      let missing = round.uncounted > 0 ? ", \(round.uncounted) not counted" : ""
      lines.append(
        "  \(round.value): \(theory)measured \(round.failed)/\(round.counted) \(Percent.text(Double(round.failed) / Double(max(1, round.counted)))) [\(Percent.text(round.low)), \(Percent.text(round.high))]\(missing), \(Int(round.seconds.rounded())) s"
      )
    }
    if let last = result.rounds.last, result.isCalibrated {
      lines.append(
        "  CALIBRATED: \(result.option ?? "") \(last.value); the rate lies between \(Percent.text(last.low)) and \(Percent.text(last.high)) at 95 % confidence"
      )
    } else {
      lines += ["  NOT CALIBRATED"] + result.reasons.map { "  \($0)" }
    }
    return IsolationNotice.head(isIsolated: result.isIsolated)
      + lines.map { TerminalText.safeLine($0) + "\n" }.joined()
  }
}
