internal import PlanModel
internal import TerminalText
internal import Theory

/// Predicted rates as text and for JSON.
struct PredictTable {
  struct Point: Encodable {
    /// Of the knob that is swept.
    var value: Int
    var answer: RateAnswer
  }

  struct Document: Encodable {
    var strategy: String
    var apiServers: Int
    var launches: Int
    var foreignDraws: Int
    var residents: Int
    var pool: PortPool
    /// Nil for one answer.
    var sweep: String?
    var points: [Point]
    var expectedFailuresPerDay: Double?
  }

  let question: RateQuestion
  let knob: RateQuestion.Knob?
  let points: [Point]
  let launchesPerDay: Double?

  var document: Document {
    Document(
      strategy: question.strategy.name, apiServers: question.apiServers,
      launches: question.launches, foreignDraws: question.foreignDraws,
      residents: question.residents, pool: question.pool, sweep: knob?.rawValue, points: points,
      expectedFailuresPerDay: launchesPerDay.flatMap { perDay in
        knob == nil ? points.first.map { perDay * $0.answer.perLaunch } : nil
      })
  }

  var text: String {
    let head = Self.heading(question, without: knob)
    let lines = knob.map { [head, ""] + curve($0) } ?? [head] + one(points[0].answer)
    return TerminalText.safe((lines + remarks).joined(separator: "\n")) + "\n"
  }

  /// The question in words, without the knob that is swept.
  static func heading(_ question: RateQuestion, without knob: RateQuestion.Knob? = nil) -> String {
    let launches = plural(question.launches, "launch", "launches")
    let servers = plural(question.apiServers, "API server", "API servers")
    var parts: [String] = []
    switch knob {
    case .launches: parts.append("launches of \(servers)")
    case .apiServers: parts.append(launches)
    default: parts.append("\(launches) of \(servers)")
    }
    if knob != .foreignDraws {
      parts.append(plural(question.foreignDraws, "foreign draw", "foreign draws"))
    }
    if question.residents > 0 && knob != .residents {
      parts.append(plural(question.residents, "resident", "residents"))
    }
    if knob != .poolPorts { parts.append("pool \(question.pool.low)-\(question.pool.high)") }
    return "\(question.strategy.name): \(parts.joined(separator: ", "))"
  }

  private static func plural(_ count: Int, _ one: String, _ many: String) -> String {
    "\(count) \(count == 1 ? one : many)"
  }

  private func one(_ answer: RateAnswer) -> [String] {
    var lines = ["  \(Self.percent(answer.perLaunch))  of the launches lose a port"]
    if question.launches > 1 {
      lines.append("  \(Self.percent(answer.perTrial))  of the trials have a launch that does")
    }
    lines.append("of these launches, added one after the other:")
    lines.append("  \(Self.percent(answer.ownNumbers))  by their own numbers alone")
    if question.launches > 1 {
      lines.append("  \(Self.percent(answer.otherLaunches))  by the other launches")
    }
    lines.append("  \(Self.percent(answer.others))  by ports that others drew")
    if let launchesPerDay {
      let failures = launchesPerDay * answer.perLaunch
      lines.append(
        "\(number(launchesPerDay)) launches a day: \(number(failures)) of them are expected to fail"
      )
    }
    return lines
  }

  /// The longest bar.
  private static let longestBar = 50

  private func curve(_ knob: RateQuestion.Knob) -> [String] {
    let width = max(knob.rawValue.count, points.map { "\($0.value)".count }.max() ?? 0)
    func padded(_ text: String) -> String {
      String(repeating: " ", count: width - text.count) + text
    }
    return ["\(padded(knob.rawValue))  per launch  per trial"]
      + points.map { point in
        let bar = String(
          repeating: "#", count: Int((point.answer.perLaunch * Double(Self.longestBar)).rounded()))
        let row =
          "\(padded("\(point.value)"))   \(Self.percent(point.answer.perLaunch))   \(Self.percent(point.answer.perTrial))  \(bar)"
        return String(row.reversed().drop { $0 == " " }.reversed())
      }
  }

  private var remarks: [String] {
    let simulated = points.compactMap(\.answer.simulatedTrials)
    if simulated.isEmpty { return ["by closed formula"] }
    let most = simulated.max()!
    // Twice the standard error of a rate of one half, the largest there is.
    let error = 1 / Double(most).squareRoot()
    return [
      "simulated\(simulated.count < points.count ? " where no formula is known" : ""): \(most) trials, twice the standard error at most \(Self.percent(error).drop { $0 == " " })"
    ]
  }

  static func percent(_ rate: Double) -> String {
    let hundredths = (rate * 10_000).rounded() / 100 + 0
    var text = "\(hundredths)"
    if text.split(separator: ".").last?.count == 1 { text += "0" }
    return String(repeating: " ", count: max(0, 6 - text.count)) + text + " %"
  }

  private func number(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() && rounded < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}

/// Which value of a knob gives a rate, as text and for JSON.
struct SolutionText {
  struct Document: Encodable {
    var target: Double
    var isReached: Bool
    var nearest: KnobSolver.Setting
    var others: [KnobSolver.Setting]
  }

  let question: RateQuestion
  let target: Double
  let solution: KnobSolver.Solution

  var document: Document {
    switch solution {
    case .solved(let setting):
      Document(target: target, isReached: true, nearest: setting, others: [])
    case .outOfReach(let nearest, let others):
      Document(target: target, isReached: false, nearest: nearest, others: others)
    }
  }

  var text: String {
    var lines: [String] = []
    switch solution {
    case .solved(let setting):
      let knob = RateQuestion.Knob(rawValue: setting.knob)
      lines = [
        PredictTable.heading(question, without: knob),
        "  \(percent(target)) per launch with \(setting.knob) \(setting.value): \(percent(setting.perLaunch))",
      ]
    case .outOfReach(let nearest, let others):
      lines = [
        PredictTable.heading(question, without: RateQuestion.Knob(rawValue: nearest.knob)),
        "  \(percent(target)) per launch cannot be reached with \(nearest.knob): \(nearest.value) gives \(percent(nearest.perLaunch))",
      ]
      if nearest.knob == RateQuestion.Knob.foreignDraws.rawValue, nearest.value == 0 {
        lines.append(
          "  \(2 * question.apiServers * question.launches) addresses collide among themselves, without any thief"
        )
      }
      lines += others.map {
        "  it is reached with \($0.knob) \($0.value) instead: \(percent($0.perLaunch))"
      }
      if others.isEmpty { lines.append("  no other knob alone reaches it, either") }
    }
    return TerminalText.safe(lines.joined(separator: "\n")) + "\n"
  }

  private func percent(_ rate: Double) -> String {
    String(PredictTable.percent(rate).drop { $0 == " " })
  }
}
