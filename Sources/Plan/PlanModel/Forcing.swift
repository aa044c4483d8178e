public import ForcedCalls

/// What is done to the port calls of a strategy's program while it runs: the plan's form of `bindstorm check`.
public struct Forcing: Sendable, Hashable, Codable {
  /// When the thief comes.
  public var steal: StealMode
  /// The largest number of re-binds in a trial that are made to fail; 0 for no limit.
  public var max: Int
  /// Only the n-th re-bind of a port, from 1; nil for each.
  public var rebind: Int?
  /// Only windows of at least this many milliseconds.
  public var minWindowMilliseconds: Int
  /// Only this place: the eight digits of a report, or a part of its "prober -> re-binder".
  public var only: String?
  /// Calls that fail or wait.
  public var injections: [CallInjection]

  public init(
    steal: StealMode = .lazy, max: Int = 1, rebind: Int? = nil, minWindowMilliseconds: Int = 0,
    only: String? = nil, injections: [CallInjection] = []
  ) {
    self.steal = steal
    self.max = max
    self.rebind = rebind
    self.minWindowMilliseconds = minWindowMilliseconds
    self.only = only
    self.injections = injections
  }

  /// As text for the workers: numbers, the place, and a line for each injection.
  public var text: String {
    (["\(steal.rawValue) \(max) \(rebind ?? 0) \(minWindowMilliseconds)", only ?? ""]
      + injections.map(\.text)).joined(separator: "\n")
  }

  /// The inverse of `text`. Nil for anything else.
  public init?(text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.count >= 2 else { return nil }
    let words = lines[0].split(separator: " ")
    guard words.count == 4, let steal = StealMode(rawValue: String(words[0])) else { return nil }
    let numbers = words.dropFirst().compactMap { Int($0) }
    guard numbers.count == 3 else { return nil }
    let injections = lines[2...].compactMap(CallInjection.init(text:))
    guard injections.count == lines.count - 2 else { return nil }
    self.init(
      steal: steal, max: numbers[0], rebind: numbers[1] == 0 ? nil : numbers[1],
      minWindowMilliseconds: numbers[2], only: lines[1].isEmpty ? nil : lines[1],
      injections: injections)
  }
}
