import Glibc
import Syscalls
import Testing

/// Files that people give: what is no regular file must neither be waited for nor read without end.
@Suite struct InputFileTests {
  private func kind(_ path: String) -> InputFileError? {
    do throws(InputFileError) {
      _ = try FileBytes.read(input: path, limit: 1 << 20)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a file is read up to its limit, and none beyond it`() throws {
    var template = Array("/tmp/bindstorm-input-XXXXXX".utf8CString)
    let file = Descriptor(owning: mkstemp(&template))
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { unlink(path) }
    try FileBytes.write([UInt8](repeating: 7, count: 100_000), to: file.number)
    #expect(try FileBytes.read(input: path, limit: 100_000).count == 100_000)
    #expect(throws: InputFileError.tooLarge) {
      try FileBytes.read(input: path, limit: 99_999)
    }
  }

  @Test(arguments: ["/dev/zero", "/dev/full", "/dev/urandom"])
  func `a device without an end is not read`(path: String) {
    #expect(kind(path) == .notAFile(kind: "a character device"))
  }

  @Test func `nothing is read of /dev/null, and a folder is none`() throws {
    #expect(try FileBytes.read(input: "/dev/null", limit: 0) == [])
    #expect(kind("/tmp") == .system(SystemError("read /tmp", code: EISDIR)))
    guard case .system? = kind("/proc/self/mem") else {
      Issue.record("/proc/self/mem was read")
      return
    }
  }

  @Test func `a FIFO is refused at once, though nobody writes`() {
    var template = Array("/tmp/bindstorm-input-XXXXXX".utf8CString)
    let folder = template.withUnsafeMutableBufferPointer {
      String(cString: mkdtemp($0.baseAddress!))
    }
    let path = folder + "/fifo"
    defer {
      unlink(path)
      rmdir(folder)
    }
    #expect(mkfifo(path, 0o600) == 0)
    #expect(kind(path) == .notAFile(kind: "a FIFO"))
  }

  /// As a shell's `<(command)` has it.
  @Test func `the pipe of a shell is read to its end`() throws {
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    defer { closeDescriptor(ends[0]) }
    try FileBytes.write(Array("text".utf8), to: ends[1])
    closeDescriptor(ends[1])
    #expect(
      try FileBytes.read(input: "/proc/self/fd/\(ends[0])", limit: 4) == Array("text".utf8))
  }
}
