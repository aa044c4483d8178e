internal import Glibc
internal import PlanModel
internal import PortModel
internal import Syscalls

/// Arrivals of a Poisson process, each of which holds something for a while: what the churning thieves share.
struct Churn {
  static let options = [
    OptionDescriptor(
      name: OptionName.ratePerSecond, defaultValue: nil, range: 1...1_000_000,
      summary: "mean draws a second (Poisson)"),
    OptionDescriptor(
      name: OptionName.holdMilliseconds, defaultValue: nil, range: 0...60_000,
      summary: "how long each port is held, on average"),
    OptionDescriptor(
      name: "exponential", defaultValue: 0, range: 0...1,
      summary: "0: each is held as long as any other; 1: times are exponentially distributed"),
  ]

  private static let mostDrawsAtOnce = 256
  /// The least mean number of arrivals that leaves none out with a probability of 1e-6 at most: e^-13.82.
  static let certainArrivals = 13.82

  private let meanGapNanoseconds: Double
  private let holdNanoseconds: Double
  private let isExponential: Bool
  private var generator: SeededGenerator
  private var began: UInt64 = 0
  private var nextDraw: UInt64 = 0
  /// When each held port is due for release, earliest first.
  private var releases: [(due: UInt64, port: UInt16)] = []

  init(_ options: OptionValues, seed: UInt64) {
    meanGapNanoseconds = 1e9 / Double(options[OptionName.ratePerSecond])
    holdNanoseconds = Double(options[OptionName.holdMilliseconds]) * 1e6
    isExponential = options["exponential"] != 0
    generator = SeededGenerator(seed: seed)
  }

  mutating func begin() {
    releases.removeAll(keepingCapacity: true)
    began = MonotonicClock.now()
    nextDraw = began
    scheduleNextDraw()
  }

  var nextAction: UInt64 { min(nextDraw, releases.first?.due ?? .max) }

  /// Lets go of what is due, and draws what is due.
  /// - Parameter draw: takes a port; nil if it gets none.
  mutating func act(_ loot: Loot, now: UInt64, draw: () -> UInt16?) {
    let due = releases.prefix { $0.due <= now }
    for item in due { loot.release(item.port) }
    releases.removeFirst(due.count)
    // Draws that were missed while the thief did not run are left out, but for those that would still be held:
    // all of them at once would be another process than the one that theory has in mind.
    let memory = max(UInt64(holdNanoseconds), 1_000_000)
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
      if let port = draw() { hold(port, from: now) }
      scheduleNextDraw()
    }
  }

  /// How many draws are due for certain by now: one, once the time is long enough that a Poisson process without
  /// any has a probability of 1e-6 at most; else none.
  func due(by now: UInt64) -> Int {
    Double(now &- began) / meanGapNanoseconds >= Self.certainArrivals ? 1 : 0
  }

  private mutating func hold(_ port: UInt16, from now: UInt64) {
    let time = isExponential ? generator.exponential(mean: holdNanoseconds) : holdNanoseconds
    let due = now + UInt64(time)
    var place = releases.count
    while place > 0, releases[place - 1].due > due { place -= 1 }
    releases.insert((due, port), at: place)
  }

  private mutating func scheduleNextDraw() {
    nextDraw += UInt64(max(1, generator.exponential(mean: meanGapNanoseconds)))
  }
}
