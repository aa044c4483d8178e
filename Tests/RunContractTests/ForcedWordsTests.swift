import CSharedRegion
import Testing

@testable import RunContract

@Suite struct ForcedWordsTests {
  @Test func `texts come back from the slot, cut at a whole character`() {
    let region = SharedRegion.privateCopy()
    defer { region.deallocate() }
    let slot = region.forcedWindow(1, 15)
    var words = ForcedWords()
    (words.verdict, words.place, words.protocolName) = ("RACE", "b918bc99", "tcp")
    (words.prober, words.proberAt, words.probedAddress) = ("a", "b", "[::1]:4")
    (words.release, words.rebinder, words.rebinderAt) = ("closed", "c", "d")
    (words.address, words.holder) = ("e", "f")
    words.write(to: slot)
    #expect(ForcedWords(slot) == words)
    words.prober = String(repeating: "é", count: 200)
    words.holder = String(repeating: "🦀", count: 200)
    words.write(to: slot)
    let cut = ForcedWords(slot)
    #expect(cut.prober.count > 60 && words.prober.hasPrefix(cut.prober))
    #expect(cut.holder.count > 30 && words.holder.hasPrefix(cut.holder))
    (words.prober, words.holder) = (cut.prober, cut.holder)
    #expect(cut == words, "nothing else is touched")
    words.holder = "a\0b"
    words.write(to: slot)
    #expect(ForcedWords(slot).holder == "a")
  }

  @Test func `only what was told is copied`() {
    let (region, copy) = (SharedRegion.privateCopy(), SharedRegion.privateCopy())
    defer { for copied in [region, copy] { copied.deallocate() } }
    for number in 0..<3 { region.forcedWindow(0, number).pointee.port = 7 }
    region.launcher(0).pointee.forced.told = 2
    copy.copySlots(from: region, servers: 0, launches: 1, thieves: 0)
    #expect((0..<3).map { copy.forcedWindow(0, $0).pointee.port } == [7, 7, 0])
    region.launcher(0).pointee.forced.told = .max
    #expect(region.forcedWindowCount(0) == Int(BS_MAX_FORCED_WINDOWS))
  }
}
