internal import ArgumentParser
internal import Judging
internal import Pages
internal import Reports
internal import Syscalls

/// `bindstorm report RUN`
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make a page, a picture or a short comment of a stored run.",
    discussion: """
      The page is one file that loads nothing from elsewhere: the matrix, each cell with its interval, its causes and \
      its lost trials along time, the comparison of the strategies, their costs, and how to run it again. Each run \
      writes it as report.html into its folder, too.

      \(RunPlace.help)

      EXAMPLES:
        bindstorm report latest -o report.html
        bindstorm report vllm-40443 --svg matrix.svg --png matrix.png
        bindstorm report strategies --markdown | gh pr comment --body-file -
      """)

  @Argument(help: "The run.", completion: .custom(Completions.runs))
  var place: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write the page to this file, - for standard output.", valueName: "file"),
    completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write the matrix as a picture to this file, - for standard output.", valueName: "file"),
    completion: .file())
  var svg: String?

  @Option(
    help: ArgumentHelp(
      "Write the same picture as PNG to this file; rsvg-convert must be installed.",
      valueName: "file"),
    completion: .file())
  var png: String?

  @Flag(
    help:
      "Print Markdown that fits into a comment: failing and decisive cells first, the rest folded.")
  var markdown = false

  func validate() throws {
    if output == nil && svg == nil && png == nil && !markdown {
      throw ValidationError("nothing to make; give -o FILE, --svg FILE, --png FILE or --markdown")
    }
    if [output, svg, png].contains("") { throw ValidationError("a file's name is empty") }
    if png == "-" { throw ValidationError("--png needs the name of a file") }
    let printed = [output == "-", svg == "-", markdown].count { $0 }
    if printed > 1 { throw ValidationError("only one report can go to standard output") }
  }

  func run() throws {
    let run = try RunFinder().run(place, for: "report")
    let renderer = try png.map { _ in try Self.renderer() }
    let files = try ReportFiles([output, svg].compactMap { $0 })
    let content = try RunPages.content(of: run)
    if let output { try files.write(RunPage(content).html, to: output) }
    if let svg { try files.write(MatrixPicture(content.matrix).svg, to: svg) }
    if let png, let renderer { try render(content.matrix, to: png, renderer) }
    if markdown { try StandardStreams.printResult(ShortMarkdown.text(content.matrix)) }
  }

  /// - Throws: exit code 69, after saying on standard error what to install.
  private static func renderer() throws -> String {
    guard let path = HostProgram.find("rsvg-convert") else {
      printError(
        "bindstorm: --png needs rsvg-convert, which is not in PATH; install it (Debian: librsvg2-bin), or use --svg"
      )
      throw ExitStatus.unavailable
    }
    return path
  }

  /// - Throws: exit code 73, after saying why on standard error.
  private func render(_ matrix: Matrix, to path: String, _ renderer: String) throws {
    let bytes: [UInt8]?
    do throws(SystemError) {
      // Twice the size, for dense displays.
      bytes = try HostProgram.filtered(
        MatrixPicture(matrix).svg.utf8, through: [renderer, "--zoom", "2"])
    } catch {
      printError("bindstorm: cannot run \(renderer): \(error)")
      throw ExitStatus.unavailable
    }
    guard let bytes, !bytes.isEmpty else {
      printError("bindstorm: \(renderer) made no picture, for the reason above; use --svg")
      throw ExitStatus.cannotCreate
    }
    do throws(FileProblem) {
      try FileBytes.write(bytes, closing: try FileBytes.createForWriting(path))
    } catch {
      printError("bindstorm: cannot write \(path): \(error)")
      throw ExitStatus.cannotCreate
    }
  }
}
