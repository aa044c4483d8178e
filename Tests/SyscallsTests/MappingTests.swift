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

  /// The layers of a container's image are file systems of their own, with the same inode numbers.
  @Test func `a file is known by its device, too`() throws {
    let list = FileManager.default.temporaryDirectory.appending(path: "maps-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: list) }
    try Data(
      """
      00400000-00500000 r--p 00000000 fd:01 1234                       /usr/bin/worker
      00600000-00700000 rw-p 00100000 fd:01 1234                       /usr/bin/worker
      7f0000000000-7f0000100000 rw-p 00000000 00:2a 1234               /usr/lib/other-layer.so
      7f0000200000-7f0000300000 rw-p 00000000 fd:01 1235               /usr/lib/other.so
      7f0000400000-7f0000500000 rw-p 00000000 00:00 0
      7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                  [stack]

      """.utf8
    ).write(to: list)
    func file(at address: UInt) -> bs_mapped_file? {
      var file = bs_mapped_file()
      return bs_find_mapped_file(list.path, address, &file) == 0 ? file : nil
    }
    var first = try #require(file(at: 0x40_0000))
    for (address, isSame) in [
      (0x4f_ffff, true), (0x60_0000, true), (0x7f00_0000_0000, false), (0x7f00_0020_0000, false),
    ] as [(UInt, Bool)] {
      var other = try #require(file(at: address))
      #expect(bs_is_same_mapped_file(&first, &other) == isSame, "\(address)")
    }
    for address in [0x50_0000, 0x7f00_0040_0000, 0x7ffc_0000_0000] as [UInt] {
      #expect(file(at: address) == nil, "\(address)")
    }
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
        if bs_remap_unwritten_pages() <= 0 { _exit(1) }
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
      #expect(
        status == 0,
        "exit code \(status >> 8): 1 failed or nothing to do, 2 changed, 3 not writable")
    }
  }
}
