internal import CLinuxShims

/// Tells whether two executables were built from the same sources, as far as it matters between them: an order names
/// strategies, thieves and faults by their places in the registries, and both read one shared region. An executable
/// left over from another build would run another strategy than the one reported.
public enum BuildFingerprint {
  /// FNV-1a, 64 bits, of the names and the region's size; never 0, which stands for "not to be checked".
  /// (Fowler, Noll, Vo; IETF draft-eastlake-fnv.)
  /// - Parameter names: all names of the registries, in their order.
  public static func of(_ names: [String]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func take(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for name in names {
      for byte in name.utf8 { take(byte) }
      take(0)
    }
    for shift in stride(from: 0, to: 64, by: 8) {
      take(UInt8(truncatingIfNeeded: MemoryLayout<bs_region>.size >> shift))
    }
    return max(hash, 1)
  }
}
