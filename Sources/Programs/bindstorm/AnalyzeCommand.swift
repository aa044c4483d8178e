internal import ArgumentParser
internal import History
internal import Judging
internal import Pages
internal import PlanModel
internal import Reports
internal import Syscalls

/// `bindstorm analyze RUN`
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze", abstract: "Judge a stored run again, without running anything.",
    discussion: """
      \(RunPlace.help)

      A run that was killed has no matrix and no JUnit file; --write makes them from what it recorded. The exit code \
      is that of the run.

      EXAMPLES:
        bindstorm analyze latest
        bindstorm analyze Results/vllm-40443/latest --json
        bindstorm analyze vllm-40443 --write --junit-file junit.xml
      """)

  @Argument(
    help: ArgumentHelp("The run.", valueName: "run"), completion: .custom(Completions.runs))
  var place: String

  @Flag(help: "Print the matrix as JSON, as matrix.json has it.")
  var json = false

  @Flag(
    help:
      "Write matrix.json, matrix.csv, matrix.md, junit.xml and report.html into the run's folder anew."
  )
  var write = false

  @OptionGroup
  var files: MatrixFileOptions

  @OptionGroup
  var report: MatrixOptions

  func run() throws {
    let run = try RunFinder().run(place, for: "analyze")
    let reports = try files.open()
    let seen = try run.judged()
    let matrix = MatrixJudge(plan: run.plan, vocabulary: vocabulary).judge(
      seen.tallies, isPartial: seen.isPartial, isIsolated: seen.isIsolated)
    let document = RunDocument(matrix: matrix, seconds: seen.seconds)
    try StandardStreams.printResult(
      json
        ? try StandardStreams.json(matrix) : report.text(matrix, run: run.folder))
    if write {
      let page = RunPage(RunPages.content(of: run, matrix, seen)).html
      try rewrite(document, page: page, in: run.folder)
    }
    try files.write(document, reports)
    try report.end(matrix)
  }

  /// Replaces the verdict in the run's folder, each file at once.
  private func rewrite(_ document: RunDocument, page: String, in path: String) throws {
    let files =
      try MatrixFormats.all.map { file, format in
        (file, try VerdictFiles.bytes(document, file, format))
      } + [(RunPages.file, Array(page.utf8))]
    do throws(FileProblem) {
      let folder = try Folder(making: path)
      for (file, bytes) in files { try folder.replace(file, with: bytes) }
    } catch {
      printError("bindstorm: cannot write the verdict into \(path): \(error)")
      throw ExitStatus.cannotWrite
    }
  }
}
