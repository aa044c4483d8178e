public import PlanModel
internal import Syscalls

/// Takes ports that the launcher or the engine cores have probed for process groups, as soon as they are known, and
/// listens on them without ever answering: any service that happens to be given such a port. It looks for them all the
/// time, because most are chosen long after the barrier.
public struct EngineSquatter: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "engine-squatter",
    summary: "takes the very numbers that engine cores are about to bind, and listens",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: 1, range: 1...256,
        summary: "how many numbers of each launch it goes for"),
      OptionDescriptor(
        name: OptionName.rendezvous, defaultValue: 0, range: 0...2,
        summary:
          "0: the data-parallel group's list, 1: what each engine core probes for its workers, 2: the group that is formed anew"
      ),
      OptionDescriptor(
        name: OptionName.skip, defaultValue: 0, range: 0...7,
        summary: "how many of them, in the order in which they are known, it leaves alone"),
    ],
    model: .squatsOnEngines)

  /// How often it looks for numbers that are new.
  private static let lookNanoseconds: UInt64 = 500_000

  private let ports: Int
  private let kind: Int
  private let skip: Int
  /// Numbers of each launch, in the order in which they became known; those that are known at once, in the order of
  /// their use.
  private var known: [[UInt16]] = []
  public private(set) var nextAction: UInt64?

  public init(options: OptionValues, seed: UInt64) {
    ports = options[OptionName.ports]
    kind = options[OptionName.rendezvous]
    skip = options[OptionName.skip]
  }

  public mutating func windowOpened(_ loot: Loot) {
    hunt(loot)
    nextAction = MonotonicClock.now() + Self.lookNanoseconds
  }

  public mutating func act(_ loot: Loot, now: UInt64) {
    hunt(loot)
    nextAction = now + Self.lookNanoseconds
  }

  /// What it knows it must have gone for: numbers that no launch chose it cannot take.
  public mutating func trialEnds(_ loot: Loot, now: UInt64) {
    nextAction = nil
    loot.want(known.map { $0.dropFirst(skip).prefix(ports).count }.reduce(0, +))
  }

  private mutating func hunt(_ loot: Loot) {
    for (launch, numbers) in loot.engineNumbers(kind).enumerated() {
      if launch == known.count { known.append([]) }
      for port in numbers where !known[launch].contains(port) {
        known[launch].append(port)
        guard (skip..<skip + ports).contains(known[launch].count - 1) else { continue }
        loot.take(port, sharing: [], listens: true)
      }
    }
  }
}
