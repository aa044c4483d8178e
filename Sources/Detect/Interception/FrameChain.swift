internal import CInterception

/// The value of the frame-pointer register of a thread in a system call, found on its stack.
///
/// The kernel shows only the program counter and stack pointer of such a thread, and stopping it for a tracer would
/// interrupt the waiting call. But functions that keep a frame pointer link their frames: each frame contains the
/// address of the next one and, beside it, a return address, which follows a call instruction. The innermost such link
/// is the register's value, because the wrapper of the system call does not change it.
struct FrameChain {
  /// The value of the frame pointer.
  let start: UInt64
  /// Return addresses of the linked frames, innermost first.
  let returns: [UInt64]

  /// Bytes of stack in which the innermost link is searched.
  private static let reach = 8_192
  /// The largest size of a frame.
  private static let largestFrame: UInt64 = 1 << 20
  private static let longest = 48
  /// The number of links in a row that are not a coincidence.
  private static let least = 2

  /// Nil if there is no chain.
  init?(_ tid: Int32, stack: UInt64, isCode: (UInt64) -> Bool) {
    var words = [UInt64](repeating: 0, count: Self.reach / 8)
    let count = words.withUnsafeMutableBytes {
      pt_read_memory(tid, stack, $0.baseAddress!, UInt(Self.reach))
    }
    let length = max(0, Int(count)) / 8
    for index in 0..<max(0, length - 1) {
      let address = stack + UInt64(index) * 8
      guard Self.isNext(words[index], after: address), isCode(words[index + 1]),
        Self.followsCall(words[index + 1], tid)
      else { continue }
      let chain = Self.follow(tid, from: address, isCode: isCode)
      if chain.count >= Self.least {
        start = address
        returns = chain
        return
      }
    }
    return nil
  }

  private static func isNext(_ next: UInt64, after address: UInt64) -> Bool {
    next > address && next - address <= largestFrame && next % 8 == 0
  }

  private static func follow(
    _ tid: Int32, from first: UInt64, isCode: (UInt64) -> Bool
  ) -> [UInt64] {
    var chain: [UInt64] = []
    var address = first
    while chain.count < longest {
      var link = (next: UInt64(0), back: UInt64(0))
      guard pt_read_memory(tid, address, &link, 16) == 16, isCode(link.back),
        followsCall(link.back, tid)
      else { break }
      chain.append(link.back)
      guard isNext(link.next, after: address) else { break }
      address = link.next
    }
    return chain
  }

  /// Whether the instruction before an address is a call.
  private static func followsCall(_ address: UInt64, _ tid: Int32) -> Bool {
    guard address > 8 else { return false }
    var bytes = [UInt8](repeating: 0, count: 8)
    guard pt_read_memory(tid, address - 8, &bytes, 8) == 8 else { return false }
    #if arch(arm64)
      let word = bytes[4...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      // BL, and BLR of a register.
      return word >> 26 == 0b100101 || word & 0xffff_fc1f == 0xd63f_0000
    #else
      // CALL with a relative address (E8), or through a register or memory (FF /2) in 2, 3, 4, 6 or 7 bytes.
      if bytes[3] == 0xe8 { return true }
      return [2, 3, 4, 6, 7].contains { length in
        bytes[8 - length] == 0xff && bytes[9 - length] >> 3 & 7 == 2
      }
    #endif
  }
}
