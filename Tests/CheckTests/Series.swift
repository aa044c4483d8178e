import Foundation
import TestSupport

/// What `check --enumerate --json` says.
struct Series: Decodable {
  struct Window: Decodable {
    var place: String
    var occurrence: Int
    var verdict: String
    var outcome: String
    var lastWords: String
    var advice: String?
    var force: String?
    var reachedThief: [Encounter]
  }
  var verdict: String
  var obstacle: String?
  var runs: Int
  var windows: [Window]
  var withoutThief: [Shown]
  struct Shown: Decodable {
    var verdict: String
    var force: String?
  }

  var verdicts: [String] { windows.map(\.verdict) }
}

/// Runs `bindstorm check --enumerate` in a network namespace of its own and reads its report.
/// - Parameter pySpy: with the programs of `make test-check-runtimes`.
func enumerate(
  _ command: [String], _ options: [String] = [], pySpy: Bool = false
) throws -> (ended: Finished, series: Series) {
  let scratch = try ScratchFolder()
  let file = scratch.path + "/series.json"
  let path = Place.environment.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
  let ended = try run(
    [try Victim.c("isolate"), Built.bindstorm, "check", "--enumerate", "--json", file]
      + (pySpy ? [] : ["--no-py-spy"]) + options + ["--"] + command,
    environment: pySpy ? ["PATH": path] : [:])
  let data = try Data(contentsOf: URL(filePath: file))
  return (ended, try JSONDecoder().decode(Series.self, from: data))
}
