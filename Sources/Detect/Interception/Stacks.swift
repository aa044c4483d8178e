internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Stacks of threads that wait in a caught call. No thread is stopped and no tracer is used: the supervisor reads
/// memory, and runs py-spy for versions of Python that it cannot read. They are taken for every call, because only they
/// tell call sites apart; what is slow is remembered.
final class Stacks {
  /// The largest number of call sites.
  private let limit: Int
  private let pySpy: PySpy
  private let python = PythonFrames()
  /// Loads the library at the first stack: most programs under `check` bind nothing.
  private lazy var hasUnwinder = pt_can_unwind() != 0
  private var sites: Set<String> = []
  private var symbols: [String: String] = [:]
  private var nativeStacks: [String: [Frame]] = [:]
  private var knownSites: [SiteInput: Site] = [:]
  private var allowance = TimeAllowance()
  private static let stacksKept = 4_096
  /// Stacks that were taken after the limit was met, and not kept.
  private(set) var missing = 0

  /// - Parameter limit: of call sites.
  init(limit: Int, pySpy: String?, asksPySpy: Bool) {
    self.limit = limit
    self.pySpy = PySpy(path: asksPySpy ? pySpy : nil, isAsked: asksPySpy)
  }

  /// Adds stacks to a party while its thread waits, or why there are none.
  func add(to party: inout Party) {
    guard limit > 0 else {
      party.stackGap = "--stacks 0"
      return
    }
    if party.isPython { addSource(to: &party) }
    if party.sourceStack.isEmpty {
      addNative(to: &party)
    } else {
      let key = site(of: party).key
      if let known = nativeStacks[key] {
        party.stack = known
      } else {
        addNative(to: &party)
        // A missing native stack hides no call site.
        party.stackGap = ""
        keep(party.stack, key)
      }
    }
    admit(&party)
  }

  /// What a call site depends on. The native stack counts where there are no source frames.
  private struct SiteInput: Hashable {
    let program: String
    let arguments: [String]
    let thread: String
    let gap: String
    let frames: [Frame]
  }

  private typealias Site = (key: String, callSite: CallSite)

  /// The call site with its key, worked out once: a command line is taken apart for it, and most calls are alike.
  private func site(of party: Party) -> Site {
    let input = SiteInput(
      program: party.program, arguments: party.arguments, thread: party.thread,
      gap: party.stackGap, frames: party.sourceStack.isEmpty ? party.stack : party.sourceStack)
    if let known = knownSites[input] { return known }
    if knownSites.count >= Self.stacksKept { knownSites = [:] }
    let site = (party.siteKey, party.callSite)
    knownSites[input] = site
    return site
  }

  /// Counts the call site. What comes after the limit has no stack.
  private func admit(_ party: inout Party) {
    guard case .known(let site) = site(of: party).callSite, !sites.contains(site) else { return }
    if sites.count < limit {
      sites.insert(site)
    } else {
      party.stack = []
      party.sourceStack = []
      party.stackGap = "--stacks \(limit) was met"
      missing += 1
    }
  }

  private func addSource(to party: inout Party) {
    if let frames = python.frames(pid: party.pid, tid: party.tid) {
      party.sourceStack = frames
    } else {
      switch pySpy.frames(party, within: &allowance) {
      case .success(let frames): party.sourceStack = frames
      case .failure(let gap): party.stackGap = gap.description
      }
    }
  }

  // MARK: Native

  private func addNative(to party: inout Party) {
    guard hasUnwinder else {
      if party.stackGap.isEmpty { party.stackGap = "libunwind is missing; install libunwind8" }
      return
    }
    let tid = party.tid
    // "NUMBER ARG0 ... ARG5 SP PC", proc(5).
    guard let text = try? FileText.read("/proc/\(tid)/syscall") else { return }
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 9, let stack = UInt64(words[7].dropFirst(2), radix: 16),
      let instruction = UInt64(words[8].dropFirst(2), radix: 16)
    else { return }
    let modules = Modules(tid)
    let key = modules.fingerprint(tid, instruction: instruction, stack: stack)
    if let known = nativeStacks[key] {
      party.stack = known
      return
    }
    guard allowance.permits else {
      if party.stackGap.isEmpty { party.stackGap = TimeAllowance.words }
      return
    }
    party.stack = allowance.spend { native(tid, instruction, stack, modules) }
    keep(party.stack, key)
  }

  private func keep(_ stack: [Frame], _ key: String) {
    if nativeStacks.count >= Self.stacksKept { nativeStacks = [:] }
    nativeStacks[key] = stack
  }

  private func native(
    _ tid: Int32, _ instruction: UInt64, _ stack: UInt64, _ modules: Modules
  ) -> [Frame] {
    var walk = Self.walk(tid, instruction, stack, frame: 0)
    if walk.count < Self.shortWalk,
      let chain = FrameChain(tid, stack: stack, isCode: modules.isCode)
    {
      // With the frame pointer the unwind tables may lead further; without tables the frame chain itself does.
      let further = Self.walk(tid, instruction, stack, frame: chain.start)
      let known = Set(walk)
      let linked = walk + chain.returns.filter { !known.contains($0) }
      walk = further.count >= linked.count ? further : linked
    }
    // A return address may lie past the end of its function: use the call instruction before it.
    return walk.enumerated().map { frame($1, $0 == 0 ? 0 : 1, tid, modules) }
  }

  /// Shorter walks have met code that needs more than program counter and stack pointer.
  private static let shortWalk = 4

  private static func walk(
    _ tid: Int32, _ instruction: UInt64, _ stack: UInt64, frame: UInt64
  ) -> [UInt64] {
    var addresses = [UInt64](repeating: 0, count: 48)
    let count = Int(pt_unwind(tid, instruction, stack, frame, &addresses, 48))
    return Array(addresses[..<max(0, count)])
  }

  private func frame(
    _ address: UInt64, _ back: UInt64, _ tid: Int32, _ modules: Modules
  ) -> Frame {
    guard let module = modules.containing(address) else {
      return Frame(function: "", file: "")
    }
    let offset = address - module.start + module.offset
    let name = "\(module.path)+\(offset - back)"
    let symbol = symbols[name] ?? Self.symbol(module.path, offset - back, tid)
    symbols[name] = symbol
    let function = ReadableName.of(symbol)
    return Frame(
      function: function, file: module.path, offset: offset,
      symbol: function == symbol ? "" : symbol)
  }

  private static func symbol(_ path: String, _ offset: UInt64, _ tid: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 1_024)
    // The process may have another root folder.
    let length = pt_function("/proc/\(tid)/root\(path)", offset, &buffer, 1_024)
    return String(
      decoding: buffer.prefix(Int(max(0, length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
