internal import Glibc
internal import PlanModel
internal import PortModel
internal import Syscalls

/// Arrivals of a Poisson process, each of which holds something for a while: shared by the churning thieves.
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
  /// The least mean number of arrivals for which no arrival has a probability of at most 1e-6: e^-13.82.
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

  /// Releases what is due, and draws what is due.
  /// - Parameter draw: takes a port; nil if it gets none.
  mutating func act(_ loot: Loot, now: UInt64, draw: () -> UInt16?) {
    let due = releases.prefix { $0.due <= now }
    for item in due { loot.release(item.port) }
    releases.removeFirst(due.count)
    // Draws that were missed while the thief did not run are skipped, except those whose port would still be held:
    // making up for all of them at once would not be the process that theory assumes.
    let memory = max(UInt64(holdNanoseconds), 1_000_000)
    if nextDraw + memory < now { nextDraw = now - memory }
    var draws = 0
    while nextDraw <= now {
      // If this host cannot keep up with the rate, the thief must still receive the next command.
      draws += 1
      if draws > Self.mostDrawsAtOnce {
        nextDraw = now
        scheduleNextDraw()
        return
      }
      // Processes on a busy host fail to get a port if none is left; churn goes on.
      if let port = draw() { hold(port, from: now) }
      scheduleNextDraw()
    }
  }

  /// The number of draws that must have happened by now: one, if the time is long enough that a Poisson process has no
  /// arrival with a probability of at most 1e-6; otherwise none.
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
