internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import PlanModel
internal import PortModel
internal import RunContract
internal import Syscalls

/// One thief process: runs its thief in every trial of the arm.
final class ThiefRole {
  private let region: SharedRegion
  private let slot: UnsafeMutablePointer<bs_thief>
  private let loot: Loot
  private let number: Int
  private let type: any Thief.Type
  private let options: OptionValues
  private var thief: any Thief
  private var seen: UInt32

  init(region: SharedRegion, number: Int, order: WorkerOrder, seen: UInt32) {
    bs_set_name("bs-thief", Int32(number), -1)
    bs_set_timer_slack(1)
    self.region = region
    self.number = number
    self.seen = seen
    slot = region.thief(number)
    loot = Loot(region: region, thief: number, order: order)
    let chosen = order.thieves[number]
    type = ThiefRegistry.all[chosen.index]
    options = OptionValues(type.descriptor.options, chosen.options)
    thief = type.init(options: options, seed: 0)
  }

  /// A new value for each trial, so that its actions depend only on the trial's seed: the trials of an arm are
  /// independent, and a replay has the same thieves.
  private func makeThief() -> any Thief {
    var generator = SeededGenerator(
      trialSeed: region.pointer.pointee.trial_seed, for: .thief, UInt64(number))
    return type.init(options: options, seed: generator.next())
  }

  func run() -> Never {
    let word = CommandWord(bs_thief_word(region.pointer))
    var isActive = false
    while true {
      var timeout: Int64 = -1
      if isActive, let next = thief.nextAction {
        let now = MonotonicClock.now()
        timeout = next > now ? Int64(min(next - now, 1_000_000_000)) : 0
      }
      guard word.wait(differsFrom: seen, timeoutNanoseconds: timeout) else {
        if isActive { thief.act(loot, now: MonotonicClock.now()) }
        continue
      }
      seen &+= 1
      switch bs_thief_command(region.pointer.pointee.thief_command) {
      case BS_THIEF_BEGIN:
        slot.pointee.drawn = 0
        slot.pointee.drawn_before = 0
        slot.pointee.held = 0
        slot.pointee.error = 0
        slot.pointee.wanted = 0
        thief = makeThief()
        thief.trialBegan(loot)
        isActive = true
      case BS_THIEF_DRAW:
        thief.windowOpened(loot)
      case BS_THIEF_BOUND:
        thief.endpointsBound(loot)
      case BS_THIEF_END:
        if isActive { thief.trialEnds(loot, now: MonotonicClock.now()) }
        isActive = false
        loot.releaseAll()
      default:
        die("thief: unknown command")
      }
      bs_complete(region.pointer, bs_thief_done(slot), bs_load(bs_phase_word(region.pointer)))
    }
  }
}
