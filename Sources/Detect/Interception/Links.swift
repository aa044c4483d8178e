internal import Glibc

/// Where a symbolic link leads.
func link(_ path: String) -> String? {
  withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer -> String? in
    let length = readlink(path, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), 4_096)
    return length > 0 ? String(decoding: buffer[..<length], as: UTF8.self) : nil
  }
}
