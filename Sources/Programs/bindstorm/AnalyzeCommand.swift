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
      "Write matrix.json, matrix.csv, matrix.md, metrics.txt, junit.xml and report.html into the run's folder anew, and the run into the archive."
  )
  var write = false

  @OptionGroup
  var files: MatrixFileOptions

  @OptionGroup
  var report: MatrixOptions

  func run() throws {
    let run = try RunFinder().run(place, for: "analyze")
    let reports = try files.open()
    let document = try run.document()
    let matrix = document.matrix
    try StandardStreams.printResult(
      json
        ? try StandardStreams.json(matrix) : report.text(matrix, run: run.folder))
    if write {
      try StoredVerdict.write(document, of: run)
      let (archive, folder) = RunArchive.containing(run.folder)
      archive.add(try archive.readOrExit(folder))
    }
    try files.write(document, reports)
    try report.end(matrix)
  }
}

/// The verdict's files in a run's folder.
enum StoredVerdict {
  /// Replaces them, each at once.
  /// - Throws: exit code 74, after saying why on standard error.
  static func write(_ document: RunDocument, of run: StoredRun) throws {
    let path = run.folder
    let page = RunPage(try RunPages.content(of: run)).html
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
