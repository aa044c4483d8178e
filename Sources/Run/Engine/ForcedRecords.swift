internal import CSharedRegion
internal import History
internal import PlanModel
internal import RunContract
internal import Strategies

/// The records of programs whose port calls were forced.
extension TrialRecorder {
  /// The account of a launch's program; nil if it has none, or if its supervisor did not come to its end.
  func forcedRun(_ launch: Int) -> ForcedRun? {
    let run = region.launcher(launch).pointee.forced
    guard arm.strategy.command?.forcing != nil, run.is_complete != 0 else { return nil }
    let isLaunch = StrategyRegistry.forcesLaunch(arm.strategy.name)
    return ForcedRun(
      run, isLaunch: isLaunch, window: region.window(launch),
      lastWords: isLaunch ? region.detail(launch) : "")
  }

  /// The findings of that account.
  func forcedWindows(_ launch: Int) -> [ForcedWindow] {
    guard forcedRun(launch) != nil else { return [] }
    return (0..<region.forcedWindowCount(launch)).map { number in
      let slot = region.forcedWindow(launch, number)
      let words = ForcedWords(slot)
      return ForcedWindow(
        slot.pointee, launch: launch, verdict: words.verdict, place: words.place,
        protocolName: words.protocolName, prober: words.prober, proberAt: words.proberAt,
        probedAddress: words.probedAddress, release: words.release, rebinder: words.rebinder,
        rebinderAt: words.rebinderAt, address: words.address, holder: words.holder)
    }
  }
}
