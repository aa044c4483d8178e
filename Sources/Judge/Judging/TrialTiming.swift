internal import History

/// The durations of a trial.
struct Timing {
  let releaseSkew: UInt64?
  let window: UInt64?
  let timeToBound: UInt64?
  let timeToServed: UInt64?

  init(_ record: TrialRecord) {
    // API servers beside a program that is the whole launch are idle.
    let isProgram = record.launches.contains { $0.forced?.isLaunch == true }
    let releases = isProgram ? [] : record.servers.map(\.released).filter { $0 > 0 }
    releaseSkew = releases.count > 1 ? releases.max()! - releases.min()! : nil
    let endpoints = record.servers.flatMap { [$0.input, $0.output] }
    let allocated = record.launches.map(\.allocationEnded).max() ?? 0
    let attempts = endpoints.map(\.attempted).filter { $0 > 0 }
    window = attempts.min().flatMap { $0 >= allocated && allocated > 0 ? $0 - allocated : nil }
    let finished = endpoints.map(\.finished)
    let opened = record.ended.barrierOpened
    let served = record.startups.map(\.served)
    timeToServed =
      served.isEmpty || served.contains(0) || opened == 0
      ? nil : served.max().flatMap { $0 >= opened ? $0 - opened : nil }
    timeToBound =
      finished.isEmpty || finished.contains(0) || opened == 0
      ? nil : finished.max().flatMap { $0 >= opened ? $0 - opened : nil }
  }
}
