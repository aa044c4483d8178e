internal import Glibc
public import History

/// A plan, run by the built command in a namespace of its own, and what its matrix says.
public struct MeasuredPlan {
  /// One cell of the matrix.
  public struct Cell {
    /// Launches by outcome.
    public let outcomes: [String: Int]
    /// What the strategy did.
    public let strategyAnswer: String
    /// Whether the plan expected it.
    public let planAnswer: String
    /// Why.
    public let reason: String
    /// Whether the measured rate agrees with the predicted one; nil where there is no prediction.
    public let agreesWithModel: Bool?
    /// Why there is no prediction, where that is for a thief's sake.
    public let noPrediction: String?
    /// Median of the requests per second; nil where none were measured.
    public let requestsPerSecond: Double?
    /// First evidence of the most frequent failure.
    public let evidence: String
    /// Events of each trial, in the order of the trials.
    public let trials: [[Event]]
  }

  private let cells: [String: Cell]

  /// Runs a plan.
  /// - Parameters:
  ///   - strategies: JSON elements of `strategies`.
  ///   - scenarios: JSON elements of `scenarios`.
  ///   - defaults: JSON members of `defaults`.
  ///   - flags: further arguments of `run`.
  /// - Throws: when the command ends in another way than with a matrix.
  public init(
    strategies: [String], scenarios: [String], defaults: String,
    environment: [String: String?] = [:], flags: [String] = []
  ) throws {
    let scratch = try ScratchFolder()
    let plan = try scratch.write(
      """
      {"version": 1, "name": "measured", "defaults": {\(defaults)},
       "strategies": [\(strategies.joined(separator: ", "))],
       "scenarios": [\(scenarios.joined(separator: ", "))]}
      """, to: "plan.json")
    let finished = try Program(
      [Built.bindstorm, "run", plan, "--quiet", "--results", scratch.path + "/results"]
        + flags,
      environment: environment
    ).wait()
    let matrix: StoredMatrix
    do {
      matrix = try StoredMatrix(path: scratch.path + "/results/measured/latest/matrix.json")
    } catch {
      throw TestFailure("\(error); \(finished.ending): \(finished.errorOutput)")
    }
    var trials = [[[Event]]](repeating: [], count: matrix.arms.count)
    // A large record is compressed when the run has ended.
    let records = ["events.jsonl", "events.jsonl.gz"].map {
      scratch.path + "/results/measured/latest/" + $0
    }
    var reader = try HistoryReader(
      path: records.first { access($0, F_OK) == 0 } ?? records[0])
    var grouping = TrialGrouping()
    while let event = try reader.next() {
      guard let events = grouping.add(event), case .trialStarted(let started)? = events.first
      else { continue }
      trials[started.arm].append(events)
    }
    cells = Dictionary(
      uniqueKeysWithValues: zip(zip(matrix.plan.arms, matrix.arms), trials).map {
        let ((arm, verdict), trials) = $0
        return (
          "\(arm.scenario)/\(arm.strategy.label)",
          Cell(
            outcomes: verdict.launches, strategyAnswer: verdict.strategyAnswer,
            planAnswer: verdict.planAnswer, reason: verdict.reason,
            agreesWithModel: verdict.predictionPerTrial?.agrees,
            noPrediction: verdict.noPrediction,
            requestsPerSecond: verdict.requestsPerSecond?.median,
            evidence: verdict.topCause?.evidence ?? "",
            trials: trials)
        )
      })
  }

  /// The cell of that scenario and strategy label.
  public func cell(_ scenario: String, _ strategy: String) throws -> Cell {
    guard let cell = cells["\(scenario)/\(strategy)"] else {
      throw TestFailure("no cell \(scenario)/\(strategy)")
    }
    return cell
  }

  /// Ends the test as skipped, with the reason, where this host could not run the arm.
  public func skipWithoutHost(_ scenario: String, _ strategy: String) throws {
    let cell = try cell(scenario, strategy)
    if cell.planAnswer == "skipped" { try skip(cell.reason) }
  }
}
