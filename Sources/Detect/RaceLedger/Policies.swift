/// Which windows get a thief.
public struct StealPolicy: Sendable, Equatable {
  public enum Mode: String, Sendable, CaseIterable {
    /// Only detect.
    case off
    /// The thief comes while the re-bind is held: the victim sees what it would see had it come earlier.
    case lazy
    /// The thief comes as soon as the release is known, so that those see it who talk to the port inside the
    /// window; lazily where it comes too late.
    case eager
  }

  public var mode: Mode
  /// How many re-binds may be made to fail; 0 for all.
  public var limit: Int
  /// Only the n-th re-bind of a port; nil for each.
  public var rebind: Int?
  /// Only windows of at least so many nanoseconds.
  public var minimumWindow: UInt64
  /// Only this place: its short name, or a part of its summary.
  public var only: String?
  /// Steals done so far.
  public private(set) var done = 0

  public init(
    mode: Mode = .off, limit: Int = 1, rebind: Int? = nil, minimumWindow: UInt64 = 0,
    only: String? = nil
  ) {
    self.mode = mode
    self.limit = limit
    self.rebind = rebind
    self.minimumWindow = minimumWindow
    self.only = only
  }

  private var isExhausted: Bool { limit > 0 && done >= limit }

  /// Whether a thief shall take this port before the re-bind is executed.
  public func wants(_ assessment: Ledger.Assessment) -> Bool {
    guard mode != .off, !isExhausted, let kind = assessment.kind, kind.isRace,
      rebind == nil || rebind == assessment.rebind, assessment.window >= minimumWindow
    else { return false }
    return only.map { $0 == assessment.place || assessment.label.contains($0) } ?? true
  }

  /// Whether a thief shall take a port that was just released, on the chance that it is bound again.
  public func wantsRelease(_ holding: Holding, rebinds: Int) -> Bool {
    mode == .eager && !isExhausted && !holding.wasClient && !holding.served && only == nil
      && minimumWindow == 0 && (rebind == nil ? true : rebind == rebinds + 1)
  }

  /// A re-bind was made to fail.
  public mutating func stole() { done += 1 }
}

extension Ledger.Assessment {
  /// Both parties in words, to be matched by a part.
  var label: String { "\(probe.party.label) -> \(party.label)" }
}

/// A call that can be made to fail or to wait.
public enum InjectedCall: String, Sendable, CaseIterable, Codable {
  case bind, listen, socket, connect, accept
}

/// Makes a call fail or wait on the way to the kernel.
public struct InjectRule: Sendable, Equatable {
  public var call: InjectedCall
  /// Errno to answer; nil executes the call.
  public var error: Int32?
  /// Nanoseconds to wait before the answer.
  public var delay: UInt64 = 0
  /// Only the n-th matching call, from 1; nil for each.
  public var nth: Int?
  public var ports: ClosedRange<UInt16>?
  /// A part of the thread's name or the command line.
  public var process: String?
  private var seen = 0
  /// How often it struck.
  public private(set) var struck = 0

  public init(_ call: InjectedCall) { self.call = call }

  /// What is wrong with a rule's text.
  public struct Mistake: Error, Equatable, CustomStringConvertible {
    public let description: String
  }

  /// Reads `CALL:KEY=VALUE,...`, for example `bind:errno=EADDRINUSE,nth=2,port=8000-8010,process=python`.
  /// - Parameter errorNumber: gives the number of a name like `EADDRINUSE`.
  public init(parsing text: String, errorNumber: (String) -> Int32?) throws(Mistake) {
    func fail(_ what: String) -> Mistake {
      Mistake(
        description: "'\(text)': \(what); the form is CALL:KEY=VALUE,... with CALL one of "
          + InjectedCall.allCases.map(\.rawValue).joined(separator: ", ")
          + " and KEY one of errno, delay (as 50ms), nth, port (as 8000 or 8000-8010), process")
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let call = InjectedCall(rawValue: String(parts[0])) else {
      throw fail("there is no call '\(parts[0])' to inject into")
    }
    self.init(call)
    for item in parts.count > 1 ? parts[1].split(separator: ",") : [] {
      let pair = item.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { throw fail("'\(item)' has no value") }
      switch pair[0] {
      case "errno":
        guard let number = errorNumber(pair[1]) ?? Int32(pair[1]), (1...4_095).contains(number)
        else { throw fail("'\(pair[1])' is no errno") }
        error = number
      case "delay":
        guard let nanoseconds = parseDuration(pair[1]) else {
          throw fail("'\(pair[1])' is no duration")
        }
        delay = nanoseconds
      case "nth":
        guard let number = Int(pair[1]), number > 0 else { throw fail("'\(pair[1])' is no count") }
        nth = number
      case "port":
        let ends = pair[1].split(separator: "-").map { UInt16($0) }
        guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
          low <= high
        else { throw fail("'\(pair[1])' is no port or range") }
        ports = low...high
      case "process": process = pair[1]
      default: throw fail("there is no key '\(pair[0])'")
      }
    }
    guard error != nil || delay > 0 else { throw fail("neither errno nor delay is given") }
    if ports != nil && ![.bind, .connect].contains(call) {
      throw fail("\(call.rawValue) names no port")
    }
  }

  /// Whether the rule strikes this call. Counts it.
  public mutating func strikes(
    _ call: InjectedCall, port: UInt16?, thread: String, command: String
  ) -> Bool {
    guard call == self.call,
      ports.map({ range in port.map { range.contains($0) } ?? false }) ?? true,
      process.map({ contains(thread, $0) || contains(command, $0) }) ?? true
    else { return false }
    seen += 1
    guard nth == nil || nth == seen else { return false }
    struck += 1
    return true
  }
}

/// Reads `500us`, `50ms`, `2s` or plain milliseconds as nanoseconds.
public func parseDuration(_ text: String) -> UInt64? {
  let units: [(suffix: String, scale: Double)] = [("us", 1e3), ("ms", 1e6), ("s", 1e9), ("", 1e6)]
  let unit = units.first { text.hasSuffix($0.suffix) }!
  guard let number = Double(text.dropLast(unit.suffix.count)), number >= 0, number < 1e6 else {
    return nil
  }
  return UInt64(number * unit.scale)
}

/// Whether a text has a part, without Foundation's search.
func contains(_ text: String, _ part: String) -> Bool {
  part.isEmpty || text.contains(part)
}

/// Places that are known and shall not be reported.
public struct Suppressions: Sendable, Equatable {
  struct Rule: Sendable, Equatable {
    let kind: RaceKind?
    let pattern: String
  }

  private var rules: [Rule] = []
  /// How many findings each rule took.
  public private(set) var used: [String: Int] = [:]

  public struct Mistake: Error, Equatable, CustomStringConvertible {
    public let line: Int
    public let description: String
  }

  public init() {}

  /// Reads lines `KIND:PATTERN`; KIND is a verdict or `*`, PATTERN (with `*`) is matched against the short name,
  /// the summary, both command lines and each frame. `#` begins a comment.
  public init(parsing text: String) throws(Mistake) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let rule = line.drop { $0 == " " || $0 == "\t" }
      guard !rule.isEmpty, rule.first != "#" else { continue }
      let parts = rule.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw Mistake(line: index + 1, description: "the form is KIND:PATTERN")
      }
      let kind = RaceKind.allCases.first { $0.rawValue == parts[0].uppercased() }
      guard kind != nil || parts[0] == "*" else {
        throw Mistake(
          line: index + 1,
          description: "there is no verdict '\(parts[0])'; it is one of *, "
            + RaceKind.allCases.filter(\.isRace).map(\.rawValue).joined(separator: ", "))
      }
      rules.append(Rule(kind: kind, pattern: parts[1]))
    }
  }

  /// Whether a finding is suppressed. Counts it.
  public mutating func take(_ finding: Finding) -> Bool {
    let texts =
      [
        finding.place, finding.summary, finding.probe.party.command, finding.rebinder.command,
      ]
      + [finding.probe.party, finding.rebinder].flatMap { party in
        (party.sourceStack + party.stack).map(\.text)
      }
    for rule in rules where rule.kind == nil || rule.kind == finding.kind {
      if texts.contains(where: { matches(rule.pattern, $0) }) {
        used[rule.pattern, default: 0] += 1
        return true
      }
    }
    return false
  }
}

/// Whether a text has a part that matches a pattern in which `*` stands for anything.
func matches(_ pattern: String, _ text: String) -> Bool {
  let pieces = pattern.split(separator: "*", omittingEmptySubsequences: true).map { Array($0.utf8) }
  var rest = Array(text.utf8)[...]
  for piece in pieces {
    guard let start = rest.indices.first(where: { rest[$0...].starts(with: piece) }) else {
      return false
    }
    rest = rest[(start + piece.count)...]
  }
  return true
}
