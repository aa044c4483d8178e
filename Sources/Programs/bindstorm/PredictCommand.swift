internal import ArgumentParser
internal import PlanModel
internal import PortModel
internal import Reports
internal import Theory

/// `bindstorm predict`
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract:
      "Tell at which rate launches lose a port, without a plan and without running anything.",
    discussion: """
      EXAMPLES:
        bindstorm predict --api-servers 24 --foreign-draws 300
        bindstorm predict --api-servers 16 --sweep foreign-draws=0..2000
        bindstorm predict --api-servers 16 --rate 0.8      draws for a rate of 80 %
        bindstorm predict --api-servers 32 --launches-per-day 5000

      The rates are those of Linux's allocator for ephemeral ports, by closed formulas; where there is none, of its model, \
      trial by trial, and marked as simulated.

      EXIT CODES: 0; 2 if a rate cannot be reached; 64 wrong usage, or nothing is known of the strategy.
      """)

  @Option(help: "API servers of a launch, each with two addresses, from 1 to 4096.")
  var apiServers = 16

  @Option(help: "Ports that others draw between allocation and bind, and hold.")
  var foreignDraws = 0

  @Option(help: "Parallel launches on the host, from 1 to 64.")
  var launches = 1

  @Option(help: "Ports that others hold before the launches begin.")
  var residents = 0

  @Option(help: "The ephemeral range, as in net.ipv4.ip_local_port_range.")
  var pool = PoolArgument(low: 32_768, high: 60_999)

  @Option(
    help: "The strategy; bindstorm list strategies has them.",
    completion: .custom(Completions.strategies))
  var strategy = "probe-then-bind"

  @Option(help: "Solve for this rate per launch, between 0 and 1.")
  var rate: Double?

  @Option(
    help:
      "With --rate, what is turned: \(RateQuestion.Knob.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var by = KnobArgument(knob: .foreignDraws)

  @Option(help: "A table over one of them: KNOB=FIRST..LAST, or KNOB=FIRST..LAST:STEP.")
  var sweep: SweepArgument?

  @Option(help: "Launches on all hosts in a day: print how many are expected to fail.")
  var launchesPerDay: Double?

  @Flag(help: "Simulate, even where there is a closed formula.")
  var simulate = false

  @Option(help: "Trials of a simulation.")
  var trials = 1_000_000

  @Option(help: "Seed of a simulation.")
  var seed: UInt64 = 1

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    for (name, value, knob) in [
      ("api-servers", apiServers, RateQuestion.Knob.apiServers),
      ("foreign-draws", foreignDraws, .foreignDraws), ("launches", launches, .launches),
      ("residents", residents, .residents),
    ] where !knob.range.contains(value) {
      throw ValidationError(
        "--\(name) must lie from \(knob.range.lowerBound) to \(knob.range.upperBound)")
    }
    if let rate, !(rate > 0 && rate < 1) {
      throw ValidationError("--rate must lie between 0 and 1")
    }
    if rate != nil && sweep != nil {
      throw ValidationError("--rate and --sweep exclude each other")
    }
    if rate != nil && simulate { throw ValidationError("--rate is solved by the formulas only") }
    if let launchesPerDay, !(launchesPerDay > 0) {
      throw ValidationError("--launches-per-day must be above 0")
    }
    if !(1...100_000_000).contains(trials) {
      throw ValidationError("--trials must lie from 1 to 100000000")
    }
  }

  func run() throws {
    guard let descriptor = vocabulary.strategy(named: strategy) else {
      printError("bindstorm: there is no strategy \"\(strategy)\"; see bindstorm list strategies")
      throw ExitStatus.badPlan
    }
    let question = RateQuestion(
      strategy: descriptor, apiServers: apiServers, launches: launches, foreignDraws: foreignDraws,
      residents: residents, pool: PortPool(low: pool.low, high: pool.high))
    if let rate { return try solve(question, rate) }
    var points: [PredictTable.Point] = []
    for value in sweep?.values ?? [0] {
      var question = question
      if let sweep { question[sweep.knob] = value }
      points.append(PredictTable.Point(value: value, answer: try answer(question)))
    }
    let table = PredictTable(
      question: question, knob: sweep?.knob, points: points, launchesPerDay: launchesPerDay)
    try StandardStreams.printResult(
      json
        ? String(
          decoding: try JSONReport.bytes(table.document, format: "bindstorm-predict/1"),
          as: UTF8.self) : table.text)
  }

  private func answer(_ question: RateQuestion) throws -> RateAnswer {
    do throws(NoPrediction) {
      if !simulate { return try question.answer(vocabulary) }
    } catch {
      if question.simulation == nil {
        printError("bindstorm: no rate is known: \(error.reason)")
        throw ExitStatus.badPlan
      }
    }
    guard let answer = question.simulated(trials: trials, seed: seed) else {
      printError("bindstorm: \(strategy) cannot be simulated")
      throw ExitStatus.badPlan
    }
    return answer
  }

  private func solve(_ question: RateQuestion, _ target: Double) throws {
    let solution: KnobSolver.Solution
    do throws(NoPrediction) {
      solution = try KnobSolver(question, vocabulary: vocabulary).solve(by.knob, target: target)
    } catch {
      printError("bindstorm: no rate is known: \(error.reason)")
      throw ExitStatus.badPlan
    }
    let answer = SolutionText(question: question, target: target, solution: solution)
    try StandardStreams.printResult(
      json
        ? String(
          decoding: try JSONReport.bytes(answer.document, format: "bindstorm-predict-knob/1"),
          as: UTF8.self) : answer.text)
    if case .outOfReach = solution { throw ExitCode(2) }
  }
}

/// LOW-HIGH on the command line.
struct PoolArgument: ExpressibleByArgument, CustomStringConvertible {
  let low: Int
  let high: Int

  init(low: Int, high: Int) { (self.low, self.high) = (low, high) }

  init?(argument: String) {
    let ends = argument.split(separator: "-").compactMap { Int($0) }
    guard ends.count == 2, ends[0] >= 1_024, ends[1] <= 65_535, ends[0] < ends[1] else {
      return nil
    }
    self.init(low: ends[0], high: ends[1])
  }

  var description: String { "\(low)-\(high)" }
  var defaultValueDescription: String { description }
}

/// A knob on the command line.
struct KnobArgument: ExpressibleByArgument {
  let knob: RateQuestion.Knob

  init(knob: RateQuestion.Knob) { self.knob = knob }

  init?(argument: String) {
    guard let knob = RateQuestion.Knob(rawValue: argument) else { return nil }
    self.knob = knob
  }

  static var allValueStrings: [String] { RateQuestion.Knob.allCases.map(\.rawValue) }
  var defaultValueDescription: String { knob.rawValue }
}

/// KNOB=FIRST..LAST:STEP on the command line.
struct SweepArgument: ExpressibleByArgument {
  let knob: RateQuestion.Knob
  let values: [Int]

  /// The most lines of a table.
  private static let longest = 1_000

  init?(argument: String) {
    let halves = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard halves.count == 2, let knob = RateQuestion.Knob(rawValue: halves[0]) else { return nil }
    let parts = halves[1].split(separator: ":").map(String.init)
    let ends = parts.first?.split(separator: ".").compactMap { Int($0) } ?? []
    guard parts.count <= 2, parts[0].contains(".."), ends.count == 2, ends[0] <= ends[1],
      knob.range.contains(ends[0]), knob.range.contains(ends[1])
    else { return nil }
    // Twenty steps are a curve that fits a screen.
    let step = parts.count == 2 ? Int(parts[1]) : max(1, (ends[1] - ends[0]) / 20)
    guard let step, step > 0, (ends[1] - ends[0]) / step < Self.longest else { return nil }
    self.knob = knob
    values = Array(stride(from: ends[0], through: ends[1], by: step))
  }
}
