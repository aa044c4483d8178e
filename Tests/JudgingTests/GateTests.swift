import Judging
import PortModel
import Statistics
import Testing

/// Nights of many cells, of which one may fail.
private struct Nights {
  private var generator: SeededGenerator
  static let trials = 300
  /// Twenty cells.
  static let rates = [
    0, 0, 0, 0, 0, 0, 0.01, 0.01, 0.02, 0.02, 0.02, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.6, 0.8, 0.95,
  ]

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func next(_ number: Int, rates: [Double] = Nights.rates) -> [CellNight] {
    rates.enumerated().map { cell, rate in
      let failed = (0..<Self.trials).filter { _ in generator.uniform() < rate }.count
      return night(number, cell: cell, failed: failed, of: Self.trials)
    }
  }
}

private func night(
  _ number: Int, cell: Int = 0, failed: Int, of counted: Int, uncounted: Int = 0,
  definition: Int = 0, isMeantToFail: Bool = false, isPartial: Bool = false,
  isIsolated: Bool = true, isStopped: Bool = false
) -> CellNight {
  let count = CellSample.Count(failed: failed, counted: counted, uncounted: uncounted)
  return CellNight(
    folder: "p/\(1_000 + number)", startedAt: "2026-11-28T00:\(1_000 + number)", scenario: "s",
    strategy: "c\(cell)", definition: definition, strategyAnswer: .measured,
    isMeantToFail: isMeantToFail, isPartial: isPartial, isIsolated: isIsolated,
    isStopped: isStopped,
    sample: CellSample(launches: count, trials: count, isByLaunch: true))
}

private func gate(
  _ run: [CellNight], beside earlier: [CellNight], last: Int? = 30, marks: [HistoryMark] = [],
  level: Double = 0.05
) -> Gate {
  Gate(
    run, beside: earlier, last: last, marks: marks, level: level, margin: 0.05, baseline: "before")
}

@Suite struct GateTests {
  /// The exact tests are conservative, and only half of the level is for "worse": at most 25 nights are expected. The seed
  /// is fixed: no false alarm.
  @Test
  func `of 1000 nights that are no worse, at most as many are called worse as the level says`() {
    var nights = Nights(seed: 5)
    let earlier = (0..<30).flatMap { nights.next($0) }
    let worse = (0..<1_000).filter { _ in
      gate(nights.next(100), beside: earlier).exitCode == 1
    }
    #expect(worse.count <= 50, "\(worse.count)")
  }

  /// Beside 30 earlier nights a gate sees more than two samples of one night can show. Fixed seed: no false alarm.
  @Test func `a rise from 2 % to 8 % is caught as often as power says`() {
    var nights = Nights(seed: 6)
    let earlier = (0..<30).flatMap { nights.next($0) }
    var rates = Nights.rates
    rates[9] = 0.08
    let caught = (0..<200).filter { _ in
      gate(nights.next(100, rates: rates), beside: earlier).worse.contains { $0.row.name == "c9" }
    }
    let promised = TwoSamplePower.power(
      0.02, 0.08, runs: Nights.trials, level: 0.05 / Double(rates.count))
    #expect(promised > 0.4)
    #expect(Double(caught.count) / 200 >= promised, "\(caught.count), \(promised)")
  }

  /// Three weeks with a regression in the last one. Fixed seed: no false alarm.
  @Test func `of three weeks only the nights with the regression are red`() {
    var nights = Nights(seed: 7)
    var all = (0..<5).flatMap { nights.next($0) }
    var red: [Int] = []
    for number in 5..<21 {
      var rates = Nights.rates
      if number >= 17 { rates[0] = 0.08 }
      let tonight = nights.next(number, rates: rates)
      if gate(tonight, beside: all).exitCode == 1 { red.append(number) }
      all += tonight
    }
    #expect(red.first == 17)
    #expect(red.allSatisfy { $0 >= 17 })
    let history = CellHistory.all(of: all, marks: [])[0]
    #expect(history.changes.map(\.place) == [17])
    #expect(history.stretches.map(\.nights.count) == [17, 4])
  }

  @Test func `improvements are told and are no alarm`() {
    let seen = gate(
      [night(9, failed: 0, of: 300)], beside: [night(1, failed: 60, of: 300)])
    #expect(seen.better.count == 1)
    #expect(seen.exitCode == 0)
  }

  @Test
  func `what cannot be compared is left out with its reason, and nothing at all is undecided`() {
    let good = night(1, failed: 0, of: 300)
    let bad = { (number: Int) in night(number, failed: 150, of: 300) }
    #expect(gate([bad(9)], beside: [good]).exitCode == 1)
    let cases: [(run: CellNight, earlier: [CellNight], reason: String)] = [
      (night(9, failed: 150, of: 300, isMeantToFail: true), [good], "it is meant to fail"),
      (night(9, failed: 150, of: 300, isStopped: true), [good], "a stopping rule ended it"),
      (night(9, cell: 1, failed: 150, of: 300), [good], "the baseline does not have it"),
      (
        bad(9), [night(1, failed: 0, of: 300, definition: 1)],
        "no run of the baseline has it in the same form and whole"
      ),
      (
        bad(9), [night(1, failed: 0, of: 300, isPartial: true)],
        "no run of the baseline has it in the same form and whole"
      ),
      (
        bad(9), [night(1, failed: 0, of: 300, isIsolated: false)],
        "no run of the baseline has it in the same form and whole"
      ),
    ]
    for (run, earlier, reason) in cases {
      let seen = gate([run], beside: earlier)
      #expect(seen.leftOut.map(\.reason) == [reason])
      #expect(seen.exitCode == 2)
    }
    #expect(gate([night(9, failed: 0, of: 0)], beside: [good]).exitCode == 2)
  }

  @Test func `uncounted observations are taken as what speaks most against worse`() {
    let earlier = night(1, failed: 0, of: 100, uncounted: 200)
    #expect(gate([night(9, failed: 150, of: 300)], beside: [earlier]).worse.isEmpty)
  }

  @Test func `a mark starts the count anew`() {
    let earlier = [night(1, failed: 200, of: 300), night(5, failed: 0, of: 300)]
    let run = [night(9, failed: 30, of: 300)]
    let mark = HistoryMark(at: night(4, failed: 0, of: 1).startedAt, note: "fixed")
    #expect(gate(run, beside: earlier).better.count == 1)
    #expect(gate(run, beside: earlier, marks: [mark]).exitCode == 1)
    let other = HistoryMark(at: mark.at, note: "fixed", scenario: "s", strategy: "c7")
    #expect(gate(run, beside: earlier, marks: [other]).better.count == 1)
  }

  @Test func `only the newest runs count if so many are asked for`() {
    let earlier = [night(1, failed: 300, of: 300), night(2, failed: 0, of: 300)]
    let run = [night(9, failed: 30, of: 300)]
    #expect(gate(run, beside: earlier, last: 1).exitCode == 1)
    #expect(gate(run, beside: earlier, last: 2).exitCode == 0)
  }
}

@Suite struct CellHistoryTests {
  @Test func `cells come in the newest run's order, then those of older ones`() {
    let all = [
      night(1, cell: 3, failed: 0, of: 1), night(1, cell: 2, failed: 0, of: 1),
      night(2, cell: 2, failed: 0, of: 1), night(2, cell: 1, failed: 0, of: 1),
    ]
    #expect(CellHistory.all(of: all, marks: []).map(\.strategy) == ["c2", "c1", "c3"])
  }

  @Test func `every reason is counted, and the rest is pooled`() throws {
    let all = [
      night(1, failed: 9, of: 9), night(2, failed: 9, of: 9, definition: 1),
      night(3, failed: 9, of: 9, isPartial: true), night(4, failed: 9, of: 9, isStopped: true),
      night(5, failed: 9, of: 9, isIsolated: false), night(6, failed: 1, of: 10),
      night(7, failed: 2, of: 10),
    ]
    let mark = HistoryMark(at: night(1, failed: 0, of: 1).startedAt, note: "fixed")
    let history = try #require(CellHistory.all(of: all, marks: [mark]).first)
    #expect(
      history.leftOut == [
        .beforeMark: 1, .otherDefinition: 1, .partial: 1, .stopped: 1, .otherIsolation: 1,
      ])
    #expect(history.pooled?.count == CellSample.Count(failed: 3, counted: 20))
    #expect(history.mark == mark)
    #expect(CellHistory.all(of: all, marks: [], last: 1).first?.pooled?.count.failed == 2)
  }
}
