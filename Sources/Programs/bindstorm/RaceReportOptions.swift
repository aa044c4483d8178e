internal import ArgumentParser
internal import RaceReporting
internal import ReportKit
internal import TraceKit

/// The registry of the formats in which `check` writes its findings, each with its option. A new format needs an option
/// and a line here.
struct RaceReportOptions: ParsableArguments {
  @Option(
    name: [.customLong("json"), .customLong("json-file")],
    help: ArgumentHelp("Write JSON to this file, - for standard output.", valueName: "file"),
    completion: .file())
  var json: String?

  @Option(
    name: [.customLong("junit"), .customLong("junit-file")],
    help: ArgumentHelp("Write JUnit XML to this file.", valueName: "file"), completion: .file())
  var junit: String?

  @Option(
    name: [.customLong("sarif"), .customLong("sarif-file")],
    help: ArgumentHelp(
      "Write SARIF 2.1.0 to this file, one result for each place.", valueName: "file"),
    completion: .file())
  var sarif: String?

  @Option(
    name: [.customLong("html"), .customLong("html-file")],
    help: ArgumentHelp("Write a self-contained HTML page to this file.", valueName: "file"),
    completion: .file())
  var html: String?

  @Option(
    help: ArgumentHelp(
      "Write a trace for ui.perfetto.dev to this file: processes, ports and windows along time.",
      valueName: "file"), completion: .file())
  var trace: String?

  /// The formats that were requested, with their files.
  var requested: [(format: ReportFormat<RunFindings>, path: String)] {
    let all: [(ReportFormat<RunFindings>, String?)] = [
      (.json, json), (.junit, junit), (.sarif, sarif), (.html, html),
      (.trace, trace),
    ]
    return all.compactMap { format, path in path.map { (format, $0) } }
  }
}

extension ReportFormat where Document == RunFindings {
  /// Of a single run. A series has no time that is common to its runs.
  static var trace: Self {
    Self(
      "Perfetto trace",
      bytes: { findings in
        PerfettoTrace(
          start: findings.facts.startedAt, FindingLifelines.all(findings.book, findings.facts)
        ).bytes
      })
  }
}
