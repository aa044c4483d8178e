internal import CSharedRegion
internal import Interception
internal import LinuxFacts
internal import RaceLedger
internal import RunContract

extension ForcedProgram {
  /// Writes the findings to the launch's slots: the first ones, and those that were stolen before others.
  /// - Returns: how many.
  func writeWindows(_ findings: [Finding]) -> Int {
    var counts: [String: Int] = [:]
    let races = findings.filter(\.kind.isRace).enumerated().map { offset, finding in
      if finding.canBeStolen { counts[finding.place, default: 0] += 1 }
      return (
        offset: offset, finding: finding,
        occurrence: finding.canBeStolen ? counts[finding.place]! : 0
      )
    }
    let chosen = races.sorted {
      ($0.finding.wasStolen ? 0 : 1, $0.offset) < ($1.finding.wasStolen ? 0 : 1, $1.offset)
    }.prefix(Int(BS_MAX_FORCED_WINDOWS)).sorted { $0.offset < $1.offset }
    for (number, race) in chosen.enumerated() {
      write(race.finding, race.occurrence, to: region.forcedWindow(launch, number))
    }
    return chosen.count
  }

  private func write(
    _ finding: Finding, _ occurrence: Int, to slot: UnsafeMutablePointer<bs_forced_window>
  ) {
    let thief = finding.wasStolen || finding.owner?.isThief == true
    slot.pointee.port = finding.key.port
    slot.pointee.is_stolen = finding.wasStolen ? 1 : 0
    slot.pointee.rebind = UInt32(clamping: finding.rebind)
    slot.pointee.occurrence = UInt32(clamping: occurrence)
    slot.pointee.prober_pid = finding.probe.party.pid
    slot.pointee.rebinder_pid = finding.rebinder.pid
    slot.pointee.error = finding.result ?? -1
    slot.pointee.holder_pid =
      thief ? bs_forced_of(region.launcher(launch)).pointee.supervisor : finding.owner?.pid ?? 0
    slot.pointee.probed_ns = finding.probe.openedAt
    slot.pointee.released_ns = finding.probe.releasedAt ?? 0
    slot.pointee.rebound_ns = finding.reboundAt
    var words = ForcedWords()
    words.verdict = finding.kind.rawValue
    words.place = finding.place
    words.protocolName = finding.key.transport.rawValue
    words.prober = finding.probe.party.command
    words.proberAt = finding.probe.party.label
    words.probedAddress = finding.probe.address.description
    words.release = finding.probe.release?.rawValue ?? ""
    words.rebinder = finding.rebinder.command
    words.rebinderAt = finding.rebinder.label
    words.address = finding.rebindAddress.description
    words.holder = thief ? "" : finding.owner?.command ?? ""
    words.write(to: slot)
  }
}
