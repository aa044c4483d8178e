internal import Judging
internal import PlanModel
internal import PlanReading
internal import PortModel
internal import Statistics
internal import Theory

/// The plan that `init` writes: one scenario with the user's numbers, a control that must fail, and the user's rows.
///
/// What is demanded and how many trials there are follows from the predicted rates and the odds of the whole plan
/// (`PlanOdds`), so that a run of it is decided, and red by chance in less than one of a thousand runs.
struct PlanDraft {
  /// Why there is no plan.
  struct Refusal: Error {
    var reason: String
  }

  /// A row of the user's own.
  struct Row {
    var label: String
    /// The row as an item of the plan's list of strategies, in JSON.
    var json: String
    /// What is demanded of it; nil if it is only measured.
    var atMost: Double?
    var why = ""
  }

  /// The strategy that loses its ports, and so shows that a loss was possible.
  static let control = "probe-then-bind"
  /// Failure rate that a fix may have at most.
  static let mostOfFix = 0.02
  /// Probability that a plan is red by chance, at most.
  static let mostRed = 0.001
  /// More trials than this take hours: the race is then too rare to be tested for.
  static let mostTrials = 20_000

  var name: String
  /// Value of `$schema`; nil for none.
  var schema: String?
  var apiServers: Int
  var launches: Int
  /// Ports that others draw between allocation and bind.
  var draws: Int
  var rows: [Row] = []
  private(set) var trials = 1
  private(set) var controlAtLeast = 0.0
  private(set) var predicted = PredictedFailure(perLaunch: 0, perTrial: 0)

  init(name: String, schema: String?, apiServers: Int, launches: Int, draws: Int) {
    (self.name, self.schema) = (name, schema)
    (self.apiServers, self.launches, self.draws) = (apiServers, launches, draws)
  }

  // MARK: Demands

  /// Sets demands and trials.
  /// - Throws: `Refusal` if these numbers make no race that can be tested for, or a row cannot be used as it is.
  mutating func settle() throws {
    let bare = try loaded()
    guard let control = bare.arms.first,
      let rate = Prediction.predict(control, vocabulary: vocabulary)
    else { throw Refusal(reason: "theory has no rate for \(Self.control) with these numbers") }
    predicted = rate
    for arm in bare.arms.dropFirst() { demand(of: arm) }
    // Half of what is predicted: trials decide that sooner than a demand close to the rate.
    controlAtLeast = Self.rounded(rate.perTrial / Double(2 * launches))
    guard controlAtLeast > 0 else { throw rare }
    // With fewer, the plan is refused.
    let toRuleOut = rows.compactMap(\.atMost) + [1 - Double(launches) * controlAtLeast]
    trials = toRuleOut.map { Int(SampleSize.cleanRuns(toClaimAtMost: $0)) }.max()!
    while try !isSound() {
      trials += max(1, trials / 10)
      if trials > Self.mostTrials { throw rare }
    }
    trials = Self.roundedUp(trials)
  }

  private var rare: Refusal {
    Refusal(
      reason:
        "with these numbers \(Self.control) fails in \(Percent.text(predicted.perLaunch)) of launches only, which takes more than \(Self.mostTrials) trials to show; raise --foreign-draws or --api-servers, or give --target-rate"
    )
  }

  /// What may be demanded of a row, by its predicted rate.
  private mutating func demand(of arm: Arm) {
    guard let place = rows.firstIndex(where: { $0.label == arm.strategy.label }) else { return }
    guard arm.strategy.command == nil else {
      rows[place].atMost = Self.mostOfFix
      rows[place].why = "a fix loses no port; remove this demand if the program is not one"
      return
    }
    guard let own = Prediction.predict(arm, vocabulary: vocabulary) else {
      rows[place].why = "theory has no rate for it"
      return
    }
    if own.perTrial * 4 < Self.mostOfFix {
      rows[place].atMost = Self.mostOfFix
      rows[place].why = "no other process gets its ports: predicted \(Percent.text(own.perLaunch))"
    } else {
      rows[place].why = "it fails itself: predicted \(Percent.text(own.perLaunch))"
    }
  }

  /// Whether the trials decide every demand, also if one of them goes wrong or is invalid.
  private func isSound() throws -> Bool {
    let odds = PlanOdds(try loaded(), vocabulary: vocabulary)
    return odds.red <= Self.mostRed
      && odds.cells.allSatisfy {
        ($0.bearsWrongTrials ?? 1) >= 1 && $0.bearsInvalidTrials >= 1
      }
  }

  /// The plan as it is read.
  private func loaded() throws -> ResolvedPlan {
    do throws(PlanErrors) {
      return try PlanLoader.load(
        text.utf8, file: name, vocabulary: vocabulary, folder: "/")
    } catch {
      let first = error.errors[0]
      throw Refusal(reason: "\(first.path): \(first.message)")
    }
  }

  private static func rounded(_ rate: Double) -> Double {
    rate >= 0.02 ? (rate * 100).rounded(.down) / 100 : (rate * 1_000).rounded(.down) / 1_000
  }

  /// Two leading digits, not below.
  private static func roundedUp(_ number: Int) -> Int {
    var unit = 1
    while number / unit >= 100 { unit *= 10 }
    return (number + unit - 1) / unit * unit
  }

  // MARK: Text

  /// The plan, in the layout of the shipped ones.
  var text: String {
    let strategies = (["\"\(Self.control)\""] + rows.map(\.json)).joined(separator: ",\n    ")
    return """
      {
      \(schema.map { "  \"$schema\": \(quoted($0)),\n" } ?? "")  "version": 1,
        "name": \(quoted(name)),
        "title": \(quoted(title)),
        "defaults": {
          "topology": { "launches": \(launches), "api_servers": \(apiServers) },
          "trials": \(trials)
        },
        "strategies": [
          \(strategies)
        ],
        "scenarios": [
          {
            "name": "busy-host",
            "why": \(quoted(reason)),\(thieves)
            "expect": {
              \(expectations)
            }
          }
        ]
      }

      """
  }

  private var title: String {
    "\(launches == 1 ? "a launch" : "\(launches) launches") of \(apiServers) API server\(apiServers == 1 ? "" : "s") while others draw \(draws) ports"
  }

  private var reason: String {
    let measured = rows.filter { $0.atMost == nil && !$0.why.isEmpty }
      .map { "\($0.label) is only measured: \($0.why)" }
    return
      ([
        "\(Self.control) is predicted to fail in \(Percent.text(predicted.perLaunch)) of launches; \(trials) trials decide every demand, and bear one trial that goes wrong"
      ]
      + measured).joined(separator: "; ")
  }

  private var thieves: String {
    guard draws > 0 else { return "" }
    return """

            "window": { "foreign_draws": \(draws) },
            "thieves": [{ "kind": "bind-hold", "options": { "ports": \(draws) } }],
      """
  }

  private var expectations: String {
    let control =
      controlAtLeast == 0
      ? []
      : [
        """
        \(quoted(Self.control)): {
                  "failure_rate_at_least": \(controlAtLeast),
                  "must_fail_control": true,
                  "why": "half of the predicted rate: if the race does not show, nothing else counts"
                }
        """
      ]
    let others = rows.compactMap { row in
      row.atMost.map {
        """
        \(quoted(row.label)): {
                  "failure_rate_at_most": \($0),
                  "why": \(quoted(row.why))
                }
        """
      }
    }
    return (control + others).joined(separator: ",\n        ")
  }
}

/// A text as a JSON string.
func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": result += "\\\(scalar)"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case _ where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
