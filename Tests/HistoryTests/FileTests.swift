import Glibc
import Testing

@testable import History

/// A path in a folder of its own that is removed with its content.
final class ScratchFile {
  let folder: String
  var path: String { folder + "/events.jsonl" }

  init() {
    var template = Array("/tmp/bindstorm-history-XXXXXX".utf8CString)
    folder = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit {
    unlink(path)
    rmdir(folder)
  }

  func size() -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : -1
  }
}

@Suite struct FileTests {
  @Test func whatIsWrittenIsRead() throws {
    let scratch = ScratchFile()
    var writer = try HistoryWriter(creating: scratch.path)
    // More than one piece of the reader, so that lines lie across its border.
    let trials = 300
    try writer.append(Sample.small[0])
    for _ in 0..<trials { for event in Sample.typicalTrial { try writer.append(event) } }
    try writer.append(Sample.small[7])
    try writer.close()
    #expect(scratch.size() > 1 << 20)
    var reader = try HistoryReader(path: scratch.path)
    #expect(try reader.next() == Sample.small[0])
    for _ in 0..<trials {
      for event in Sample.typicalTrial { #expect(try reader.next() == event) }
    }
    #expect(try reader.next() == Sample.small[7])
    #expect(try reader.next() == nil)
    let isTorn = reader.isTorn
    #expect(!isTorn)
  }

  @Test func trialIsWrittenWhenItEnds() throws {
    let scratch = ScratchFile()
    var writer = try HistoryWriter(creating: scratch.path)
    try writer.append(Sample.small[0])
    try writer.append(Sample.small[1])
    let before = scratch.size()
    #expect(before == Sample.encoded(Array(Sample.small[0...1])).count)
    for event in Sample.small[2...5] { try writer.append(event) }
    #expect(scratch.size() == before)
    try writer.append(Sample.small[6])
    #expect(scratch.size() == Sample.encoded(Array(Sample.small[0...6])).count)
    try writer.close()
  }

  @Test func existingHistoryIsNeverWrittenOver() throws {
    let scratch = ScratchFile()
    let writer = try HistoryWriter(creating: scratch.path)
    try writer.close()
    #expect(throws: HistoryError.cannotOpen(path: scratch.path, errno: EEXIST)) {
      let second = try HistoryWriter(creating: scratch.path)
      try second.close()
    }
  }

  @Test func fullDiskIsATypedErrorAndKeepsTheEvents() throws {
    // A file size limit gives EFBIG on any file system; it is process wide, so use /dev/full instead.
    let scratch = ScratchFile()
    #expect(symlink("/dev/full", scratch.path) == 0)
    #expect(throws: HistoryError.cannotOpen(path: scratch.path, errno: EEXIST)) {
      let writer = try HistoryWriter(creating: scratch.path)
      try writer.close()
    }
    var writer = try HistoryWriter(appendingTo: "/dev/full")
    #expect(throws: HistoryError.cannotWrite(path: "/dev/full", errno: ENOSPC)) {
      try writer.append(Sample.small[0])
    }
    #expect(throws: HistoryError.cannotWrite(path: "/dev/full", errno: ENOSPC)) {
      try writer.flush()
    }
  }

  @Test func missingFileIsATypedError() {
    #expect(throws: HistoryError.cannotOpen(path: "/nonexistent/x", errno: ENOENT)) {
      _ = try HistoryReader(path: "/nonexistent/x").isTorn
    }
    #expect(throws: HistoryError.cannotRead(path: "/tmp", errno: EISDIR)) {
      var reader = try HistoryReader(path: "/tmp")
      _ = try reader.next()
    }
  }
}

@Suite struct ReadingTests {
  private func read(_ bytes: [UInt8]) throws -> (events: [Event], isTorn: Bool) {
    var reader = HistoryReader(bytes: bytes, name: "events.jsonl")
    let events = try reader.remainingEvents()
    return (events, reader.isTorn)
  }

  @Test func tornLastLineIsToleratedAtEveryLength() throws {
    let whole = Sample.encoded(Array(Sample.small.dropLast()))
    let last = Sample.encoded([Sample.small[7]])
    for length in 0..<last.count {
      let (events, isTorn) = try read(whole + last.prefix(length))
      #expect(events == Array(Sample.small.dropLast()))
      #expect(isTorn == (length > 0))
    }
    #expect(try read(whole + last).events == Sample.small)
  }

  @Test func badLineInTheMiddleNamesItsLine() {
    let bytes = Sample.encoded([Sample.small[0]]) + Array("{\"event\":\n".utf8)
    let error = HistoryError.badLine(
      path: "events.jsonl", line: 2, reason: "expected a whole number at column 10")
    #expect(throws: error) { try read(bytes) }
    #expect(error.description == "events.jsonl:2: expected a whole number at column 10")
  }

  @Test func unknownVersionSaysWhatToDo() {
    let line = #"{"event":"run-started","schemaVersion":9,"novelty":[1]}"# + "\n"
    let error = HistoryError.unknownSchemaVersion(path: "events.jsonl", found: 9, supported: 1)
    #expect(throws: error) { try read(Array(line.utf8)) }
    #expect(error.description.contains("run the plan again"))
  }

  @Test func firstLineMustStartTheRun() {
    #expect(throws: HistoryError.self) { try read(Sample.encoded([Sample.small[1]])) }
    #expect(throws: HistoryError.self) {
      try read(Sample.encoded([Sample.small[0], Sample.small[0]]))
    }
  }

  @Test func emptyFileHasNoEvents() throws {
    let (events, isTorn) = try read([])
    #expect(events.isEmpty && !isTorn)
  }
}

@Suite struct GroupingTests {
  @Test func trialsAreCutOut() {
    var grouping = TrialGrouping()
    #expect(Sample.small.compactMap { grouping.add($0) } == [Array(Sample.small[2...6])])
    #expect(grouping.unfinished.isEmpty)
  }

  @Test func trialWithoutEndIsHandedOverWhenTheNextBegins() {
    var grouping = TrialGrouping()
    let cut = Array(Sample.small[2...4])
    #expect(
      (cut + Sample.small[2...6]).compactMap { grouping.add($0) } == [
        cut, Array(Sample.small[2...6]),
      ])
  }

  @Test func trialCutOffByTheEndIsLeftUnfinished() {
    var grouping = TrialGrouping()
    #expect(Sample.small[2...4].allSatisfy { grouping.add($0) == nil })
    #expect(grouping.unfinished == Array(Sample.small[2...4]))
  }
}
