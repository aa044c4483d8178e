/// What one process, one port or one fault went through along time. Times are nanoseconds of one clock, the same for all
/// lifelines of a record. Charts and traces are made of the same ones.
public struct Lifeline: Sendable, Equatable {
  /// What it is of.
  public enum Subject: Sendable, Hashable {
    /// All that was recorded: a trial or a run.
    case record
    /// A process; its id is 0 where it is unknown.
    case process(pid: Int32)
    case port
    case fault
  }

  /// One end of an arrow from what happened to what came of it.
  public struct Arrow: Sendable, Equatable {
    /// The same at both ends, and of no other arrow.
    public var id: UInt64
    /// Whether the arrow ends here.
    public var arrives: Bool

    public init(id: UInt64, arrives: Bool) {
      self.id = id
      self.arrives = arrives
    }
  }

  /// Something that took time.
  public struct Span: Sendable, Equatable {
    /// What a span means.
    public enum Meaning: String, Sendable {
      /// A process does its work.
      case work
      /// A part of that work.
      case step
      /// A port that somebody holds.
      case held
      /// A port that nobody holds between its probe and its re-bind.
      case open
      /// A port that was chosen and is not bound yet; whether somebody holds it is not recorded.
      case chosen
      /// A port in the hands of someone else.
      case taken
    }

    public var meaning: Meaning
    /// A few words.
    public var name: String
    public var from: UInt64
    /// Not before `from`.
    public var to: UInt64
    /// More about it, in this order.
    public var details: [Detail] = []
    public var arrows: [Arrow] = []

    public init(_ meaning: Meaning, _ name: String, from: UInt64, to: UInt64) {
      self.meaning = meaning
      self.name = name
      self.from = from
      self.to = max(from, to)
    }
  }

  /// Something that happened at one time.
  public struct Instant: Sendable, Equatable {
    /// What it means.
    public enum Meaning: String, Sendable {
      case success, failure, fault
      /// A step on the way.
      case step
    }

    public var meaning: Meaning
    /// A few words, without the name of the lifeline.
    public var name: String
    public var at: UInt64
    public var details: [Detail] = []
    public var arrows: [Arrow] = []

    public init(_ meaning: Meaning, _ name: String, at: UInt64) {
      self.meaning = meaning
      self.name = name
      self.at = at
    }
  }

  /// A name with a value, as text.
  public struct Detail: Sendable, Equatable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public var subject: Subject
  /// Together with the process id that of no other lifeline of the record.
  public var name: String
  public var spans: [Span] = []
  public var instants: [Instant] = []
  /// Words beside it; empty for none.
  public var note = ""

  public init(_ subject: Subject, _ name: String) {
    self.subject = subject
    self.name = name
  }

  /// Every time that occurs.
  public var times: [UInt64] { spans.flatMap { [$0.from, $0.to] } + instants.map(\.at) }
}
