internal import JSON
internal import PlanModel

/// How much of `timeout_ms` a scenario's own settings take. If they made a trial time out, the strategy would be
/// blamed.
extension ScenarioChecks {
  /// A setting that keeps a phase of every trial busy for up to a certain time.
  struct Stay {
    /// The name in plans.
    var setting: String
    /// How long, in milliseconds.
    var milliseconds: Double
    /// Where it is in the plan; nil if the plan leaves it at its default.
    var node: PlanNode?
  }

  /// Rejects settings that reach `timeout_ms` by themselves.
  ///
  /// Each phase of a trial has `timeout_ms`. If another limit ends a wait sooner, as `client_timeout_ms` ends the wait
  /// for `load_ms`, that limit counts instead: so plans can ask for timeouts that are too short.
  func checkTimes() {
    checkDrawTime()
    guard settings.depth.binds else { return }
    var common: [Stay] = []
    func add(_ setting: String, _ milliseconds: Double) {
      guard milliseconds > 0 else { return }
      common.append(
        Stay(setting: setting, milliseconds: milliseconds, node: settings.places[setting]))
    }
    add("barrier.arrival_skew_us", Double(settings.barrier.arrivalSkewMicroseconds) / 1_000)
    if settings.depth == .startup {
      let startup = self.startup
      refuse(staysOfPreparation(startup))
      add(
        "startup.import_ms",
        min(startup.importMilliseconds, Double(startup.initTimeoutMilliseconds)))
      if startup.backend == .spawn {
        add(
          "startup.load_ms",
          min(startup.loadMilliseconds, Double(startup.clientTimeoutMilliseconds)))
      }
      if startup.isReinitialised { add("startup.teardown_ms", startup.teardownMilliseconds) }
    }
    if refuse(common) { return }
    for strategy in running {
      let own = stays(of: strategy)
      if !own.isEmpty { refuse(common + own, of: strategy.label) }
    }
  }

  /// What the launcher waits for before it releases the API servers, in a phase of its own: the coordinator, and with
  /// Ray the load of every actor.
  private func staysOfPreparation(_ startup: Startup) -> [Stay] {
    func stay(_ setting: String, _ milliseconds: Double) -> Stay {
      Stay(setting: setting, milliseconds: milliseconds, node: settings.places[setting])
    }
    var stays: [Stay] = []
    if startup.hasCoordinator {
      let time = min(
        startup.coordinatorImportMilliseconds, Double(startup.coordinatorTimeoutMilliseconds))
      stays.append(stay("startup.coordinator_import_ms", time))
    }
    if startup.backend == .ray {
      stays.append(stay("startup.load_ms", startup.loadMilliseconds))
    }
    return stays
  }

  /// How long an API server of the strategy waits by itself.
  private func stays(of strategy: Choice) -> [Stay] {
    func stay(_ name: String) -> Stay? {
      guard let value = strategy.options.first(where: { $0.name == name })?.value, value > 0
      else { return nil }
      return Stay(
        setting: name, milliseconds: Double(value),
        node: scenario.strategyNodes[strategy.label]?["options"]?[name])
    }
    // The longest sleep is at least as long as the shortest.
    let sleeps = [OptionName.leastMilliseconds, OptionName.mostMilliseconds].compactMap(stay)
    let longest = sleeps.max { $0.milliseconds < $1.milliseconds }
    return [stay(OptionName.gapMilliseconds), longest].compactMap { $0 }
  }

  /// Reports settings that reach the limit together, at the longest one.
  @discardableResult
  private func refuse(_ stays: [Stay], of strategy: String? = nil) -> Bool {
    let limit = settings.timeoutMilliseconds
    let total = stays.map(\.milliseconds).reduce(0, +)
    guard total >= Double(limit),
      let longest = stays.max(by: { $0.milliseconds < $1.milliseconds })
    else { return false }
    let node =
      longest.node ?? strategy.flatMap { scenario.strategyNodes[$0] }
      ?? settings.places["timeout_ms"] ?? scenario.node
    let parts = stays.map { "\($0.setting): \(DecimalText.shortest($0.milliseconds)) ms" }
    node.report(
      "scenario \"\(scenario.name)\" takes up to \(DecimalText.shortest(total)) ms\(strategy.map { " with \"\($0)\"" } ?? "") "
        + "by its own settings (\(parts.joined(separator: ", "))), and timeout_ms is \(limit): "
        + "raise timeout_ms above \(DecimalText.shortest(total)), or lower \(longest.setting)")
    return true
  }

  /// Foreign draws for which the thieves are too slow: the window would wait for them until the timeout.
  private func checkDrawTime() {
    let limit = max(Double(settings.timeoutMilliseconds), settings.window.milliseconds)
    guard settings.window.foreignDraws > 0, !settings.hasUnreadThief else { return }
    var (rate, atOnce) = (0.0, 0)
    for (thief, node) in zip(settings.thieves, settings.thiefNodes) {
      guard let known = vocabulary.thief(named: thief.name) else { return }
      switch known.model {
      case .churns: rate += Double(thief[OptionName.ratePerSecond])
      case .holdsThroughWindow, .holdsOverIPv6, .scansFromBase: atOnce += thief[OptionName.ports]
      case .runsTheSameStart:
        atOnce += thief[OptionName.deployments] * thief[OptionName.addresses]
        let wait = thief[OptionName.windowMilliseconds]
        guard Double(wait) >= limit else { continue }
        (node["options"]?[OptionName.windowMilliseconds] ?? node).report(
          "scenario \"\(scenario.name)\" waits \(wait) ms for the draws of \"\(thief.label)\", and "
            + "timeout_ms is \(settings.timeoutMilliseconds): raise timeout_ms above \(wait), or lower window_ms"
        )
      // The plan does not determine how many of their draws fall into the window.
      default: return
      }
    }
    guard rate > 0 else { return }
    let missing = settings.window.foreignDraws - atOnce
    let milliseconds = Double(missing) / rate * 1_000
    guard milliseconds >= limit else { return }
    let time = DecimalText.shortest(milliseconds.rounded(.up))
    (settings.places["window.foreign_draws"] ?? scenario.node).report(
      "scenario \"\(scenario.name)\" waits for \(settings.window.foreignDraws) foreign draws, for which its thieves "
        + "need \(time) ms on average, and timeout_ms is \(settings.timeoutMilliseconds): raise timeout_ms well "
        + "above \(time), lower window.foreign_draws, or raise rate_per_second")
  }
}

/// A number for people: without a fraction if it is whole.
enum DecimalText {
  static func shortest(_ number: Double) -> String {
    number == number.rounded() && number.magnitude < 1e15 ? "\(Int(number))" : "\(number)"
  }
}
