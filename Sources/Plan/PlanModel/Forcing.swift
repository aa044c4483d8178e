/// What is done to the port calls of a strategy's program while it runs: the plan's form of `bindstorm check`.
public struct Forcing: Sendable, Hashable, Codable {
  /// When the thief comes.
  public enum Steal: String, Sendable, Codable, CaseIterable {
    /// While the re-bind is held.
    case lazy
    /// As soon as the release is known; lazily where it comes too late.
    case eager
    /// Never: only the injections.
    case off
  }

  /// When the thief comes.
  public var steal: Steal
  /// Most re-binds of a trial that are made to fail; 0 for all.
  public var max: Int
  /// Only the n-th re-bind of a port, from 1; nil for each.
  public var rebind: Int?
  /// Only windows of at least so many milliseconds.
  public var minWindowMilliseconds: Int
  /// Only this place: the eight digits of a report, or a part of its "prober -> re-binder".
  public var only: String?
  /// Calls that fail or wait.
  public var injections: [CallInjection]

  public init(
    steal: Steal = .lazy, max: Int = 1, rebind: Int? = nil, minWindowMilliseconds: Int = 0,
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
    guard words.count == 4, let steal = Steal(rawValue: String(words[0])) else { return nil }
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

/// A call of the program that fails or waits, by errno or delay.
public struct CallInjection: Sendable, Hashable, Codable {
  /// The calls there are; of internet sockets.
  public enum Call: String, Sendable, Codable, CaseIterable {
    case bind, listen, socket, connect, accept
    /// Whether the call names a port.
    public var namesPort: Bool { self == .bind || self == .connect }
  }

  public var call: Call
  /// Name of the error, as `EADDRINUSE`; nil executes the call.
  public var errno: String?
  /// Milliseconds to wait first.
  public var delayMilliseconds: Int
  /// Only the n-th matching call, from 1; nil for each.
  public var nth: Int?
  /// Only these ports; nil for any.
  public var ports: ClosedRange<Int>?
  /// Only processes whose thread name or command line has this part.
  public var process: String?

  public init(
    call: Call, errno: String? = nil, delayMilliseconds: Int = 0, nth: Int? = nil,
    ports: ClosedRange<Int>? = nil, process: String? = nil
  ) {
    self.call = call
    self.errno = errno
    self.delayMilliseconds = delayMilliseconds
    self.nth = nth
    self.ports = ports
    self.process = process
  }

  /// As text for the workers: seven fields with tabs between them.
  public var text: String {
    let numbers = [delayMilliseconds, nth ?? 0, ports?.lowerBound ?? -1, ports?.upperBound ?? -1]
    return ([call.rawValue, errno ?? ""] + numbers.map(String.init) + [process ?? ""])
      .joined(separator: "\t")
  }

  /// The inverse of `text`. Nil for anything else.
  public init?(text: String) {
    let fields = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 7, let call = Call(rawValue: fields[0]) else { return nil }
    let numbers = fields[2...5].compactMap { Int($0) }
    guard numbers.count == 4 else { return nil }
    self.init(
      call: call, errno: fields[1].isEmpty ? nil : fields[1], delayMilliseconds: numbers[0],
      nth: numbers[1] == 0 ? nil : numbers[1],
      ports: numbers[2] < 0 ? nil : numbers[2]...numbers[3],
      process: fields[6].isEmpty ? nil : fields[6])
  }

  /// The same as a rule of `bindstorm check --inject`.
  public var rule: String {
    let items = [
      errno.map { "errno=\($0)" }, delayMilliseconds > 0 ? "delay=\(delayMilliseconds)ms" : nil,
      nth.map { "nth=\($0)" }, ports.map { "port=\($0.lowerBound)-\($0.upperBound)" },
      process.map { "process=\($0)" },
    ]
    return "\(call.rawValue):" + items.compactMap { $0 }.joined(separator: ",")
  }
}

/// Names of errors that can be injected, with Linux's numbers (asm-generic/errno.h).
public enum InjectableError {
  public static let numbers: KeyValuePairs<String, Int32> = [
    "EPERM": 1, "EINTR": 4, "EIO": 5, "EAGAIN": 11, "ENOMEM": 12, "EACCES": 13, "EINVAL": 22,
    "ENFILE": 23, "EMFILE": 24, "EPROTO": 71, "EAFNOSUPPORT": 97, "EADDRINUSE": 98,
    "EADDRNOTAVAIL": 99, "ENETDOWN": 100, "ENETUNREACH": 101, "ECONNABORTED": 103,
    "ECONNRESET": 104, "ENOBUFS": 105, "ETIMEDOUT": 110, "ECONNREFUSED": 111,
    "EHOSTUNREACH": 113,
  ]

  /// All names.
  public static var names: [String] { numbers.map(\.key) }

  /// The number of a name, nil if it cannot be injected.
  public static func number(_ name: String) -> Int32? {
    numbers.first { $0.key == name }?.value
  }
}
