import Foundation
import TestSupport
import Testing

/// A run that an earlier build stored. `Tests/Fixtures/run` has one with every kind of record; `bindstorm run` of its plan
/// makes it anew when the format gets a new version.
@Suite struct StoredRunTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/run").path

  private struct Matrix: Decodable {
    struct Cell: Decodable {
      struct Counts: Decodable {
        var failures: Int
        var outOf: Int
      }
      struct Cause: Decodable {
        var outcome: String
        var evidence: String
      }
      var launches: Counts
      var topCause: Cause?
    }
    var arms: [Cell]
  }

  @Test func `analyze finds in a stored run what the run found`() throws {
    let matrix = try JSONDecoder().decode(
      Matrix.self, from: Data(contentsOf: URL(filePath: Self.folder + "/matrix.json")))
    try #require(matrix.arms.count == 5)
    let judged = try Program.run(
      [Built.bindstorm, "analyze", Self.folder], environment: ["COLUMNS": "4000"])
    #expect(judged.ending == .exit(0), "\(judged.errorOutput)")
    for cell in matrix.arms {
      #expect(judged.output.contains(" \(cell.launches.failures)/\(cell.launches.outOf) "))
      if let cause = cell.topCause {
        #expect(judged.output.contains("\(cause.outcome) x\(cell.launches.failures)"))
        #expect(judged.output.contains(cause.evidence))
      }
    }
  }

  @Test(arguments: 0..<5) func `explain tells every trial of a stored run`(arm: Int) throws {
    for trial in 0..<3 {
      let told = try Program.run([Built.bindstorm, "explain", "\(Self.folder)/\(arm)/\(trial)"])
      #expect(told.ending == .exit(0), "\(told.errorOutput)")
      #expect(told.output.contains(", trial \(trial) (arm \(arm))\n"))
    }
  }
}
