import CLinuxShims
import Foundation
import Testing

/// What the launcher does to its own mappings before it forks.
struct MappingTests {
  /// Private mappings of this executable: where they lie, and whether they can be written.
  private static func mappings() -> [(range: Range<UInt>, isWritable: Bool)] {
    let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let text = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count == 6, String(words[5]) == executable, words[1].hasSuffix("-p") else {
        return nil
      }
      let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      return (ends[0]..<ends[1], words[1].contains("w"))
    }
  }

  private static func save(
    _ mappings: [(range: Range<UInt>, isWritable: Bool)], _ copies: [UnsafeMutableRawBufferPointer]
  ) {
    for (mapping, copy) in zip(mappings, copies) {
      memcpy(copy.baseAddress!, UnsafeRawPointer(bitPattern: mapping.range.lowerBound)!, copy.count)
    }
  }

  private static func isChanged(
    _ mappings: [(range: Range<UInt>, isWritable: Bool)], _ copies: [UnsafeMutableRawBufferPointer]
  ) -> Bool {
    var result = false
    for (mapping, copy) in zip(mappings, copies) {
      let memory = UnsafeRawPointer(bitPattern: mapping.range.lowerBound)!
      if memcmp(copy.baseAddress!, memory, copy.count) != 0 { result = true }
    }
    return result
  }

  /// In the child of a child: it has one thread, where others would write to pages while these are mapped anew, and
  /// no test's locks and sockets are copied with it.
  @Test
  func `mapping unwritten pages anew changes nothing that memory holds, nor what may be written`()
    async
  {
    await #expect(processExitsWith: .success) {
      let mappings = Self.mappings()
      let copies = mappings.map {
        UnsafeMutableRawBufferPointer.allocate(byteCount: $0.range.count, alignment: 16)
      }
      defer { copies.forEach { $0.deallocate() } }
      let pid = bs_fork(BS_PROCESS_TRIAL)
      if pid == 0 {
        // Once for what Swift notes in its own data at the first use of a type.
        Self.save(mappings, copies)
        _ = Self.isChanged(mappings, copies)
        Self.save(mappings, copies)
        if bs_remap_unwritten_pages() < 0 { _exit(1) }
        if Self.isChanged(mappings, copies) { _exit(2) }
        for (mapping, copy) in zip(mappings, copies) where mapping.isWritable {
          for page in stride(
            from: mapping.range.lowerBound, to: mapping.range.upperBound, by: 4_096)
          {
            let byte = UnsafeMutablePointer<UInt8>(bitPattern: page)!
            byte.pointee = ~byte.pointee
            if byte.pointee != ~copy[Int(page - mapping.range.lowerBound)] { _exit(3) }
            byte.pointee = ~byte.pointee
          }
        }
        _exit(0)
      }
      var status: Int32 = 0
      #expect(waitpid(pid, &status, 0) == pid)
      #expect(!mappings.isEmpty && mappings.contains { $0.isWritable })
      #expect(status == 0, "exit code \(status >> 8): 1 failed, 2 changed, 3 not writable")
    }
  }
}
