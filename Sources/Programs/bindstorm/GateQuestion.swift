internal import Archive
internal import ArgumentParser
internal import Judging

/// Holds a run against a baseline.
struct GateQuestion {
  let baseline: GateBaseline
  let level: Double

  /// How far apart rates may be and still be called equal; a gate itself asks only for worse.
  private static let margin = 0.05

  /// - Parameters:
  ///   - run: as the archive keeps it.
  ///   - archive: of the folder that the run is in.
  /// - Throws: exit code 64 if there is no such baseline, 74 if the archive cannot be used, after saying why.
  func judge(_ run: ArchivedRun, _ archive: RunArchive) throws -> Gate {
    let marks = try MarkFile(root: archive.root, plan: run.plan).read()
    switch baseline {
    case .pooled(let count):
      let nights = try nights(of: run, archive)
      let own = nights.filter { $0.folder == run.folder }
      let earlier = nights.filter {
        $0.folder != run.folder && ($0.startedAt, $0.folder) < (run.startedAt, run.folder)
      }
      return Gate(
        own, beside: earlier, last: count, marks: marks, level: level, margin: Self.margin,
        baseline: "the newest \(count) earlier runs")
    case .run(let text):
      let stored = try RunFinder(root: archive.root).run(text, for: "a gate")
      let other = RunArchive.containing(stored.folder)
      let reference = try other.archive.readOrExit(other.folder)
      let nights = ArchivedRun.nights(of: [reference, run])
      return Gate(
        nights.filter { $0.folder == run.folder },
        beside: nights.filter { $0.folder == reference.folder }, last: nil, marks: [],
        level: level, margin: Self.margin, baseline: reference.folder)
    }
  }

  /// All runs of the plan, and this one.
  private func nights(of run: ArchivedRun, _ place: RunArchive) throws -> [CellNight] {
    let archive = try place.open()
    return try RunArchive.orExit {
      if try !archive.folders().contains(run.folder) { try archive.add(run) }
      let nights = try archive.nights(of: run.plan)
      try archive.close()
      return nights
    }
  }
}
