/// The purposes of random numbers. Every purpose has its own stream under its seed, so that one more draw for one
/// purpose does not change the others.
///
/// The raw values are part of the streams: if a value changes, a seed gives other numbers. New purposes need new
/// values.
public enum SeedPurpose {
  /// Under the plan's seed.
  public enum OfPlan: UInt64, Sendable, CaseIterable {
    /// The order of the arms' blocks; by scenario and round.
    case blockOrder = 0
    /// The seeds of the trials; by arm and trial.
    case trialSeed = 1
  }

  /// Under a trial's seed.
  public enum OfTrial: UInt64, Sendable, CaseIterable {
    /// The launcher's half of a strategy; by launch.
    case launcher = 1
    /// The binder's half of a strategy; by slot.
    case binder = 2
    /// Identities that distinguish the messages of a launch's start-up from another launch's; by launch.
    case launchIdentity = 3
    /// What API servers send to engine cores; by slot and engine core.
    case engineRequest = 4
    /// Nonces of HTTP requests; by launch.
    case httpRequest = 5
    /// The actions of a thief; by thief.
    case thief = 6
    /// Nonces of the ownership check; by slot and endpoint.
    case nonce = 7
    /// The delay of a binder after the barrier; by slot.
    case arrivalSkew = 8
    /// Which faults happen, to which victims and for how long; by fault.
    case fault = 9
    /// The mark that distinguishes the keys of a trial's store from what strangers send.
    case storeMark = 10
  }
}
