internal import Lifelines
internal import SwiftProtobuf
internal import TerminalText

/// The tracks of a trace, with their numbers in the file.
struct TrackTable {
  /// Groups of tracks that belong to no process, as children of a track of their own.
  private static let groups: [Lifeline.Subject: String] = [.port: "ports", .fault: "faults"]

  private(set) var packets: [Perfetto_Protos_TracePacket] = []
  private var processes: [Int32: UInt64] = [:]
  private var parents: [Lifeline.Subject: UInt64] = [:]
  private var last: UInt64 = 0

  /// The number of a new track, one for each row of a lifeline.
  mutating func add(_ lifeline: Lifeline, row: Int) -> UInt64 {
    let name = Self.safe(lifeline.name)
    var track = Perfetto_Protos_TrackDescriptor()
    track.name = row == 0 ? name : "\(name) (\(row + 1))"
    if case .process(let pid) = lifeline.subject, pid > 0 {
      if let parent = processes[pid] {
        track.parentUuid = parent
      } else {
        track.process.pid = pid
        track.process.processName = name
        processes[pid] = last + 1
      }
    } else if let parent = group(lifeline.subject) {
      track.parentUuid = parent
      track.siblingOrderRank = Int32(packets.count)
    }
    return append(track)
  }

  /// The parent of a subject's tracks, made when it is first needed; nil if they have none.
  private mutating func group(_ subject: Lifeline.Subject) -> UInt64? {
    guard let name = Self.groups[subject] else { return nil }
    if let known = parents[subject] { return known }
    var track = Perfetto_Protos_TrackDescriptor()
    track.name = name
    track.childOrdering = .explicit
    let parent = append(track)
    parents[subject] = parent
    return parent
  }

  private mutating func append(_ track: Perfetto_Protos_TrackDescriptor) -> UInt64 {
    last += 1
    var packet = Perfetto_Protos_TracePacket()
    packet.trackDescriptor = track
    packet.trackDescriptor.uuid = last
    packets.append(packet)
    return last
  }

  /// Names come from processes and plans.
  static func safe(_ text: String) -> String {
    TerminalText.safeLine(text, atMost: TerminalText.longestWords)
  }
}
