import Lifelines
import SwiftProtobuf
import Testing

@testable import TraceKit

/// Lifelines as a file in Perfetto's format, decoded again.
@Suite struct PerfettoTraceTests {
  private func decoded(_ lifelines: [Lifeline]) throws -> Perfetto_Protos_Trace {
    try Perfetto_Protos_Trace(serializedBytes: PerfettoTrace(start: 5, lifelines).bytes)
  }

  private func process(_ name: String, _ pid: Int32, _ spans: [Lifeline.Span]) -> Lifeline {
    var lifeline = Lifeline(.process(pid: pid), name)
    lifeline.spans = spans
    return lifeline
  }

  /// `B outer 10` for the begin of a span, `E 10` for its end, `I word 10` for an instant, in the order of the file.
  private func events(_ trace: Perfetto_Protos_Trace, track: UInt64) -> [String] {
    trace.packet.filter { $0.hasTimestamp && $0.trackEvent.trackUuid == track }.map {
      switch $0.trackEvent.type {
      case .sliceBegin: "B \($0.trackEvent.name) \($0.timestamp)"
      case .sliceEnd: "E \($0.timestamp)"
      case .instant: "I \($0.trackEvent.name) \($0.timestamp)"
      case .unspecified: "?"
      }
    }
  }

  @Test func `the clock is named, and every packet is of the one sequence`() throws {
    let trace = try decoded([process("a", 7, [.init(.work, "w", from: 10, to: 20)])])
    let clock = trace.packet[0].clockSnapshot
    #expect(clock.primaryTraceClock == .monotonic && clock.clocks.map(\.timestamp) == [5])
    #expect(trace.packet.allSatisfy { $0.trustedPacketSequenceID == 1 })
    #expect(trace.packet.map(\.sequenceFlags) == [1, 0, 0, 0])
    #expect(trace.packet.filter(\.hasTimestamp).allSatisfy { $0.timestampClockID == 3 })
    #expect(trace.packet[1].trackDescriptor.process.pid == 7)
  }

  @Test func `a span within another one is inside it, and one that follows is beside it`() throws {
    var lane = process(
      "a", 7,
      [
        .init(.step, "inner", from: 10, to: 20), .init(.work, "outer", from: 10, to: 40),
        .init(.step, "next", from: 20, to: 40), .init(.step, "empty", from: 40, to: 40),
      ])
    lane.instants = [
      .init(.success, "end", at: 40), .init(.step, "first", at: 3), .init(.step, "middle", at: 20),
    ]
    let trace = try decoded([lane])
    #expect(
      events(trace, track: 1) == [
        "I first 3", "B outer 10", "B inner 10", "I middle 20", "E 20", "B next 20", "I end 40",
        "E 40", "E 40", "B empty 40", "E 40",
      ])
  }

  @Test func `spans that cross are on tracks of their own, as children of the process`() throws {
    let trace = try decoded([
      process(
        "a", 7,
        [.init(.step, "one", from: 10, to: 30), .init(.step, "two", from: 20, to: 40)])
    ])
    #expect(events(trace, track: 1) == ["B one 10", "E 30"])
    #expect(events(trace, track: 2) == ["B two 20", "E 40"])
    let tracks = trace.packet.map(\.trackDescriptor).filter(\.hasUuid)
    #expect(tracks.map(\.name) == ["a", "a (2)"] && tracks[1].parentUuid == tracks[0].uuid)
    #expect(tracks.map(\.hasProcess) == [true, false])
  }

  @Test func `ports are in a group, in the order that they have`() throws {
    let trace = try decoded([Lifeline(.port, "port 9"), Lifeline(.port, "port 10")])
    let tracks = trace.packet.map(\.trackDescriptor).filter(\.hasUuid)
    #expect(tracks.map(\.name) == ["ports", "port 9", "port 10"])
    #expect(tracks[0].childOrdering == .explicit)
    #expect(tracks[1...].allSatisfy { $0.parentUuid == tracks[0].uuid })
    #expect(tracks[1].siblingOrderRank < tracks[2].siblingOrderRank)
  }

  @Test func `an arrow begins before it ends, or is left out`() throws {
    var (source, end) = (Lifeline(.process(pid: 1), "s"), Lifeline(.process(pid: 2), "e"))
    for (id, times) in [(1, (10, 20)), (2, (30, 20)), (4, (40, 40))] as [(UInt64, (UInt64, UInt64))]
    {
      var first = Lifeline.Instant(.step, "takes \(id)", at: times.0)
      first.arrows = [.init(id: id, arrives: false)]
      var second = Lifeline.Instant(.failure, "fails \(id)", at: times.1)
      second.arrows = [.init(id: id, arrives: true)]
      source.instants.append(first)
      end.instants.append(second)
    }
    end.instants[0].arrows.append(.init(id: 3, arrives: true))
    let events = try decoded([source, end]).packet.map(\.trackEvent)
    #expect(events.flatMap(\.flowIds).sorted() == [1, 4])
    #expect(events.flatMap(\.terminatingFlowIds).sorted() == [1, 4])
    #expect(events.first { $0.terminatingFlowIds == [1] }?.name == "fails 1")
  }

  @Test func `equal lifelines give equal bytes, and foreign names do no harm`() throws {
    var lane = process("evil\u{1B}[31m\u{202E}\nname", 7, [.init(.work, "a\tb", from: 1, to: 2)])
    lane.spans[0].details = [.init("who", "x\u{0}y")]
    #expect(PerfettoTrace(start: 0, [lane]).bytes == PerfettoTrace(start: 0, [lane]).bytes)
    let trace = try decoded([lane])
    #expect(trace.packet[1].trackDescriptor.name == "evil\u{241B}[31m\u{FFFD}\u{240A}name")
    #expect(trace.packet[2].trackEvent.name == "a\u{2409}b")
    #expect(trace.packet[2].trackEvent.debugAnnotations.map(\.stringValue) == ["x\u{2400}y"])
    #expect(try decoded([]).packet.count == 1)
  }
}
