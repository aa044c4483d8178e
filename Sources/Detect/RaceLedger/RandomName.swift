/// Whether a name looks as if it was made at random, so that it would differ in the next run: names of temporary files,
/// UUIDs, hexadecimal digests. A guess by form. A name that is wrongly taken for random only makes a place less
/// telling; one that is wrongly kept makes it unstable.
enum RandomName {
  /// Python's `tempfile` puts eight of these characters after "tmp".
  private static let temporaryTail = 8
  private static let shortestHex = 8
  private static let shortestMixture = 6
  /// Changes between letters and digits. "sha256sum" has two.
  private static let manyChanges = 3

  static func isRandom(_ name: some StringProtocol) -> Bool {
    if name.hasPrefix("tmp.") { return true }
    let stem = name.prefix { $0 != "." }
    if stem.hasPrefix("tmp"), stem.count == 3 + temporaryTail, stem.utf8.allSatisfy(isTemporary) {
      return true
    }
    return name.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      .contains { isRandomPart(Array($0.utf8)) }
  }

  /// A text with each run of digits as one `#`: process ids, ports and counters are no part of a name.
  static func withoutNumbers(_ text: some StringProtocol) -> String {
    text.reduce(into: "") { result, character in
      if !character.isNumber {
        result.append(character)
      } else if result.last != "#" {
        result.append("#")
      }
    }
  }

  private static func isRandomPart(_ bytes: [UInt8]) -> Bool {
    // Digits alone are a date or a counter; numbers are left out anyway.
    if bytes.count >= shortestHex, bytes.allSatisfy(isHex), bytes.contains(where: isDigit),
      !bytes.allSatisfy(isDigit)
    {
      return true
    }
    guard bytes.count >= shortestMixture else { return false }
    var changes = 0
    for (last, next) in zip(bytes, bytes.dropFirst()) where isDigit(last) != isDigit(next) {
      changes += 1
    }
    return changes >= manyChanges
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
  private static func isHex(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
  }
  private static func isTemporary(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == 0x5F || (0x61...0x7A).contains(byte)
  }
}
