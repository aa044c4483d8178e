public import Judging
public import ReportKit

/// The verdict of a run, as written into its results folder.
public struct RunDocument {
  public let matrix: Matrix
  /// Time each arm took, in the plan's order.
  public let seconds: [Double]
  /// Where it ran; nil if that is not known.
  public let origin: RunOrigin?

  public init(matrix: Matrix, seconds: [Double], origin: RunOrigin? = nil) {
    self.matrix = matrix
    self.seconds = seconds
    self.origin = origin
  }
}

/// Where and when a run was made.
public struct RunOrigin: Sendable {
  /// The run's folder, for commands.
  public var folder: String
  /// UTC, as `2026-11-28T02:00:00Z`; nil if it is not known.
  public var startedAt: String?
  /// The host's name; nil if it is not known.
  public var host: String?
  /// Names with values, for programs: `kernel` and the like.
  public var facts: [(name: String, value: String)]

  public init(
    folder: String, startedAt: String?, host: String?, facts: [(name: String, value: String)]
  ) {
    (self.folder, self.startedAt, self.host, self.facts) = (folder, startedAt, host, facts)
  }
}

/// The registry of the formats in which a run's verdict is written. A new format needs a line here.
public enum MatrixFormats {
  /// Each with the name of its file.
  public static var all: [(file: String, format: ReportFormat<RunDocument>)] {
    [
      ("matrix.json", ReportFormat("JSON", bytes: { try JSONReport.bytes($0.matrix) })),
      ("matrix.csv", ReportFormat("CSV", text: { CSVReport.text($0.matrix) })),
      ("matrix.md", ReportFormat("Markdown", text: { MarkdownReport.text($0.matrix) })),
      (
        "metrics.txt",
        ReportFormat(
          "OpenMetrics", text: { OpenMetricsReport.text($0.matrix, seconds: $0.seconds) })
      ),
      (
        "junit.xml",
        ReportFormat("JUnit XML", text: { JUnitReport.text($0) })
      ),
    ]
  }
}
