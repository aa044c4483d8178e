public import CSharedRegion

/// The texts of a finding in its slot, in the order of their declaration, each ended by 0 and cut to what fits.
public struct ForcedWords: Equatable {
  public var verdict = ""
  public var place = ""
  public var protocolName = ""
  public var prober = ""
  public var proberAt = ""
  public var probedAddress = ""
  public var release = ""
  public var rebinder = ""
  public var rebinderAt = ""
  public var address = ""
  public var holder = ""

  public init() {}

  private static var fields: [WritableKeyPath<ForcedWords, String>] {
    [
      \.verdict, \.place, \.protocolName, \.prober, \.proberAt, \.probedAddress, \.release,
      \.rebinder, \.rebinderAt, \.address, \.holder,
    ]
  }

  /// Bytes of one text, its 0 included.
  private static var share: Int { Int(BS_FORCED_WORDS_SIZE) / fields.count }

  /// Reads them from a slot.
  public init(_ slot: UnsafeMutablePointer<bs_forced_window>) {
    let words = bs_forced_words_of(slot)
    for (number, field) in Self.fields.enumerated() {
      let start = UnsafeRawPointer(words + number * Self.share)
      let bytes = UnsafeRawBufferPointer(start: start, count: Self.share).prefix { $0 != 0 }
      self[keyPath: field] = String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Writes them into a slot.
  public func write(to slot: UnsafeMutablePointer<bs_forced_window>) {
    let words = bs_forced_words_of(slot)
    for (number, field) in Self.fields.enumerated() {
      var size = 0
      let start = words + number * Self.share
      for character in self[keyPath: field] {
        let bytes = character.utf8
        guard size + bytes.count < Self.share, !bytes.contains(0) else { break }
        for byte in bytes {
          start[size] = CChar(bitPattern: byte)
          size += 1
        }
      }
      start[size] = 0
    }
  }
}

extension SharedRegion {
  /// The slot of one finding of a launch's forced program.
  public func forcedWindow(_ launch: Int, _ number: Int) -> UnsafeMutablePointer<bs_forced_window> {
    bs_forced_windows_of(pointer, UInt32(launch)) + number
  }

  /// How many of them are valid, once the program's account is complete.
  public func forcedWindowCount(_ launch: Int) -> Int {
    min(Int(bs_forced_of(launcher(launch)).pointee.told), Int(BS_MAX_FORCED_WINDOWS))
  }

  /// Copies those of some launches from another region.
  func copyForcedWindows(from other: SharedRegion, launches: Int) {
    for launch in 0..<launches {
      let count = other.forcedWindowCount(launch)
      guard count > 0 else { continue }
      forcedWindow(launch, 0).update(from: other.forcedWindow(launch, 0), count: count)
    }
  }
}
