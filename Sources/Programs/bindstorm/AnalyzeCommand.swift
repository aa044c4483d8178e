internal import ArgumentParser
internal import History
internal import Judging
internal import PlanModel
internal import Reports

/// `bindstorm analyze RUN`
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze", abstract: "Judge a stored run again, without running anything.")

  @Argument(help: "A run's folder, for example Results/vllm-40443/latest.", completion: .directory)
  var folder: String

  @Option(help: "Colour the matrix: auto, always or never.")
  var color: ColorChoice = .auto

  func run() throws {
    let run = try StoredRun(folder: folder)
    let plan = run.plan
    var tallies = plan.arms.map { _ in ArmTally() }
    let isPartial = try read(run, into: &tallies)
    let matrix = MatrixJudge(plan: plan, vocabulary: vocabulary).judge(
      tallies, isPartial: isPartial)
    try StandardStreams.printResult(
      TerminalReport(
        matrix, width: Terminal.width(of: 1), usesColor: Terminal.usesColor(color)
      ).text)
    if matrix.exitCode != 0 { throw ExitCode(matrix.exitCode) }
  }

  /// Judges every whole trial. A run without its last line, or with an interruption, is partial.
  private func read(_ run: StoredRun, into tallies: inout [ArmTally]) throws -> Bool {
    var isPartial = true
    try run.forEachStep { step in
      if case .runEnded(let ended) = step.event { isPartial = ended.interrupted }
      if case .armSkipped(let skipped) = step.event { tallies[skipped.arm].skip(skipped.reason) }
      if let (started, events) = step.trial {
        tallies[started.arm].add(TrialJudge(arm: run.plan.arms[started.arm]).judge(events))
      }
      return true
    }
    return isPartial
  }
}
