import Foundation
import Testing

/// A trace as a reader with Perfetto's own schema sees it: `Tests/Trace/read.py`, which also checks clock, nesting, order
/// and arrows.
public struct ReadTrace: Decodable {
  /// A slice, or an instant, which has no end.
  public struct Event: Decodable, Equatable {
    public var track: String
    public var name: String
    public var at: UInt64
    public var end: UInt64?
    /// What it means: `held`, `free`, `failure` and so on.
    public var category: String
    public var details: [String: String]
    /// How many slices it lies in; nil for instants.
    public var depth: Int?
  }
  public struct Track: Decodable {
    public var name: String
    /// 0 if it is no process.
    public var pid: Int32
    /// Name of the group, empty for none.
    public var parent: String
    public var slices: [Event]
    public var instants: [Event]
  }
  public struct Arrow: Decodable {
    public var from: Event
    public var to: Event
  }

  public var tracks: [Track]
  public var arrows: [Arrow]

  public func track(_ name: String) -> Track? { tracks.first { $0.name == name } }

  /// `.venv/statistics` of `make statistics-python`, else `python3`; nil if neither has the package.
  private static let python: String? = {
    let prepared = Built.repository + "/.venv/statistics/bin/python"
    return [prepared, "python3"].first { python in
      (try? Program.run([python, "-c", "import perfetto.protos.perfetto.trace.perfetto_trace_pb2"]))?
        .ending == .exit(0)
    }
  }()

  /// - Parameter span: the times that may occur; nil if they are not known.
  /// - Throws: `TestFailure` with what the reader objects to; skips the test where the package is not installed.
  public init(_ path: String, within span: ClosedRange<UInt64>? = nil) throws {
    guard let python = Self.python else {
      try skip("no perfetto; `make statistics-python` installs it")
    }
    let read = try Program.run([
      python, Built.repository + "/Tests/Trace/read.py", path, "\(span?.lowerBound ?? 0)",
      "\(span?.upperBound ?? 0)",
    ])
    guard read.ending == .exit(0) else { throw TestFailure("\(path): \(read)") }
    self = try JSONDecoder().decode(Self.self, from: Data(read.output.utf8))
  }
}
