internal import ArgumentParser
internal import History
internal import Judging
internal import PlanModel

/// `bindstorm analyze RUN`
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze", abstract: "Judge a stored run again, without running anything.")

  @Argument(help: "A run's folder, for example Results/vllm-40443/latest.", completion: .directory)
  var folder: String

  @OptionGroup
  var report: MatrixOptions

  func run() throws {
    let run = try StoredRun(folder: folder)
    let (tallies, isPartial) = try run.tallies()
    let matrix = MatrixJudge(plan: run.plan, vocabulary: vocabulary).judge(
      tallies, isPartial: isPartial)
    try StandardStreams.printResult(report.text(matrix, run: run.lastingFolder))
    try report.end(matrix)
  }
}
