internal import Glibc
public import Planning
internal import PortModel
internal import Syscalls

/// Draws ports all through the trial as a Poisson process and holds each for a fixed time: background
/// traffic of a busy host.
public struct BindChurn: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "bind-churn",
    summary: "draws ports with bind(0) at a rate all through the trial, each held for a while",
    options: [
      OptionDescriptor(
        name: "rate_per_second", defaultValue: nil, range: 1...1_000_000,
        summary: "mean draws a second (Poisson)"),
      OptionDescriptor(
        name: "hold_ms", defaultValue: nil, range: 0...60_000,
        summary: "how long each port is held"),
    ],
    model: .churns)

  private static let mostDrawsAtOnce = 256

  private let meanGapNanoseconds: Double
  private let holdNanoseconds: UInt64
  private var generator: SeededGenerator
  private var nextDraw: UInt64 = 0
  /// When each held port is due for release, oldest first.
  private var releases: [UInt64] = []

  public init(options: OptionValues, seed: UInt64) {
    meanGapNanoseconds = 1e9 / Double(options["rate_per_second"])
    holdNanoseconds = UInt64(options["hold_ms"]) * 1_000_000
    generator = SeededGenerator(seed: seed)
  }

  public mutating func trialBegan(_ loot: Loot) {
    releases.removeAll(keepingCapacity: true)
    nextDraw = MonotonicClock.now()
    scheduleNextDraw()
  }

  public var nextAction: UInt64? {
    min(nextDraw, releases.first ?? .max)
  }

  public mutating func act(_ loot: Loot, now: UInt64) {
    while let due = releases.first, due <= now {
      releases.removeFirst()
      loot.releaseOldest()
    }
    // Draws that were missed while the thief did not run are left out, but for those that would still be held:
    // all of them at once would be another process than the one that theory has in mind.
    let memory = max(holdNanoseconds, 1_000_000)
    if nextDraw + memory < now { nextDraw = now - memory }
    var draws = 0
    while nextDraw <= now {
      // A rate that this host cannot keep up with must not keep the thief from hearing the next command.
      draws += 1
      if draws > Self.mostDrawsAtOnce {
        nextDraw = now
        scheduleNextDraw()
        return
      }
      // A busy host's processes fail to get a port when none is left; churn goes on.
      if loot.draw() { releases.append(now + holdNanoseconds) }
      scheduleNextDraw()
    }
  }

  private mutating func scheduleNextDraw() {
    nextDraw += UInt64(max(1, generator.exponential(mean: meanGapNanoseconds)))
  }
}
