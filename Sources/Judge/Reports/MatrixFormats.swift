public import Judging
public import ReportKit

/// The verdict of a run, as written into its results folder.
public struct RunDocument {
  public let matrix: Matrix
  /// Time each arm took, in the plan's order.
  public let seconds: [Double]

  public init(matrix: Matrix, seconds: [Double]) {
    self.matrix = matrix
    self.seconds = seconds
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
        ReportFormat("JUnit XML", text: { JUnitReport.text($0.matrix, seconds: $0.seconds) })
      ),
    ]
  }
}
