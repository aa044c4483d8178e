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
    let plan = try StoredRun(folder: folder).plan
    var tallies = plan.arms.map { _ in ArmTally() }
    let isPartial: Bool
    do throws(HistoryError) {
      isPartial = try read(plan, into: &tallies)
    } catch {
      printError("bindstorm: \(error)")
      throw ExitStatus.badPlan
    }
    let matrix = MatrixJudge(plan: plan, vocabulary: vocabulary).judge(
      tallies, isPartial: isPartial)
    try StandardStreams.printResult(
      TerminalReport(
        matrix, width: Terminal.width(of: 1), usesColor: Terminal.usesColor(color)
      ).text)
    if matrix.exitCode != 0 { throw ExitCode(matrix.exitCode) }
  }

  /// Judges every whole trial; a run without its last line, or with an interruption in it, is partial.
  private func read(
    _ plan: ResolvedPlan, into tallies: inout [ArmTally]
  ) throws(HistoryError) -> Bool {
    var reader = try HistoryReader(path: "\(folder)/events.jsonl")
    var grouping = TrialGrouping()
    var isPartial = true
    while let event = try reader.next() {
      if case .runEnded(let ended) = event { isPartial = ended.interrupted }
      if case .armSkipped(let skipped) = event, plan.arms.indices.contains(skipped.arm) {
        tallies[skipped.arm].skip(skipped.reason)
      }
      guard let events = grouping.add(event), case .trialStarted(let started)? = events.first,
        plan.arms.indices.contains(started.arm)
      else { continue }
      tallies[started.arm].add(TrialJudge(arm: plan.arms[started.arm]).judge(events))
    }
    return isPartial
  }
}
