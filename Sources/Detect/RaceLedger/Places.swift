/// A protocol with ports.
public enum Transport: String, Sendable, Codable, Hashable {
  case tcp, udp
}

/// A local address of a socket, as bytes in network order.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  /// 4 bytes for IPv4, 16 for IPv6.
  public let bytes: [UInt8]
  /// In host order.
  public let port: UInt16
  /// IPv6 scope; 0 elsewhere.
  public let scope: UInt32

  public init(bytes: [UInt8], port: UInt16, scope: UInt32 = 0) {
    precondition(bytes.count == 4 || bytes.count == 16, "neither IPv4 nor IPv6")
    self.bytes = bytes
    self.port = port
    self.scope = scope
  }

  public var isIPv6: Bool { bytes.count == 16 }
  /// 0.0.0.0 or [::].
  public var isWildcard: Bool { bytes.allSatisfy { $0 == 0 } }

  /// The address at which one of our sockets conflicts with a socket at this address without being reachable from other
  /// hosts: the loopback address for a wildcard, otherwise the address itself.
  public var exclusive: SocketAddress {
    guard isWildcard else { return self }
    let loopback: [UInt8] = isIPv6 ? [UInt8](repeating: 0, count: 15) + [1] : [127, 0, 0, 1]
    return SocketAddress(bytes: loopback, port: port)
  }

  /// Whether a socket here and one there exclude each other, as far as the addresses determine it.
  public func overlaps(_ other: SocketAddress) -> Bool {
    isWildcard || other.isWildcard || bytes == other.bytes
  }

  public func with(port: UInt16) -> SocketAddress {
    SocketAddress(bytes: bytes, port: port, scope: scope)
  }

  public var description: String {
    if !isIPv6 { return bytes.map { "\($0)" }.joined(separator: ".") + ":\(port)" }
    let groups = (0..<8).map { Int(bytes[2 * $0]) << 8 | Int(bytes[2 * $0 + 1]) }
    // The longest run of zero groups is left out (RFC 5952).
    var best = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || groups[index] != 0 {
      if index - start > max(best.count, 1) { best = start..<index }
      start = index + 1
    }
    func hex(_ part: ArraySlice<Int>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    let text =
      best.isEmpty
      ? hex(groups[...])
      : hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
    return "[\(text)]:\(port)"
  }
}

/// A port of one protocol in one network namespace.
public struct PortKey: Sendable, Hashable {
  /// The namespace's cookie.
  public let namespace: UInt64
  public let transport: Transport
  public let port: UInt16

  public init(namespace: UInt64, transport: Transport, port: UInt16) {
    self.namespace = namespace
    self.transport = transport
    self.port = port
  }
}

/// A step of a stack.
public struct Frame: Sendable, Hashable, Codable {
  /// The function, empty if unknown.
  public var function: String
  /// Source file or shared object, empty if unknown.
  public var file: String
  /// Line in the source; 0 if unknown.
  public var line: Int
  /// Offset in the shared object; 0 for source frames.
  public var offset: UInt64
  /// The function's name as the object file has it, where `function` is a readable form of it; otherwise empty.
  public var symbol = ""

  public init(
    function: String, file: String, line: Int = 0, offset: UInt64 = 0, symbol: String = ""
  ) {
    self.function = function
    self.file = file
    self.line = line
    self.offset = offset
    self.symbol = symbol
  }

  /// The frame as one line.
  public var text: String {
    let name = function.isEmpty ? "??" : function
    if line > 0 { return "\(name) \(file):\(line)" }
    return file.isEmpty ? name : "\(name) (\(file)+0x\(String(offset, radix: 16)))"
  }
}

/// A thread at the moment of a call.
public struct Party: Sendable, Equatable, Codable {
  public var pid: Int32
  public var tid: Int32
  /// Name of the thread as its runtime set it, or of the command.
  public var thread: String
  /// Command line, word by word.
  public var arguments: [String]
  /// Number of the descriptor in the process.
  public var descriptor: Int32
  /// Innermost frame first; source frames (Python) separate from native ones.
  public var stack: [Frame]
  public var sourceStack: [Frame]
  /// Value of the group variable in its environment, empty for none.
  public var group: String
  /// Its process's ancestors in the tree, parent first, as far as they lived when it was first seen.
  public var ancestors: [Int32] = []
  /// Base name of the executed file, empty if it is not known.
  public var program = ""
  /// Why the stacks were not taken, empty if they were.
  public var stackGap = ""
  /// The test in whose run it made the call, with pytest's name of the phase; empty for none.
  public var test: String

  public init(
    pid: Int32, tid: Int32, thread: String, arguments: [String], descriptor: Int32,
    stack: [Frame] = [], sourceStack: [Frame] = [], group: String = "", test: String = ""
  ) {
    self.pid = pid
    self.tid = tid
    self.thread = thread
    self.arguments = arguments
    self.descriptor = descriptor
    self.stack = stack
    self.sourceStack = sourceStack
    self.group = group
    self.test = test
  }

  /// The command line as one line of at most 120 characters.
  public var command: String {
    let text = arguments.isEmpty ? thread : arguments.joined(separator: " ")
    let flat = String(text.map { $0.isNewline ? " " : $0 })
    return flat.count <= 120 ? flat : flat.prefix(117) + "..."
  }

  /// Characters of a program in a summary.
  private static let longestLabel = 40
  /// Characters of a function there.
  private static let longestFunction = 60

  /// The place in a few words: the program with its role and options, and its own line or function if that is known.
  public var label: String {
    let program = name.label(atMost: Self.longestLabel)
    guard let frame = ownFrame else { return program }
    let file = ProgramName.lastPart(frame.file)
    let function =
      frame.function.count <= Self.longestFunction
      ? frame.function : frame.function.prefix(Self.longestFunction - 3) + "..."
    if frame.line == 0 { return "\(program) (\(function))" }
    return "\(program) (\(function) \(RandomName.isRandom(file) ? "?" : file):\(frame.line))"
  }

  /// The innermost frame of the program's own code: a source frame, of a compiled program a native one. Of Python code
  /// without such a frame the innermost one.
  public var ownFrame: Frame? {
    (sourceStack + stack).first(where: isOwn) ?? sourceStack.first
  }
}

/// A short name for a text that is the same in every run: FNV-1a, 32 bits folded from 64.
func shortName(_ text: String) -> String {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in text.utf8 {
    hash ^= UInt64(byte)
    hash = hash &* 0x100_0000_01b3
  }
  let folded = UInt32(truncatingIfNeeded: hash ^ hash >> 32)
  let digits = String(folded, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
