import Foundation

/// What tests ask of a run's `matrix.json`.
public struct StoredMatrix: Decodable {
  public struct Plan: Decodable { public let arms: [Arm] }
  public struct Arm: Decodable {
    public let scenario: String
    public let strategy: Strategy
  }
  public struct Strategy: Decodable { public let label: String }
  public struct Throughput: Decodable { public let median: Double }
  public struct Count: Decodable {
    public let outcome: String
    public let launches: Int
  }
  public struct Cause: Decodable { public let evidence: String }
  public struct Prediction: Decodable { public let agrees: Bool? }
  /// What came of one arm.
  public struct Result: Decodable {
    public let strategyAnswer: String
    public let planAnswer: String
    public let reason: String
    public let outcomes: [Count]
    public let topCause: Cause?
    public let predictionPerTrial: Prediction?
    public let noPrediction: String?
    public let requestsPerSecond: Throughput?

    /// Launches by outcome.
    public var launches: [String: Int] {
      Dictionary(uniqueKeysWithValues: outcomes.map { ($0.outcome, $0.launches) })
    }
  }
  public let plan: Plan
  /// In the order of the plan's arms.
  public let arms: [Result]

  public init(path: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(filePath: path)))
  }
}
