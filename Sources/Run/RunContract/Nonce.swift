internal import PortModel

/// What the ownership check sends to an endpoint, and what it gets back: a number that only this endpoint in this trial
/// receives, the endpoint that it was meant for, and the slot of the process that answers.
public struct Nonce: Equatable, Sendable {
  /// Size on the wire in bytes.
  public static let size = 16
  /// The number; never 0.
  public let value: UInt64
  /// Slot of the API server that it is meant for.
  public let slot: Int
  /// The endpoint: 0 for the input, 1 for the output.
  public let endpoint: Int
  /// Slot + 1 of the process that answers; 0 in a question.
  public let answeredBy: Int

  /// The question for an endpoint.
  public init(trialSeed: UInt64, slot: Int, endpoint: Int) {
    var generator = SeededGenerator(
      trialSeed: trialSeed, for: .nonce, UInt64(2 * slot + endpoint))
    self.init(value: generator.next() | 1, slot: slot, endpoint: endpoint, answeredBy: 0)
  }

  /// Reads one from the wire; nil unless it has the right size and form.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.size else { return nil }
    let value = bytes.loadUnaligned(as: UInt64.self)
    let target = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    let answeredBy = bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
    guard value != 0 else { return nil }
    self.init(
      value: value, slot: Int(target >> 1), endpoint: Int(target & 1), answeredBy: Int(answeredBy))
  }

  private init(value: UInt64, slot: Int, endpoint: Int, answeredBy: Int) {
    self.value = value
    self.slot = slot
    self.endpoint = endpoint
    self.answeredBy = answeredBy
  }

  /// Whether it is this trial's question for the endpoint that it names, or the answer to it. A stranger's bytes are
  /// not.
  public func isGenuine(trialSeed: UInt64) -> Bool {
    value == Nonce(trialSeed: trialSeed, slot: slot, endpoint: endpoint).value
  }

  /// The slot of the API server that answered this question. Nil if a stranger did: the bytes are not a nonce, another
  /// nonce, or the question itself, sent back.
  /// - Parameter servers: the number of slots.
  public func answerer(_ answer: Nonce?, servers: Int) -> Int? {
    guard let answer, (1...servers).contains(answer.answeredBy),
      answer == self.answer(by: answer.answeredBy - 1)
    else { return nil }
    return answer.answeredBy - 1
  }

  /// The answer of an API server.
  public func answer(by slot: Int) -> Nonce {
    Nonce(value: value, slot: self.slot, endpoint: endpoint, answeredBy: slot + 1)
  }

  /// Runs `body` with the bytes for the wire.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let words = (value, UInt32(slot << 1 | endpoint), UInt32(answeredBy))
    return try withUnsafeBytes(of: words, body)
  }
}
