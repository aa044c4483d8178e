public import PlanModel

/// Tells whether two executables were built from the same sources, as far as that matters between them: an order names
/// strategies, thieves, faults and their options by position, and both executables read one shared region. An
/// executable of another build would run another strategy than the reported one.
public enum BuildFingerprint {
  /// FNV-1a, 64 bits, of all names in their order and of the text of the region's headers. Never 0, which means "do not
  /// check". (Fowler, Noll, Vo; IETF draft-eastlake-fnv.)
  public static func of(
    strategies: [StrategyDescriptor], thieves: [ThiefDescriptor], faults: [FaultDescriptor]
  ) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func take(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    func take(_ name: String, _ options: [OptionDescriptor]) {
      for text in [name] + options.map(\.name) {
        for byte in text.utf8 { take(byte) }
        take(0)
      }
      take(1)
    }
    for item in strategies { take(item.name, item.options) }
    for item in thieves { take(item.name, item.options) }
    for item in faults { take(item.name, item.options) }
    for shift in stride(from: 0, to: 64, by: 8) {
      take(UInt8(truncatingIfNeeded: RegionDigest.value >> UInt64(shift)))
    }
    return max(hash, 1)
  }
}
