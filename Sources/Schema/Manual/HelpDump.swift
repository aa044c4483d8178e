internal import FoundationEssentials

/// What `bindstorm --experimental-dump-help` prints: the commands with their options, as the argument parser knows them.
/// Only what a manual page needs is read.
public struct HelpDump: Decodable, Sendable {
  /// A command with what it takes.
  public struct Command: Decodable, Sendable {
    public var commandName: String
    public var abstract: String?
    public var discussion: String?
    public var shouldDisplay: Bool?
    public var arguments: [Argument]?
    public var subcommands: [Command]?
  }

  /// An argument, an option or a flag.
  public struct Argument: Decodable, Sendable {
    /// One of its names.
    public struct Name: Decodable, Sendable {
      /// `long`, `short` or `longWithSingleDash`.
      public var kind: String
      public var name: String
    }

    /// `positional`, `option` or `flag`.
    public var kind: String
    public var shouldDisplay: Bool
    public var isOptional: Bool
    public var isRepeating: Bool
    public var parsingStrategy: String?
    public var names: [Name]?
    public var valueName: String?
    public var defaultValue: String?
    public var allValues: [String]?
    public var abstract: String?
  }

  public var command: Command

  /// - Throws: `DecodingError` if the text is no dump of this form.
  public init(parsing bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(bytes))
  }
}
