// The settings are generated: Generated/PlanTypes.swift.

/// A plan after defaults are filled in and every arm is spelled out. It never changes during a run and is written to
/// `resolved.json`. Running and judging know nothing else of the plan.
public struct ResolvedPlan: Sendable, Equatable, Codable {
  /// Version of the plan format (1).
  public var version: Int
  /// The plan's name, used for the results folder.
  public var name: String
  /// One line for people.
  public var title: String
  /// Seed of every choice the harness makes.
  public var seed: UInt64
  /// Every strategy under every scenario, scenario by scenario, in the order of the plan.
  public var arms: [Arm]
  /// Seconds after which no more trials begin; nil for all of them.
  public var budgetSeconds: Double?
  /// Whether an arm that is no must-fail control ends with its first failure; nil means no.
  public var untilFailure: Bool?

  public init(
    version: Int, name: String, title: String, seed: UInt64, arms: [Arm],
    budgetSeconds: Double? = nil, untilFailure: Bool? = nil
  ) {
    self.budgetSeconds = budgetSeconds
    self.untilFailure = untilFailure
    self.version = version
    self.name = name
    self.title = title
    self.seed = seed
    self.arms = arms
  }
}

extension ResolvedPlan {
  /// The label of the row with which the plan compares an arm; nil if it demands no comparison.
  public static func compared(_ arm: Arm) -> String? {
    arm.expectation?.like ?? arm.expectation?.betterThan
  }

  /// Whether the arm is compared with another row, or another row with it.
  public func isCompared(_ arm: Arm) -> Bool {
    Self.compared(arm) != nil
      || arms.contains {
        $0.scenario == arm.scenario && Self.compared($0) == arm.strategy.label
      }
  }

  /// Indices of the arms whose trials decide a demand: their own, or that of a row which is compared with them.
  public var decidingArms: Set<Int> {
    Set(arms.filter { $0.expectation != nil || isCompared($0) }.map(\.index))
  }
}

extension Depth {
  /// Whether API servers are started and bind.
  public var binds: Bool { self != .allocate }
}

extension Topology {
  /// Addresses that one launch needs: an input and an output for each API server.
  public var addressesPerLaunch: Int { 2 * apiServers }
}

/// A strategy or thief chosen by name, with its options.
public struct Choice: Sendable, Equatable, Codable {
  /// Name in the registry.
  public var name: String
  /// Label in the matrix; the name unless the plan gives another.
  public var label: String
  /// Every option of the strategy or thief, with defaults filled in, in the registry's order.
  public var options: [OptionValue]
  /// The program that an `exec` or `check` strategy drives; nil for all others.
  public var command: AdapterCommand?
  /// The failure rate per launch, in (0, 1), for which a thief's intensity was solved; nil if the plan gives the
  /// intensity itself.
  public var targetFailureRate: Double?

  public init(
    name: String, label: String, options: [OptionValue] = [], command: AdapterCommand? = nil,
    targetFailureRate: Double? = nil
  ) {
    self.name = name
    self.label = label
    self.options = options
    self.command = command
    self.targetFailureRate = targetFailureRate
  }

  /// The value of an option. Traps if the registry has no such option, which is a programming error.
  public subscript(option: String) -> Int {
    guard let found = options.first(where: { $0.name == option }) else {
      preconditionFailure("\(name) has no option \(option)")
    }
    return found.value
  }
}

/// The program of an `exec` or `check` strategy.
public struct AdapterCommand: Sendable, Hashable, Codable {
  /// The largest size in bytes of folder and words together, each with its terminator.
  public static let largestSize = 8_192

  /// The program and its arguments, as the plan gives them. The program is searched in PATH unless it has a slash.
  public var words: [String]
  /// The folder in which it runs and to which its relative paths refer: the plan's own folder.
  public var folder: String
  /// What is done to its port calls; nil if it runs without forcing.
  public var forcing: Forcing?

  public init(words: [String], folder: String, forcing: Forcing? = nil) {
    self.words = words
    self.folder = folder
    self.forcing = forcing
  }

  /// Folder, forcing and words as bytes, each ended by 0.
  public var bytes: [UInt8] {
    ([folder, forcing?.text ?? ""] + words).flatMap { Array($0.utf8) + [0] }
  }

  /// The inverse of `bytes`; nil if there is no word.
  public init?(bytes: some Collection<UInt8>) {
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count > 2 else { return nil }
    self.init(words: Array(parts[2...]), folder: parts[0], forcing: Forcing(text: parts[1]))
  }
}

/// One option with its value; the unit is part of the name.
public struct OptionValue: Sendable, Equatable, Codable {
  /// Name as in the plan, with the unit, for example `report_timeout_ms`.
  public var name: String
  /// Value in that unit.
  public var value: Int

  public init(name: String, value: Int) {
    self.name = name
    self.value = value
  }
}

extension Expectation {
  /// The value of `falseAlarm` if the plan gives none.
  public static let defaultFalseAlarm = 0.05
  /// The value of `likeWithin` if the plan gives none: ten percentage points.
  public static let defaultLikeWithin = 0.1
  /// The value of `likeLevel` if the plan gives none: a plan with a hundred such rows is red by them in one run of 100.
  public static let defaultLikeLevel = 0.0001

  /// Level of `betterThan`: 1 - `confidence`, without the last bits, which come from the subtraction.
  public var level: Double { ((1 - confidence) * 1e12).rounded() / 1e12 }

  /// The level that each of so many comparisons may use if all of them together keep `level` (Bonferroni).
  public func joinedLevel(comparisons: Int) -> Double { level / Double(max(1, comparisons)) }
}

/// A figure that was published for the same conditions.
public struct PublishedFigure: Sendable, Equatable, Codable {
  /// Failed observations.
  public var failures: Int
  /// All observations, at least 1.
  public var outOf: Int
  /// What one observation is.
  public var per: Unit
  /// Whether these launches ran on one host at the same time. They are then not independent.
  public var sharesHost: Bool
  /// Where it was published.
  public var source: String

  public init(
    failures: Int, outOf: Int, per: Unit = .launch, sharesHost: Bool = false, source: String
  ) {
    self.failures = failures
    self.outOf = outOf
    self.per = per
    self.sharesHost = sharesHost
    self.source = source
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      failures: try container.decode(Int.self, forKey: .failures),
      outOf: try container.decode(Int.self, forKey: .outOf),
      per: try container.decode(Unit.self, forKey: .per),
      // Runs of version 0.1 do not have it.
      sharesHost: try container.decodeIfPresent(Bool.self, forKey: .sharesHost) ?? false,
      source: try container.decode(String.self, forKey: .source))
  }
}
