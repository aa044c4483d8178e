/// How a command reacted to a theft: it survived, it fails, or that is not decided.
public enum TheftOutcome: Sendable, Equatable {
  /// A port was stolen and the command ended as without a thief.
  case survived
  /// A port was stolen and the command ended otherwise.
  case died(String)
  /// A port was stolen and the command had not ended in time.
  case hung
  /// A client reached another deployment's server.
  case crossTalked
  /// The command ended as without a thief, although its clients reached the thief in the place of its server.
  case metStranger
  case undecided(Undecided)

  /// The three words of every report and exit code.
  public enum Word: String, Sendable {
    case survived
    case fails
    case undecided = "not decided"
  }

  public var word: Word {
    switch self {
    case .survived: .survived
    case .died, .hung, .crossTalked, .metStranger: .fails
    case .undecided: .undecided
    }
  }

  /// Whether the command does not handle the loss of the port.
  public var isRed: Bool { word == .fails }
  public var isUndecided: Bool { word == .undecided }

  /// What happened, in a few words.
  public var text: String {
    switch self {
    case .died(let how): "died: \(how)"
    case .survived: "survived"
    case .hung: "hung"
    case .crossTalked: "cross-talked"
    case .metStranger: "reported success against a stranger"
    case .undecided(let why): why.reason
    }
  }

  /// The word, and what happened where that says more.
  public var sentence: String { self == .survived ? "survived" : "\(word.rawValue): \(text)" }

  /// Why it is not decided; nil if it is.
  public var undecided: Undecided? {
    if case .undecided(let why) = self { why } else { nil }
  }
}

/// A run under a thief, as far as the verdict depends on it.
public struct TheftRun: Sendable {
  /// How the command ended, in words.
  public var ending: String
  /// Whether it ended with status 0.
  public var isSuccess: Bool
  /// Whether it was ended because its time was over.
  public var isHung = false
  public var isInterrupted = false
  /// Re-binds that found the port stolen.
  public var stolen: Int
  /// Ports whose use could be judged.
  public var ports: Int
  /// Stacks that were not taken because of the limit.
  public var stacksMissing = 0
  /// Whom its clients reached.
  public var meetings = Meetings()
  /// How often the command began to listen in a run without a thief; nil if there was no such run.
  public var listensWithoutThief: Int?
  public var findings: [Finding]

  public init(ending: String, isSuccess: Bool, stolen: Int, ports: Int, findings: [Finding]) {
    self.ending = ending
    self.isSuccess = isSuccess
    self.stolen = stolen
    self.ports = ports
    self.findings = findings
  }

  /// The reaction to a theft in one certain window, of a command that succeeds without a thief.
  public var outcomeOfWindow: TheftOutcome {
    if isInterrupted { return .undecided(.interrupted) }
    if stolen > 0 { return reaction }
    if isHung { return .undecided(.slow) }
    if !isSuccess { return .undecided(.failsUntouched(ending)) }
    return .undecided(stacksMissing > 0 ? .stacksRanOut(stacksMissing) : .notReached)
  }

  /// The reaction in a single run, whatever a thief was to steal; nil if there was nothing to steal: ports were chosen,
  /// none was let go and bound again, and no certain window was asked for.
  public func outcome(of policy: StealPolicy) -> TheftOutcome? {
    if isInterrupted { return .undecided(.interrupted) }
    let windows = findings.filter(\.canBeStolen)
    if stolen == 0 {
      if windows.isEmpty && policy.filters.isEmpty {
        return ports == 0 && isSuccess ? .undecided(.noPort) : nil
      }
      if !isSuccess { return .undecided(.failsUntouched(ending)) }
      let seen = windows.reduce(into: [String]()) { names, finding in
        if !names.contains(finding.summary) { names.append(finding.summary) }
      }
      return .undecided(.matchedNothing(policy.filters, seen: seen, stacksMissing: stacksMissing))
    }
    guard reaction == .survived, policy.occurrence == nil else { return reaction }
    let untried = windows.count { !$0.wasStolen && policy.selects($0) }
    return untried > 0 ? .undecided(.othersNotTried(untried, stolen: stolen)) : .survived
  }

  /// What the command did when a port was stolen.
  private var reaction: TheftOutcome {
    if findings.contains(where: { $0.kind == .crossWired }) { return .crossTalked }
    if isHung { return .hung }
    guard isSuccess else { return .died(ending) }
    return meetings.outcomeOfSuccess(listensWithoutThief: listensWithoutThief)
  }
}

extension Finding {
  /// Whether a thief can take the port there: it was free before the re-bind.
  public var canBeStolen: Bool {
    proof != .kernel && kind.isWindow
  }
}
