import Foundation
public import History

/// A plan, run by the built command in a namespace of its own, and what its matrix says.
public struct MeasuredPlan {
  /// One cell of the matrix.
  public struct Cell {
    /// Launches by outcome.
    public let outcomes: [String: Int]
    /// Verdict word.
    public let verdict: String
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
    let text =
      (try? String(
        contentsOfFile: scratch.path + "/results/measured/latest/matrix.json", encoding: .utf8))
      ?? ""
    guard let matrix = try? JSONDecoder().decode(MatrixFile.self, from: Data(text.utf8)) else {
      throw TestFailure("no matrix; \(finished.ending): \(finished.errorOutput)")
    }
    var trials = [[[Event]]](repeating: [], count: matrix.arms.count)
    var reader = try HistoryReader(path: scratch.path + "/results/measured/latest/events.jsonl")
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
            outcomes: Dictionary(
              uniqueKeysWithValues: verdict.outcomes.map { ($0.outcome, $0.launches) }),
            verdict: verdict.verdict, reason: verdict.reason,
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

  private struct MatrixFile: Decodable {
    struct Plan: Decodable { var arms: [Arm] }
    struct Arm: Decodable {
      var scenario: String
      var strategy: Strategy
    }
    struct Strategy: Decodable { var label: String }
    struct Verdict: Decodable {
      var verdict: String
      var reason: String
      var outcomes: [Count]
      var topCause: Cause?
      var predictionPerTrial: Prediction?
      var noPrediction: String?
      var requestsPerSecond: Throughput?
    }
    struct Throughput: Decodable { var median: Double }
    struct Count: Decodable {
      var outcome: String
      var launches: Int
    }
    struct Cause: Decodable { var evidence: String }
    struct Prediction: Decodable { var agrees: Bool? }
    var plan: Plan
    var arms: [Verdict]
  }
}
