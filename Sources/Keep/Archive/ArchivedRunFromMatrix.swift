internal import FoundationEssentials
public import Judging
public import PlanModel

extension ArchivedRun {
  /// A run's verdict in the archive's form.
  /// - Parameter folder: below the folder of all results.
  /// - Throws: `EncodingError`; `ArchiveError.older` for a matrix without the counts of its cells.
  public init(
    _ matrix: Matrix, folder: String, startedAt: String, environment: Environment
  ) throws {
    let cells = try zip(matrix.plan.arms, matrix.arms).compactMap { arm, verdict -> Cell? in
      guard verdict.planAnswer != .skipped else { return nil }
      guard let sample = verdict.sample else { throw ArchiveError.older(folder) }
      return Cell(
        scenario: arm.scenario, strategy: arm.strategy.label, definition: try Self.definition(arm),
        strategyAnswer: verdict.strategyAnswer, planAnswer: verdict.planAnswer,
        isMeantToFail: arm.isMeantToFail, stoppedBy: verdict.stoppedBy?.rawValue, sample: sample,
        outcomes: verdict.outcomes, quantiles: verdict.quantiles)
    }
    self.init(
      folder: folder, plan: matrix.plan.name, seed: matrix.plan.seed, startedAt: startedAt,
      isPartial: matrix.isPartial, isIsolated: matrix.isIsolated, environment: environment,
      cells: cells)
  }

  /// What a trial of the arm is: the arm without its place, and without what is only demanded or said of it. The number
  /// of trials is not part of it either.
  static func definition(_ arm: Arm) throws -> String {
    var plain = arm
    plain.index = 0
    plain.why = ""
    plain.trials = 1
    plain.expectation = nil
    plain.published = []
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(plain), as: UTF8.self)
  }
}

extension ArchivedRun {
  /// The cells of several runs, in their order, as the archive would give them.
  public static func nights(of runs: [ArchivedRun]) -> [CellNight] {
    var definitions: [String: Int] = [:]
    return runs.flatMap { run in
      run.cells.map { cell in
        let next = definitions.count
        let definition = definitions[cell.definition, default: next]
        definitions[cell.definition] = definition
        let ready = ["timeToServed", "timeToBound"].lazy.compactMap { measure in
          cell.quantiles.first { $0.measure == measure }?.summary.p50
        }.first
        return CellNight(
          folder: run.folder, startedAt: run.startedAt, version: run.environment.version,
          tags: run.environment.tags, scenario: cell.scenario, strategy: cell.strategy,
          definition: definition, strategyAnswer: cell.strategyAnswer,
          isMeantToFail: cell.isMeantToFail, isPartial: run.isPartial,
          isIsolated: run.isIsolated, isStopped: cell.stoppedBy != nil, sample: cell.sample,
          medianTimeToReady: ready)
      }
    }
  }
}

extension Arm {
  /// Whether the plan demands that the row fails: failing more often is then no worsening.
  public var isMeantToFail: Bool {
    expectation?.isMustFailControl == true || expectation?.failureRateAtLeast != nil
  }
}

extension ArmVerdict {
  /// The durations that the archive keeps.
  fileprivate var quantiles: [ArchivedRun.Quantiles] {
    let all: [(String, DurationSummary?)] = [
      ("releaseSkew", releaseSkew), ("window", window), ("timeToBound", timeToBound),
      ("allocation", allocation), ("timeToServed", timeToServed), ("detection", detection),
    ]
    return all.compactMap { measure, summary in
      summary.map { ArchivedRun.Quantiles(measure: measure, summary: $0) }
    }
  }
}
