import Glibc
import Testing

@testable import Interception

/// A stack of linked frames in the test's own memory, where its thread is taken to wait.
@Suite struct FrameChainTests {
  /// Words of stack and bytes of code, at addresses that stay.
  private final class Memory {
    /// More than the largest frame.
    static let words = 140_000
    let stack = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
    let code = UnsafeMutablePointer<UInt8>.allocate(capacity: 4_096)

    init() {
      stack.initialize(repeating: 0, count: Self.words)
      code.initialize(repeating: 0x90, count: 4_096)
    }

    deinit {
      stack.deallocate()
      code.deallocate()
    }

    /// Address of a word of the stack.
    func word(_ index: Int) -> UInt64 { UInt64(UInt(bitPattern: stack + index)) }

    /// An address in the code that a call returns to; every 32 bytes there is room for one.
    func returnAddress(_ number: Int, _ call: [UInt8]? = nil) -> UInt64 {
      let place = code + 32 * (number + 1)
      #if arch(arm64)
        let call = call ?? [0, 0, 0, 0x94]
      #else
        let call = call ?? [0xe8, 0, 0, 0, 0]
      #endif
      for (offset, byte) in call.enumerated() { place[offset - call.count] = byte }
      return UInt64(UInt(bitPattern: place))
    }

    /// Puts a frame there that leads to another; a next frame of 0 ends the chain.
    func frame(_ index: Int, to next: UInt64, back: UInt64) {
      stack[index] = next
      stack[index + 1] = back
    }

    func isCode(_ address: UInt64) -> Bool {
      let start = UInt64(UInt(bitPattern: code))
      return (start..<start + 4_096).contains(address)
    }

    var chain: FrameChain? { FrameChain(getpid(), stack: word(0), isCode: isCode) }
  }

  @Test func `linked frames are followed, innermost first`() throws {
    let memory = Memory()
    let back = (0..<3).map { memory.returnAddress($0) }
    memory.frame(4, to: memory.word(10), back: back[0])
    memory.frame(10, to: memory.word(1_500), back: back[1])
    memory.frame(1_500, to: 0, back: back[2])
    let chain = try #require(memory.chain)
    #expect(chain.start == memory.word(4))
    #expect(chain.returns == back)
  }

  @Test func `one link is coincidence`() {
    let memory = Memory()
    memory.frame(4, to: memory.word(10), back: memory.returnAddress(0))
    #expect(memory.chain == nil)
    memory.frame(10, to: 0, back: memory.returnAddress(1))
    #expect(memory.chain != nil)
  }

  @Test(arguments: [
    (16, true), (80, true), (83, false), (1 << 20, true), (1 << 20 + 8, false),
  ])
  func `a link leads to a whole word that is not too far`(_ bytes: Int, _ isLink: Bool) {
    let memory = Memory()
    let second = UnsafeMutableRawPointer(memory.stack + 4) + bytes
    memory.frame(
      4, to: UInt64(UInt(bitPattern: second)), back: memory.returnAddress(0))
    second.storeBytes(of: 0, as: UInt64.self)
    (second + 8).storeBytes(of: memory.returnAddress(1), as: UInt64.self)
    #expect((memory.chain != nil) == isLink)
  }

  @Test func `a frame that leads to itself or inwards ends the chain`() throws {
    let memory = Memory()
    let back = (0..<3).map { memory.returnAddress($0) }
    memory.frame(4, to: memory.word(10), back: back[0])
    memory.frame(10, to: memory.word(10), back: back[1])
    #expect(try #require(memory.chain).returns == [back[0], back[1]])
    memory.frame(10, to: memory.word(4), back: back[1])
    #expect(try #require(memory.chain).returns == [back[0], back[1]])
  }

  @Test func `what no call returns to is no frame`() {
    let memory = Memory()
    memory.frame(4, to: memory.word(10), back: memory.returnAddress(0, [0, 0, 0, 0, 0]))
    memory.frame(10, to: 0, back: memory.returnAddress(1))
    #expect(memory.chain == nil, "the bytes before it are no call")
    memory.frame(4, to: memory.word(10), back: memory.word(100))
    #expect(memory.chain == nil, "it lies in no code")
  }

  #if arch(x86_64)
    /// CALL through a register or memory, FF /2, in 2, 3, 4, 6 and 7 bytes; in 5 it would be another instruction.
    @Test(arguments: [2, 3, 4, 5, 6, 7]) func `calls of every length are known`(_ length: Int) {
      let memory = Memory()
      let call = [0xff, 0x10] + [UInt8](repeating: 0, count: length - 2)
      memory.frame(4, to: memory.word(10), back: memory.returnAddress(0, call))
      memory.frame(10, to: 0, back: memory.returnAddress(1))
      #expect((memory.chain != nil) == (length != 5))
    }

    @Test func `a jump is no call`() {
      let memory = Memory()
      // JMP is FF /4.
      memory.frame(4, to: memory.word(10), back: memory.returnAddress(0, [0xff, 0x20]))
      memory.frame(10, to: 0, back: memory.returnAddress(1))
      #expect(memory.chain == nil)
    }
  #endif

  @Test func `the innermost link is looked for in so many bytes of stack only`() {
    let memory = Memory()
    memory.frame(1_100, to: memory.word(1_110), back: memory.returnAddress(0))
    memory.frame(1_110, to: 0, back: memory.returnAddress(1))
    #expect(memory.chain == nil, "beyond 8192 bytes")
  }

  @Test func `a stack that cannot be read has no chain`() {
    #expect(FrameChain(getpid(), stack: 8, isCode: { _ in true }) == nil)
  }
}
