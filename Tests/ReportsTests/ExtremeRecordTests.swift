import History
import Judging
import PlanModel
import Reports
import TestSupport
import Testing

/// Records in which one number was changed. Whatever can be read back of them can be judged, counted and told: no
/// arithmetic overflows, no list is asked for what it does not have.
@Suite struct ExtremeRecordTests {
  private static let extremes = [
    "-1", "0", "1", "98", "255", "65535", "2147483647", "2147483648", "-2147483648", "4294967295",
    "9223372036854775807", "18446744073709551615",
  ]

  private static let arms = [
    Arm.sample(launches: 2) {
      $0.thieves = [Arm.holder(ports: 4), Arm.holder(ports: 4)]
      $0.window.foreignDraws = 4
    },
    Arm.sample(launches: 2) {
      $0.faults = [
        PlannedFault(
          kind: Choice(name: "kill", label: "kill"), point: .beforeInputBind, launch: 0, index: 0)
      ]
    },
    Arm.sample(depth: .startup) {
      $0.startup = Startup(engines: 2, nodes: 2, serialLaunches: 3, http: true, requests: 5)
      $0.faults = [
        PlannedFault(
          kind: Choice(name: "pause", label: "pause"), point: .beforeEngineConnect, launch: 0)
      ]
    },
  ]

  /// Trials of the arm that end in different ways.
  private static func histories(_ arm: Arm) -> [TrialHistory] {
    [
      TrialHistory(arm),
      TrialHistory(arm) {
        $0.lose(0, to: Holder(kind: .apiServer, launch: 0, index: 1, pid: 901, sources: .events))
        $0.servers[1].input.retries = 2
      },
      TrialHistory(arm) {
        $0.servers[0].died = 9
        $0.ended.completion = .timeoutBinding
        $0.launches[0].forced = ForcedRun(isLaunch: true, status: 1, stolen: 1)
        if !$0.engines.isEmpty {
          $0.engines[1].died = 9
          $0.startups[0].noticed = TrialHistory.start + 9_000_000
          $0.startups[0].casualty = .engine
          $0.servings[0].errno = 110
          $0.servings[0].unheard = [1]
        }
      },
    ].map { inRow($0, arm) }
  }

  /// With records of the faults for each launch of the row.
  private static func inRow(_ history: TrialHistory, _ arm: Arm) -> TrialHistory {
    var history = history
    history.faults = (0..<(arm.startup?.serialLaunches ?? 1)).flatMap { serial in
      history.faults.map { fault in
        var fault = fault
        fault.serial = serial
        return fault
      }
    }
    return history
  }

  private static func line(_ event: Event) -> String {
    var buffer = ByteBuffer()
    EventEncoder.encode(event, into: &buffer)
    return String(decoding: buffer.bytes.dropLast(), as: UTF8.self)
  }

  /// The line with each of its numbers replaced by each extreme, one at a time.
  private static func variants(_ line: String) -> [String] {
    line.matches(of: /[:\[,](-?\d+)/).flatMap { match in
      extremes.map { line.replacingCharacters(match.1.startIndex..<match.1.endIndex, with: $0) }
    }
  }

  @Test(arguments: arms.indices)
  func `whatever number stands in a record, it is refused or judged`(_ number: Int) throws {
    let arm = Self.arms[number]
    var (refused, judged) = (0, 0)
    for history in Self.histories(arm) {
      let events = history.events
      for (place, event) in events.enumerated() {
        for variant in Self.variants(Self.line(event)) {
          guard let changed = try? EventDecoder.decode(variant) else {
            refused += 1
            continue
          }
          var events = events
          events[place] = changed
          let outcome = TrialJudge(arm: arm).judge(events)
          var tally = ArmTally()
          tally.add(outcome)
          tally.add(outcome)
          _ = MatrixJudge(plan: .sample([arm]), vocabulary: .sample).judge(
            [tally], isPartial: false)
          #expect(!Timeline.text(events).isEmpty)
          _ = RaceReport.all(events, arm: arm, run: "run")
          judged += 1
        }
      }
    }
    #expect(refused > 100)
    #expect(judged > 500)
  }
}

extension String {
  fileprivate func replacingCharacters(_ range: Range<Index>, with text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}
