internal import ArgumentParser
internal import ReportKit
internal import Reports

/// Files at fixed paths that a verdict is written to, beside those in the run's folder.
struct MatrixFileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Write the matrix as JSON to this file, too.", valueName: "file"),
    completion: .file())
  var jsonFile: String?

  @Option(
    help: ArgumentHelp("Write the matrix as JUnit XML to this file, too.", valueName: "file"),
    completion: .file())
  var junitFile: String?

  @Option(
    help: ArgumentHelp("Write the matrix as Markdown to this file, too.", valueName: "file"),
    completion: .file())
  var markdownFile: String?

  @Option(
    help: ArgumentHelp("Write the matrix as CSV to this file, too.", valueName: "file"),
    completion: .file())
  var csvFile: String?

  @Option(
    help: ArgumentHelp(
      "Write the matrix as OpenMetrics text for dashboards to this file, too.", valueName: "file"),
    completion: .file())
  var metricsFile: String?

  /// Files that were asked for, each with the name that it has in a run's folder.
  private var requested: [(file: String, path: String)] {
    [
      ("matrix.json", jsonFile), ("junit.xml", junitFile), ("matrix.md", markdownFile),
      ("matrix.csv", csvFile), ("metrics.txt", metricsFile),
    ].compactMap { file, path in path.map { (file, $0) } }
  }

  func validate() throws {
    if requested.contains(where: { $0.path == "-" || $0.path.isEmpty }) {
      throw ValidationError(
        "--json-file, --junit-file, --markdown-file, --csv-file and --metrics-file need the name of a file; --json prints JSON"
      )
    }
  }

  /// Opens the files before anything runs: one that cannot be written is then found out before a long run.
  /// - Throws: exit code 73, after saying why on standard error.
  func open() throws -> ReportFiles { try ReportFiles(requested.map(\.path)) }

  /// Writes each file that was asked for.
  /// - Throws: exit code 73, after saying why on standard error.
  func write(_ document: RunDocument, _ files: ReportFiles) throws {
    for (file, path) in requested {
      guard let format = MatrixFormats.all.first(where: { $0.file == file })?.format else {
        preconditionFailure("\(file) is not in the registry of formats")
      }
      try files.write(
        String(decoding: try VerdictFiles.bytes(document, file, format), as: UTF8.self), to: path)
    }
  }
}

/// The documents of a verdict.
enum VerdictFiles {
  /// - Throws: exit code 70, after saying why on standard error.
  static func bytes(
    _ document: RunDocument, _ file: String, _ format: ReportFormat<RunDocument>
  ) throws -> [UInt8] {
    do { return try format.bytes(document) } catch {
      printError("bindstorm: cannot encode \(file): \(error)")
      throw ExitStatus.internalError
    }
  }
}
