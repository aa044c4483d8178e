public import Lifelines
internal import SwiftProtobuf
internal import TerminalText

/// Lifelines as a trace in Perfetto's format, for ui.perfetto.dev and its tools. Equal lifelines give equal bytes.
///
/// Timestamps are the record's own, nanoseconds of CLOCK_MONOTONIC; the file says so. Each process is a track with its
/// process id; ports and faults are tracks in a group of their own.
public struct PerfettoTrace {
  private let start: UInt64
  private let lifelines: [Lifeline]

  /// - Parameters:
  ///   - start: when the record began, by the clock of the lifelines.
  ///   - lifelines: in the order in which tracks of one group are shown.
  public init(start: UInt64, _ lifelines: [Lifeline]) {
    self.start = start
    self.lifelines = lifelines
  }

  /// The file.
  public var bytes: [UInt8] {
    var trace = Perfetto_Protos_Trace()
    var tracks = TrackTable()
    var lanes: [(isTarget: Bool, events: [TrackMoment])] = []
    for lifeline in lifelines {
      for (number, row) in TrackRows.rows(of: lifeline).enumerated() {
        let track = tracks.add(lifeline, row: number)
        lanes.append((row.flatMap(\.arrows).contains(where: \.arrives), row.map { $0.on(track) }))
      }
    }
    // What an arrow comes from may have happened in the nanosecond of what it leads to, and must be read first.
    let events = (lanes.filter { !$0.isTarget } + lanes.filter(\.isTarget)).flatMap(\.events)
    // Stable: what happened in the same nanosecond stays in the order of its track.
    let sorted = events.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }
    .map(\.element)
    let arrows = Self.whole(sorted)
    trace.packet = [clock] + tracks.packets + sorted.map { Self.packet($0, arrows) }
    for index in trace.packet.indices { trace.packet[index].trustedPacketSequenceID = 1 }
    trace.packet[0].sequenceFlags = 1
    // Only a message without a required field can fail to be written, and there is none.
    guard let bytes: [UInt8] = try? trace.serializedBytes() else {
      preconditionFailure("a message of the trace lacks a field")
    }
    return bytes
  }

  /// Says that the clock of all timestamps is CLOCK_MONOTONIC, and that the trace's own clock is the same.
  private var clock: Perfetto_Protos_TracePacket {
    var snapshot = Perfetto_Protos_ClockSnapshot()
    snapshot.primaryTraceClock = .monotonic
    var clock = Perfetto_Protos_ClockSnapshot.Clock()
    clock.clockID = Self.monotonic
    clock.timestamp = start
    snapshot.clocks = [clock]
    var packet = Perfetto_Protos_TracePacket()
    packet.clockSnapshot = snapshot
    return packet
  }

  private static let monotonic = UInt32(Perfetto_Protos_BuiltinClock.monotonic.rawValue)

  /// Arrows that begin once, and end once after that. Perfetto takes the first event of a flow for its beginning.
  private static func whole(_ moments: [TrackMoment]) -> Set<UInt64> {
    var (begun, ended, odd): (Set<UInt64>, Set<UInt64>, Set<UInt64>) = ([], [], [])
    for arrow in moments.flatMap(\.arrows) {
      let isNew = arrow.arrives ? ended.insert(arrow.id).inserted : begun.insert(arrow.id).inserted
      if !isNew || (arrow.arrives && !begun.contains(arrow.id)) { odd.insert(arrow.id) }
    }
    return begun.intersection(ended).subtracting(odd)
  }

  private static func packet(
    _ moment: TrackMoment, _ whole: Set<UInt64>
  ) -> Perfetto_Protos_TracePacket {
    var event = Perfetto_Protos_TrackEvent()
    event.trackUuid = moment.track
    switch moment.kind {
    case .begins: event.type = .sliceBegin
    case .ends: event.type = .sliceEnd
    case .happens: event.type = .instant
    }
    if moment.kind != .ends {
      event.name = TrackTable.safe(moment.name)
      event.categories = [moment.category]
      event.debugAnnotations = moment.details.map { detail in
        var annotation = Perfetto_Protos_DebugAnnotation()
        annotation.name = detail.name
        annotation.stringValue = TrackTable.safe(detail.value)
        return annotation
      }
      let arrows = moment.arrows.filter { whole.contains($0.id) }
      event.flowIds = arrows.filter { !$0.arrives }.map(\.id)
      event.terminatingFlowIds = arrows.filter(\.arrives).map(\.id)
    }
    var packet = Perfetto_Protos_TracePacket()
    packet.timestamp = moment.at
    packet.timestampClockID = monotonic
    packet.trackEvent = event
    return packet
  }
}
