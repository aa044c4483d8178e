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
    let (tallies, isPartial) = try run.tallies()
    let matrix = MatrixJudge(plan: run.plan, vocabulary: vocabulary).judge(
      tallies, isPartial: isPartial, isIsolated: try run.isIsolated())
    try StandardStreams.printResult(
      TerminalReport(
        matrix, width: Terminal.width(of: 1), usesColor: Terminal.usesColor(color)
      ).text)
    if matrix.exitCode != 0 { throw ExitCode(matrix.exitCode) }
  }
}
