internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// A bind by a number that the tree never held before.
extension Supervisor {
  /// Executes it. A number that comes from a chosen one is proved and stolen like a re-bind; any other one is recorded,
  /// because it may be a trial. Returns its errno, nil if it cannot be observed.
  func firstBind(
    _ key: PortKey, _ address: SocketAddress, _ thread: Threads.Record, _ call: pt_call,
    _ options: SocketOptions, _ execute: () -> (error: Int32?, cookie: UInt64)
  ) -> Int32? {
    let pool = networks.ephemeralPorts(of: key.namespace).count
    if let source = ledger.source(of: key, for: thread.party, pool: pool)
      ?? lookUpSource(key, thread)
    {
      let socket = networks.bind(key, address) ?? -1
      let assessment = ledger.assess(
        source, key, address: address, isFree: socket >= 0,
        by: party(thread, call, withStack: true), at: MonotonicClock.now())
      followed[Int(key.port)] = true
      let answers = Ledger.Answers(isFree: socket >= 0, openAddressesAreFree: true)
      let error = conclude(assessment, (answers, socket), key, address, options, execute)
      if error == 0 { observation.boundByNumber += 1 }
      return error
    }
    let result = execute()
    guard result.error == 0 else { return result.error }
    observation.boundByNumber += 1
    followed[Int(key.port)] = true
    ledger.opened(
      key,
      Holding(
        cookie: result.cookie, address: address, party: party(thread, call, withStack: true),
        origin: .byNumber, openedAt: MonotonicClock.now()))
    return result.error
  }
}

/// The numbers that stand by themselves in a text: not as a part of a word or of another number.
func numbers(in text: String) -> [UInt16] {
  // As bytes: an environment can be long, and every run waits for this.
  text.utf8.split {
    switch $0 {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      false
    default: true
    }
  }.compactMap { UInt16(Substring($0)) }
}

extension Supervision {
  /// Numbers in the command line and in the environment that the command gets. A word with blanks is the text of a program
  /// (`sh -c`, `perl -e`): its numbers are those that the program chooses.
  var configuredNumbers: Set<UInt16> {
    var texts = command.filter { !$0.contains(where: \.isWhitespace) }
    var at = environ
    while let word = at.pointee {
      texts.append(String(cString: word))
      at += 1
    }
    return Set(texts.flatMap(numbers))
  }
}
