internal import LinuxFacts

/// A call on internet sockets that can be made to fail or to wait.
public enum InjectedCall: String, Sendable, Codable, CaseIterable {
  case bind, listen, socket, connect, accept

  /// Whether the call names a port.
  public var namesPort: Bool { self == .bind || self == .connect }
}

/// Errors that can be injected.
public enum InjectableError {
  /// Their names; `LinuxErrno` has the numbers.
  public static let names = [
    "EPERM", "EINTR", "EIO", "EAGAIN", "ENOMEM", "EACCES", "EINVAL", "ENFILE", "EMFILE", "EPROTO",
    "EAFNOSUPPORT", "EADDRINUSE", "EADDRNOTAVAIL", "ENETDOWN", "ENETUNREACH", "ECONNABORTED",
    "ECONNRESET", "ENOBUFS", "ETIMEDOUT", "ECONNREFUSED", "EHOSTUNREACH",
  ]

  /// The number of a name, nil if it cannot be injected.
  public static func number(_ name: String) -> Int32? {
    names.contains(name) ? LinuxErrno.number(named: name) : nil
  }
}

/// A rule by which a call fails or waits on its way to the kernel. Plans and the command line give it; the supervisor
/// applies it.
public struct CallInjection: Sendable, Hashable {
  public var call: InjectedCall
  /// The errno to answer, 1 to 4095; nil executes the call.
  public var error: Int32?
  /// Nanoseconds to wait first.
  public var delay: UInt64
  /// Only the n-th matching call, from 1; nil for each.
  public var nth: Int?
  /// Only these ports; nil for any.
  public var ports: ClosedRange<UInt16>?
  /// Only processes whose thread name or command line has this part; nil for all.
  public var process: String?

  public init(
    _ call: InjectedCall, error: Int32? = nil, delay: UInt64 = 0, nth: Int? = nil,
    ports: ClosedRange<UInt16>? = nil, process: String? = nil
  ) {
    self.call = call
    self.error = error
    self.delay = delay
    self.nth = nth
    self.ports = ports
    self.process = process
  }
}

/// In the form of a stored plan: the error by its name, the delay in milliseconds.
extension CallInjection: Codable {
  private enum CodingKeys: String, CodingKey {
    case call, errno, delayMilliseconds, nth, ports, process
  }

  private static let nanosecondsPerMillisecond: UInt64 = 1_000_000

  /// - Throws: `DecodingError`, also for a name of an error that cannot be injected.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    let name = try fields.decodeIfPresent(String.self, forKey: .errno)
    if let name, InjectableError.number(name) == nil {
      throw DecodingError.dataCorruptedError(
        forKey: .errno, in: fields, debugDescription: "there is no error \"\(name)\" to inject")
    }
    let delay = try fields.decode(Int.self, forKey: .delayMilliseconds)
    let ports = try fields.decodeIfPresent(ClosedRange<Int>.self, forKey: .ports)
    self.init(
      try fields.decode(InjectedCall.self, forKey: .call),
      error: name.flatMap(InjectableError.number),
      delay: Self.nanoseconds(milliseconds: delay),
      nth: try fields.decodeIfPresent(Int.self, forKey: .nth),
      ports: ports.map { UInt16(clamping: $0.lowerBound)...UInt16(clamping: $0.upperBound) },
      process: try fields.decodeIfPresent(String.self, forKey: .process))
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(call, forKey: .call)
    try fields.encodeIfPresent(error.flatMap(LinuxErrno.name), forKey: .errno)
    try fields.encode(delay / Self.nanosecondsPerMillisecond, forKey: .delayMilliseconds)
    try fields.encodeIfPresent(nth, forKey: .nth)
    try fields.encodeIfPresent(ports, forKey: .ports)
    try fields.encodeIfPresent(process, forKey: .process)
  }

  /// A delay of a plan in nanoseconds; cut to the longest possible delay.
  public static func nanoseconds(milliseconds: Int) -> UInt64 {
    min(UInt64(clamping: milliseconds), UInt64.max / nanosecondsPerMillisecond)
      * nanosecondsPerMillisecond
  }
}
