import Archive
import Foundation
import GRDB
import Judging
import Synchronization
import TestSupport
import Testing

private func run(
  _ folder: String, plan: String = "p", failed: Int = 3, tags: [String: String] = [:]
) -> ArchivedRun {
  let count = CellSample.Count(failed: failed, recovered: 1, counted: 100, uncounted: 2)
  let trials = CellSample.Count(failed: failed, counted: 50)
  return ArchivedRun(
    folder: folder, plan: plan, seed: .max, startedAt: "2026-11-28T02:00:00Z", isPartial: false,
    isIsolated: true,
    environment: .init(
      kernel: "Linux", machine: "x86_64", processors: 2, libzmq: "4.3.4", version: "0.2",
      tags: tags),
    cells: [
      .init(
        scenario: "s'; DROP TABLE run; --", strategy: "a", definition: "{}",
        strategyAnswer: .fails, planAnswer: .asExpected, isMeantToFail: true, stoppedBy: nil,
        sample: CellSample(launches: count, trials: trials, isByLaunch: false),
        outcomes: [OutcomeCount(outcome: .ready, launches: 97)],
        quantiles: [
          .init(
            measure: "timeToBound", summary: DurationSummary(samples: 1, p50: 5, p99: 6, max: 7)),
          .init(
            measure: "timeToServed", summary: DurationSummary(samples: 1, p50: 8, p99: 9, max: 9)),
        ])
    ])
}

@Suite struct ArchiveTests {
  private let scratch: ScratchFolder
  private var path: String { scratch.path + "/archive.sqlite" }

  init() throws { scratch = try ScratchFolder() }

  @Test func `what is added comes back`() throws {
    let archive = try Archive(path: path)
    try archive.add(run("p/1", tags: ["vllm": "0.19.1", "": "odd"]))
    try archive.add(run("q/1", plan: "q"))
    try archive.close()
    let night = try #require(try Archive(path: path).nights(of: "p").first)
    #expect(
      night
        == ArchivedRun.nights(of: [run("p/1", tags: ["vllm": "0.19.1", "": "odd"])]).map {
          var night = $0
          night.definition = 1
          return night
        }.first)
    #expect(night.sample.launches.uncounted == 2)
    #expect(night.medianTimeToReady == 8)
    #expect(try Archive(path: path).plans().map(\.plan) == ["p", "q"])
    #expect(try Archive(path: path).folders() == ["p/1", "q/1"])
  }

  @Test func `a run that is added again replaces itself`() throws {
    let archive = try Archive(path: path)
    try archive.add(run("p/1", failed: 3, tags: ["a": "b"]))
    try archive.add(run("p/1", failed: 4))
    let nights = try archive.nights(of: "p")
    #expect(nights.map(\.sample.launches.failed) == [4])
    #expect(nights.map(\.tags) == [[:]])
    try archive.remove(folder: "p/1")
    #expect(try archive.plans().isEmpty)
  }

  @Test func `several connections write at once and lose nothing`() async throws {
    let path = path
    try await withThrowingTaskGroup { group in
      for writer in 0..<4 {
        group.addTask {
          let archive = try Archive(path: path)
          for number in 0..<25 { try archive.add(run("p/\(writer)-\(number)")) }
          try archive.close()
        }
      }
      try await group.waitForAll()
    }
    #expect(try Archive(path: path).folders().count == 100)
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    #expect(names == ["archive.sqlite"])
  }

  /// Before the archive looked again, 10 to 17 of 40 rounds failed here on two processors.
  @Test func `a new file is made once, whoever comes first`() throws {
    for round in 0..<40 {
      let path = scratch.path + "/new-\(round).sqlite"
      let errors = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 4) { writer in
        do {
          let archive = try Archive(path: path)
          try archive.add(run("p/\(writer)"))
          try archive.close()
        } catch { errors.withLock { $0.append("\(error)") } }
      }
      #expect(errors.withLock { $0 } == [], "round \(round)")
      #expect(try Archive(path: path).folders().count == 4)
    }
  }

  @Test func `a damaged file is called so`() throws {
    try Data(repeating: 0x5A, count: 8_192).write(to: URL(filePath: path))
    #expect(throws: ArchiveError.damaged(path)) { try Archive(path: path) }
  }

  @Test func `a file that is cut short is called damaged`() throws {
    let archive = try Archive(path: path)
    for number in 0..<200 { try archive.add(run("p/\(number)")) }
    try archive.close()
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.truncate(atOffset: 8_192)
    try file.close()
    #expect(throws: ArchiveError.damaged(path)) { try Archive(path: path).nights(of: "p") }
  }

  @Test func `a place that cannot be opened is called so`() throws {
    let folder = scratch.path
    #expect(throws: ArchiveError.readOnly(folder)) { try Archive(path: folder) }
    let missing = "\(folder)/none/archive.sqlite"
    #expect(throws: ArchiveError.readOnly(missing)) { try Archive(path: missing) }
  }

  @Test func `an archive of a newer version is refused by that name`() throws {
    let archive = try Archive(path: path)
    try archive.add(run("p/1"))
    try archive.close()
    try DatabaseQueue(path: path).write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('v999')")
    }
    #expect(throws: ArchiveError.newer(path)) { try Archive(path: path) }
  }
}
