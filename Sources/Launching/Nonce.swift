internal import PortModel

/// What the ownership check sends to an endpoint, and what comes back from it: a number that only this
/// endpoint in this trial is sent, and the slot of whoever answers.
public struct Nonce: Equatable, Sendable {
  /// Size on the wire in bytes.
  public static let size = 16
  /// The number; never 0.
  public let value: UInt64
  /// Slot + 1 of the process that answers; 0 in a question.
  public let answeredBy: UInt64

  /// The question for an endpoint.
  /// - Parameters:
  ///   - endpoint: 0 for the input, 1 for the output.
  public init(trialSeed: UInt64, slot: Int, endpoint: Int) {
    var generator = SeededGenerator(seed: trialSeed &+ UInt64(2 * slot + endpoint))
    value = generator.next() | 1
    answeredBy = 0
  }

  /// Reads one from the wire; nil unless it has the size and is not zero.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.size else { return nil }
    value = bytes.loadUnaligned(as: UInt64.self)
    answeredBy = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    guard value != 0 else { return nil }
  }

  private init(value: UInt64, answeredBy: UInt64) {
    self.value = value
    self.answeredBy = answeredBy
  }

  /// The answer of an API server.
  public func answer(by slot: Int) -> Nonce {
    Nonce(value: value, answeredBy: UInt64(slot) + 1)
  }

  /// Runs `body` with the bytes for the wire.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let words = (value, answeredBy)
    return try withUnsafeBytes(of: words, body)
  }
}
