/// What random numbers are drawn for. Every purpose has a stream of its own under its seed, so that one more draw for
/// one purpose leaves all others as they were.
///
/// The raw values are part of the streams: a value that changes, changes what a seed stands for. New purposes take new
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
    /// What tells the messages of a launch's start-up from another launch's; by launch.
    case launchIdentity = 3
    /// What API servers send to engine cores; by slot and engine core.
    case engineRequest = 4
    /// What is asked over HTTP; by launch.
    case httpRequest = 5
    /// What a thief does; by thief.
    case thief = 6
    /// What the ownership check sends; by slot and endpoint.
    case nonce = 7
    /// How long a binder waits behind the barrier; by slot.
    case arrivalSkew = 8
    /// Which faults happen, to whom and for how long; by fault.
    case fault = 9
    /// What tells the keys of a trial's store from what strangers send.
    case storeMark = 10
  }
}
