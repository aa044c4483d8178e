internal import ArgumentParser
internal import Judging
internal import Reports

/// `bindstorm power`
struct PowerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "power",
    abstract: "Tell how many runs a claim needs, and what runs without a failure prove.",
    discussion: """
      EXAMPLES:
        bindstorm power --clean 15 --against 0.06      what 15 clean runs prove
        bindstorm power --at-most 0.01                 runs that show at most 1 %
        bindstorm power --tell 0.8 0 --seconds-per-run 40

      Every number is exact for independent runs. Runs of which one waits for another, or which share ports, are not.
      """)

  @Option(help: "So many runs, none of which failed.")
  var clean: Int?

  @Option(help: "With --clean: a failure rate that the runs should have shown, from 0 to 1.")
  var against: Double?

  @Option(help: "The failure rate that is to be shown not to be exceeded, between 0 and 1.")
  var atMost: Double?

  @Option(
    parsing: .upToNextOption, help: "Two failure rates that are to be told apart, each from 0 to 1."
  )
  var tell: [Double] = []

  @Option(help: "Confidence of a bound.")
  var confidence = 0.95

  @Option(help: "With --tell: the probability that a difference is seen.")
  var power = 0.9

  @Option(help: "With --tell: the probability that one is seen where there is none.")
  var level = 0.05

  @Option(help: "How long a run takes; then times are printed, too.")
  var secondsPerRun: Double?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    let questions = [clean != nil, atMost != nil, !tell.isEmpty].count { $0 }
    if questions != 1 {
      throw ValidationError("one of --clean, --at-most and --tell is needed, and only one")
    }
    if let clean, !(1...1_000_000_000).contains(clean) {
      throw ValidationError("--clean must lie from 1 to 1000000000")
    }
    if against != nil && clean == nil { throw ValidationError("--against belongs to --clean") }
    if let against, !(0...1).contains(against) {
      throw ValidationError("--against must lie from 0 to 1")
    }
    if let atMost, !(atMost > 0 && atMost < 1) {
      throw ValidationError("--at-most must lie between 0 and 1")
    }
    if !tell.isEmpty && (tell.count != 2 || tell[0] == tell[1]) {
      throw ValidationError("--tell needs two different rates")
    }
    if !tell.allSatisfy((0...1).contains) { throw ValidationError("rates must lie from 0 to 1") }
    for (name, value) in [("confidence", confidence), ("power", power), ("level", level)]
    where !(value > 0 && value < 1) {
      throw ValidationError("--\(name) must lie between 0 and 1")
    }
    if let secondsPerRun, !(secondsPerRun > 0 && secondsPerRun < 1e9) {
      throw ValidationError("--seconds-per-run must be above 0")
    }
  }

  func run() throws {
    let answer: PowerAnswer =
      if let clean {
        .clean(clean, against: against, confidence: confidence)
      } else if let atMost {
        .atMost(atMost, confidence: confidence)
      } else {
        .tell(tell[0], tell[1], power: power, level: level)
      }
    try StandardStreams.printResult(
      json
        ? String(decoding: PowerReport.json(answer, secondsPerRun: secondsPerRun), as: UTF8.self)
        : PowerReport.text(answer, secondsPerRun: secondsPerRun))
  }
}
