/// What came of a program whose port calls were forced: the supervisor's own account.
public struct ForcedRun: Sendable, Equatable, Codable {
  /// How the program ended.
  public enum Ending: String, Sendable, Codable, CaseIterable {
    /// With the exit code `status`.
    case exited
    /// By the signal `status`.
    case signalled
    /// Its time was over, and it was ended.
    case hung
  }

  /// Who held a port that the program was refused though nothing had been stolen.
  public enum Refusal: String, Sendable, Codable, CaseIterable {
    /// No such refusal.
    case none
    /// A process of the same program.
    case tree
    /// A process that bindstorm did not start, or nobody can tell.
    case outsider
  }

  /// Whether the program was the whole launch, whose success is exit code 0; else it was an adapter.
  public var isLaunch: Bool
  /// How it ended.
  public var ending: Ending
  /// Exit code or signal.
  public var status: Int32
  /// Whether API servers bind the numbers of the adapter, whose calls are not caught.
  public var bindsElsewhere: Bool
  /// Port calls that were caught.
  public var calls: Int
  /// Calls that could not be looked into.
  public var unobserved: Int
  /// Times that the kernel dropped socket events: windows may have been missed.
  public var lost: Int
  /// Ports that the kernel chose for it.
  public var probes: Int
  /// Ports that were let go and bound again.
  public var windows: Int
  /// Re-binds that a thief made fail.
  public var stolen: Int
  /// Calls that were made to fail or wait.
  public var injected: Int
  /// Who held a port that it was refused though nothing had been stolen.
  public var refusal: Refusal
  /// Prober and re-binder of the window that was stolen, else of the first; empty if there was none.
  public var window: String
  /// Last lines of its output.
  public var lastWords: String

  public init(
    isLaunch: Bool, ending: Ending = .exited, status: Int32 = 0, bindsElsewhere: Bool = false,
    calls: Int = 0,
    unobserved: Int = 0, lost: Int = 0, probes: Int = 0, windows: Int = 0, stolen: Int = 0,
    injected: Int = 0,
    refusal: Refusal = .none, window: String = "", lastWords: String = ""
  ) {
    self.isLaunch = isLaunch
    self.ending = ending
    self.status = status
    self.bindsElsewhere = bindsElsewhere
    self.calls = calls
    self.unobserved = unobserved
    self.lost = lost
    self.probes = probes
    self.windows = windows
    self.stolen = stolen
    self.injected = injected
    self.refusal = refusal
    self.window = window
    self.lastWords = lastWords
  }
}

extension EventEncoder {
  static func append(_ run: ForcedRun, into buffer: inout ByteBuffer) {
    buffer.append(",\"forced\":{\"isLaunch\":")
    buffer.append(run.isLaunch ? "true" : "false")
    if run.bindsElsewhere { buffer.append(",\"bindsElsewhere\":true") }
    buffer.append(",\"ending\":")
    buffer.append(quoted: run.ending.rawValue)
    append("status", Int(run.status), unless: 0, into: &buffer)
    append("calls", run.calls, unless: 0, into: &buffer)
    append("unobserved", run.unobserved, unless: 0, into: &buffer)
    append("lost", run.lost, unless: 0, into: &buffer)
    append("probes", run.probes, unless: 0, into: &buffer)
    append("windows", run.windows, unless: 0, into: &buffer)
    append("stolen", run.stolen, unless: 0, into: &buffer)
    append("injected", run.injected, unless: 0, into: &buffer)
    buffer.append(",\"refusal\":")
    buffer.append(quoted: run.refusal.rawValue)
    buffer.append(",\"window\":")
    buffer.append(quoted: run.window)
    buffer.append(",\"lastWords\":")
    buffer.append(quoted: run.lastWords)
    buffer.append("}")
  }
}

extension EventDecoder {
  static func forcedRun(of parent: inout EventFields) throws(Failure) -> ForcedRun? {
    guard var fields = try parent.fieldsIfPresent("forced") else { return nil }
    let run = ForcedRun(
      isLaunch: try fields.boolean("isLaunch"), ending: try fields.word("ending"),
      status: try fields.number("status", default: 0),
      bindsElsewhere: try fields.boolean("bindsElsewhere", default: false),
      calls: try fields.number("calls", default: 0),
      unobserved: try fields.number("unobserved", default: 0),
      lost: try fields.number("lost", default: 0),
      probes: try fields.number("probes", default: 0),
      windows: try fields.number("windows", default: 0),
      stolen: try fields.number("stolen", default: 0),
      injected: try fields.number("injected", default: 0), refusal: try fields.word("refusal"),
      window: try fields.text("window"), lastWords: try fields.text("lastWords"))
    try fields.finish()
    return run
  }
}
