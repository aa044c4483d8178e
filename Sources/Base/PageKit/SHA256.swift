/// SHA-256 (FIPS 180-4), for the hashes by which a page's security policy names its own script and style sheet. Those
/// depend on the text of both, so they are computed; a cryptography library for these two short texts would double the
/// time of a build.
enum SHA256 {
  /// The fractional parts of the cube roots of the first 64 primes: computed, so that there is no table to mistype.
  private static let constants: [UInt32] = fractions(count: 64) { prime in
    root(of: prime, power: 3)
  }

  /// The same of the square roots of the first eight.
  private static let start: [UInt32] = fractions(count: 8) { prime in
    root(of: prime, power: 2)
  }

  /// The digest's 32 bytes.
  static func digest(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var message = Array(bytes)
    let length = UInt64(message.count) * 8
    message.append(0x80)
    while message.count % 64 != 56 { message.append(0) }
    message += (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
    var state = start
    for block in stride(from: 0, to: message.count, by: 64) {
      compress(message[block..<block + 64], into: &state)
    }
    return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
    }
  }

  /// As a source of a Content-Security-Policy: `sha256-` and the digest in base 64.
  static func policySource(_ text: String) -> String { "sha256-" + base64(digest(text.utf8)) }

  private static func compress(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { place in
      block[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<64 {
      let (old, new) = (words[index - 15], words[index - 2])
      words.append(
        words[index - 16] &+ (rotated(old, 7) ^ rotated(old, 18) ^ old >> 3) &+ words[index - 7]
          &+ (rotated(new, 17) ^ rotated(new, 19) ^ new >> 10))
    }
    var s = state
    for index in 0..<64 {
      let choice = s[4] & s[5] ^ ~s[4] & s[6]
      let first =
        s[7] &+ (rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25)) &+ choice
        &+ constants[index] &+ words[index]
      let majority = s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]
      let second = (rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22)) &+ majority
      s = [first &+ second, s[0], s[1], s[2], s[3] &+ first, s[4], s[5], s[6]]
    }
    for index in 0..<8 { state[index] &+= s[index] }
  }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }

  private static func fractions(count: Int, _ bits: (UInt64) -> UInt32) -> [UInt32] {
    var primes: [UInt64] = []
    var next: UInt64 = 2
    while primes.count < count {
      if primes.allSatisfy({ next % $0 != 0 }) { primes.append(next) }
      next += 1
    }
    return primes.map(bits)
  }

  /// The first 32 bits behind the point of a root: the largest r with r^power <= number * 2^(32 * power), without the
  /// whole part. Found bit by bit; powers of 36-bit numbers need more than 64 bits.
  private static func root(of number: UInt64, power: Int) -> UInt32 {
    let limit = UInt128(number) << UInt128(32 * power)
    var root: UInt128 = 0
    for bit in stride(from: UInt128(37), through: 0, by: -1) {
      let candidate = root | 1 << bit
      if (1..<power).reduce(candidate, { product, _ in product * candidate }) <= limit {
        root = candidate
      }
    }
    return UInt32(truncatingIfNeeded: root)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for place in stride(from: 0, to: bytes.count, by: 3) {
      let group = (0..<3).map { place + $0 < bytes.count ? Int(bytes[place + $0]) : 0 }
      let bits = group[0] << 16 | group[1] << 8 | group[2]
      for (digit, shift) in [18, 12, 6, 0].enumerated() {
        text.append(place + digit <= bytes.count ? digits[bits >> shift & 63] : "=")
      }
    }
    return text
  }
}
