internal import ArgumentParser
internal import Engine
internal import Judging
internal import PlanModel
internal import Reports
internal import Statistics
internal import TerminalText

/// Runs one strategy under two labels, again and again, and counts the false alarms of the methods that compare rows.
struct SelfCalibration {
  let arm: Arm
  let seed: UInt64
  /// Of each label in each comparison.
  let trials: Int
  let comparisons: Int
  let level: Double

  struct Document: Encodable {
    var scenario: String
    var strategy: String
    var verifiedAt: String
    var trials: Int
    var comparisons: Int
    /// Whether every trial had a network namespace.
    var isIsolated: Bool
    var rate: RateEstimate
    var withoutData: Int
    var methods: [SelfComparison.Method]
    var seconds: Double
  }

  /// Comparisons that run first, to tell how long all of them take: most of the time goes into changing the workers
  /// between blocks, which depends on the host.
  private static let pilot = 4

  /// - Throws: exit code 1 if a method cries wolf.
  func run(_ isolation: Run.IsolationPolicy, json: Bool) throws {
    let cheap = CheapArm(arm)
    let name = "\(arm.scenario), \(arm.strategy.label)"
    printError(
      "\(name): \(comparisons) comparisons of \(trials) trials beside \(trials), \(2 * comparisons * trials) trials at \(cheap.words); the first \(Self.pilot) tell how long that takes ..."
    )
    let interruption = Interruption()
    var seen = SelfComparison(cheap.arm, level: level, vocabulary: vocabulary)
    var seconds = 0.0
    var isIsolated = true
    for range in [0..<Self.pilot, Self.pilot..<comparisons] {
      if range.lowerBound > 0 {
        let pace = seconds / Double(Self.pilot)
        printError("about \(Int((pace * Double(range.count)).rounded(.up))) s more ...")
      }
      let batch = try TrialBatch(plan(cheap.arm, range), isolation: isolation, interruption)
      if let reason = batch.tallies[0].skipReason {
        printError("bindstorm: \(name) does not run: \(reason)")
        throw ExitStatus.unavailable
      }
      for place in range.indices {
        let first = 2 * (place - range.lowerBound)
        seen.add(batch.tallies[first], batch.tallies[first + 1])
      }
      seconds += batch.seconds
      if !batch.isIsolated { isIsolated = false }
    }
    let document = Document(
      scenario: arm.scenario, strategy: arm.strategy.label, verifiedAt: cheap.words,
      trials: trials, comparisons: comparisons, isIsolated: isIsolated, rate: seen.rate,
      withoutData: seen.withoutData,
      methods: seen.methods(trials: trials), seconds: seconds)
    try StandardStreams.printResult(
      json
        ? String(
          decoding: try JSONReport.bytes(document, format: "bindstorm-calibrate-self/1"),
          as: UTF8.self) : Self.text(document))
    if document.methods.contains(where: \.criesWolf) { throw ExitCode(1) }
  }

  /// A scenario for each comparison: the schedule lets the two labels take turns in it, as rows of a plan do.
  private func plan(_ arm: Arm, _ range: Range<Int>) -> ResolvedPlan {
    let arms = (0..<2 * range.count).map { index in
      var side = arm
      side.index = index
      side.scenario = "\(arm.scenario) \(range.lowerBound + index / 2 + 1)"
      side.strategy.label = index % 2 == 0 ? "A" : "B"
      side.trials = trials
      return side
    }
    return ResolvedPlan(
      version: 1, name: "self", title: "self", seed: seed &+ UInt64(range.lowerBound), arms: arms)
  }

  private static func text(_ document: Document) -> String {
    func fine(_ rate: Double) -> String { "\((rate * 1e5).rounded() / 1e3 + 0) %" }
    var lines = [
      "\(document.scenario), \(document.strategy) beside itself: \(document.comparisons) comparisons of \(document.trials) trials beside \(document.trials), \(Percent.text(document.rate.rate ?? 0)) fail, \(Int(document.seconds.rounded())) s",
      "",
    ]
    let head = ["", "false alarms", "rate [95 %]", "stated", "exact size", "verdict"]
    let rows = document.methods.map { method in
      [
        method.name, "\(method.alarms.failures)/\(method.alarms.outOf)",
        "\(fine(method.alarms.rate ?? 0)) [\(fine(method.alarms.low)), \(fine(method.alarms.high))]",
        fine(method.level), fine(method.size),
        method.criesWolf ? "CRIES WOLF" : "as stated",
      ]
    }
    lines += TextLayout.aligned([head] + rows, indent: 2)
    let noticed = document.methods.map { "\(Percent.text($0.noticed)) of \($0.name)" }
    lines += [
      "",
      "Stated: the largest probability of a false alarm. Exact size: what it is at this rate if trials are independent.",
      "CRIES WOLF: so many false alarms would come by chance in at most \(Percent.text(SelfComparison.level)) of such series. Would be noticed in 90 % of them: \(noticed.joined(separator: ", ")).",
    ]
    if document.withoutData > 0 {
      lines.append("\(document.withoutData) comparisons had a side without a launch that counts.")
    }
    return IsolationNotice.head(isIsolated: document.isIsolated)
      + lines.map { TerminalText.safeLine($0) + "\n" }.joined()
  }
}
