internal import Statistics

/// How many runs a claim needs, or what runs prove.
public struct PowerAnswer: Sendable, Equatable, Encodable {
  /// A number of runs with what it is for.
  public struct Line: Sendable, Equatable, Encodable {
    /// What they show, as a sentence without its subject.
    public var claim: String
    /// Nil: more than is computed.
    public var runs: Double?
  }

  /// A rate or probability in 0...1 with what it means.
  public struct Bound: Sendable, Equatable, Encodable {
    public var claim: String
    public var value: Double
  }

  /// The question in words.
  public var question: String
  public var bounds: [Bound] = []
  public var lines: [Line] = []

  /// Rates at which a bug is shown by default.
  private static let usualRates = [0.8, 0.2, 0.05, 0.01]

  /// What n runs prove of which none failed.
  public static func clean(_ n: Int, against rate: Double?, confidence: Double) -> PowerAnswer {
    var answer = PowerAnswer(
      question: "\(n) run\(n == 1 ? "" : "s"), none of which failed")
    answer.bounds.append(
      Bound(
        claim: "the failure rate is at most this, at confidence \(confidence)",
        value: ClopperPearson.upperBound(0, outOf: n, confidence: confidence)))
    for rate in rate.map({ [$0] }) ?? usualRates {
      answer.bounds.append(
        Bound(
          claim: "the probability of no failure in them at a failure rate of \(rate)",
          value: Binomial.probability(of: 0, outOf: n, rate: rate)))
    }
    return answer
  }

  /// The runs that show a rate of at most this.
  public static func atMost(_ rate: Double, confidence: Double) -> PowerAnswer {
    PowerAnswer(
      question: "a failure rate of at most \(rate), at confidence \(confidence)",
      lines: (0...3).map { failures in
        Line(
          claim: failures == 0 ? "no run may fail" : "\(failures) of them may fail",
          runs: failures == 0
            ? SampleSize.cleanRuns(toClaimAtMost: rate, confidence: confidence)
            : SampleSize.runs(toClaimAtMost: rate, with: failures, confidence: confidence)
              .map(Double.init))
      })
  }

  /// The runs that tell two rates apart.
  public static func tell(
    _ p1: Double, _ p2: Double, power: Double, level: Double
  ) -> PowerAnswer {
    var answer = PowerAnswer(
      question:
        "failure rates of \(p1) and \(p2) told apart, with power \(power), at level \(level)")
    answer.lines.append(
      Line(
        claim: "of each, compared by Fisher's exact test",
        runs: TwoSamplePower.runs(toTell: p1, from: p2, power: power, level: level)
          .map(Double.init)))
    let (good, bad) = (min(p1, p2), max(p1, p2))
    guard level < 0.5, power > 0.5 else { return answer }
    // Long enough that nearly every series ends by a decision; longer ones take time to compute.
    let test = SequentialTest(
      good: good, bad: bad, alpha: level, beta: 1 - power, longest: Self.longest)
    let clean = (1...Self.longest).first { test.decision(0, outOf: $0) == .good }
    answer.lines.append(
      Line(
        claim: "of one without a failure, until a sequential test says \(good) and not \(bad)",
        runs: clean.map(Double.init)))
    for rate in [good, bad] {
      let seen = test.characteristics(at: rate)
      answer.lines.append(
        Line(
          claim: "on average until the sequential test has decided, at a rate of \(rate)",
          runs: seen.open < 0.01 ? seen.runs : nil))
    }
    return answer
  }

  private static let longest = 3_000
}
