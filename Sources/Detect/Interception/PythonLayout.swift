internal import CInterception

/// Another process's memory.
struct RemoteMemory {
  let tid: Int32

  func word(_ address: UInt64) -> UInt64? {
    var value: UInt64 = 0
    return pt_read_memory(tid, address, &value, 8) == 8 ? value : nil
  }

  func bytes(_ address: UInt64, _ count: Int) -> [UInt8]? {
    guard count > 0 else { return count == 0 ? [] : nil }
    var bytes = [UInt8](repeating: 0, count: count)
    return pt_read_memory(tid, address, &bytes, UInt(count)) == count ? bytes : nil
  }
}

/// Where CPython keeps what leads from its runtime to the frames of a thread: offsets in bytes.
///
/// CPython 3.13 says them itself, in the table `_Py_DebugOffsets` at the beginning of `_PyRuntime`
/// (Include/internal/pycore_runtime.h). For 3.11 and 3.12 they are those of `offsetof` on the structures of
/// Include/internal, which do not change within a version. The table of 3.14 has another form and is not read.
struct PythonLayout: Sendable, Equatable {
  var runtimeInterpreters = 0
  var interpreterNext = 0
  var interpreterThreads = 0
  var threadNext = 0
  var threadNativeID = 0
  /// Of the thread's current frame, or of what points to it.
  var threadFrame = 0
  /// Of the current frame in `_PyCFrame`; nil if the thread itself has it (3.13).
  var currentInCFrame: Int?
  var framePrevious = 0
  var frameCode = 0
  var frameInstruction = 0
  var frameOwner = 0
  var codeFile = 0
  var codeName = 0
  var codeLines = 0
  var codeFirstLine = 0
  var codeInstructions = 0
  /// Size of the head of a text in ASCII, and of another one.
  var textHead = 0
  var wideTextHead = 0
  /// Bit of a text's state at which its kind begins.
  let kindBit = 2

  /// Length of a text, state of a text, size and begin of a byte string: alike in all versions that are read.
  static let textLength = 16
  static let textState = 32
  static let bytesCount = 16
  static let bytesStart = 32
  /// FRAME_OWNED_BY_CSTACK: an entry from C, without code of its own.
  static let ownedByC: UInt8 = 3

  static let python311 = PythonLayout(
    runtimeInterpreters: 40, interpreterNext: 0, interpreterThreads: 16, threadNext: 8,
    threadNativeID: 160, threadFrame: 56, currentInCFrame: 8, framePrevious: 48, frameCode: 32,
    frameInstruction: 56, frameOwner: 69, codeFile: 112, codeName: 128, codeLines: 136,
    codeFirstLine: 72, codeInstructions: 184, textHead: 48, wideTextHead: 72)

  static let python312 = PythonLayout(
    runtimeInterpreters: 40, interpreterNext: 0, interpreterThreads: 72, threadNext: 8,
    threadNativeID: 144, threadFrame: 56, currentInCFrame: 0, framePrevious: 8, frameCode: 0,
    frameInstruction: 56, frameOwner: 70, codeFile: 112, codeName: 128, codeLines: 136,
    codeFirstLine: 68, codeInstructions: 192, textHead: 40, wideTextHead: 56)

  /// The one of a running interpreter; nil if its version is not read.
  /// - Parameters:
  ///   - version: `Py_Version`: 0xMMmmppls.
  ///   - runtime: address of `_PyRuntime`.
  static func of(version: UInt64, runtime: UInt64, _ memory: RemoteMemory) -> PythonLayout? {
    switch version >> 16 {
    case 0x030b: python311
    case 0x030c: python312
    case 0x030d: DebugOffsets(runtime, memory)?.layout
    default: nil
    }
  }

  /// The table of 3.13, in words: cookie, version, free_threaded, then a group for each structure, which begins with
  /// the structure's size.
  private struct DebugOffsets {
    /// "xdebugpy" in the order of bytes.
    private static let cookie: UInt64 = 0x7970_6775_6265_6478
    private static let count = 73
    private let words: [Int]

    init?(_ runtime: UInt64, _ memory: RemoteMemory) {
      guard let bytes = memory.bytes(runtime, Self.count * 8) else { return nil }
      let words = bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) }
      // Without the global lock, texts and code objects have another form.
      guard words[0] == Self.cookie, words[1] >> 16 == 0x030d, words[2] == 0,
        words.dropFirst(3).allSatisfy({ $0 < 1 << 24 })
      else { return nil }
      self.words = words.enumerated().map { $0 < 3 ? 0 : Int($1) }
    }

    var layout: PythonLayout {
      PythonLayout(
        runtimeInterpreters: words[5], interpreterNext: words[8], interpreterThreads: words[9],
        threadNext: words[21], threadNativeID: words[25], threadFrame: words[23],
        currentInCFrame: nil, framePrevious: words[29], frameCode: words[30],
        frameInstruction: words[31], frameOwner: words[33], codeFile: words[35],
        codeName: words[37], codeLines: words[38], codeFirstLine: words[39],
        codeInstructions: words[43], textHead: words[textGroup + 3],
        wideTextHead: words[textGroup + 3] + 16)
    }

    /// Where the group of texts begins: after those of objects, types, tuples, lists, dictionaries, floats, integers and
    /// byte strings.
    private var textGroup: Int { 44 + 2 + 4 + 3 + 3 + 3 + 2 + 3 + 3 }
  }
}
