/// Why a window, a run or a series tells nothing, and what to do about it.
public enum Undecided: Sendable, Equatable {
  /// The run did not come to this window again.
  case notReached
  /// The window opened only after a theft at another place, and not without it.
  case onlyAfterTheft
  /// Each run shows other places.
  case changingPlaces
  /// Nothing that the options select; with the places that were seen.
  case matchedNothing(String, seen: [String], stacksMissing: Int)
  case noPort
  /// The command fails without a thief.
  case failsUntouched(String)
  /// The time was over before anything was stolen.
  case slow
  /// The kernel itself refused the port, without a thief.
  case taken
  /// So many stacks were not taken, and without its stack a call is at another place.
  case stacksRanOut(Int)
  /// `--enumerate-max`.
  case limit(Int)
  /// So many windows that the options select were not stolen.
  case othersNotTried(Int, stolen: Int)
  /// Clients reached the thief, and the command began another server since.
  case metStrangerAndServer
  /// So many calls could not be examined.
  case unobserved(Int)
  case interrupted

  /// Of a run that proves nothing.
  public static let nothingFollowed =
    "no port was chosen by the kernel or bound by number, so nothing could be judged"

  /// Whether no run was made for such a window.
  public var isUntried: Bool {
    switch self {
    case .limit, .interrupted, .changingPlaces, .failsUntouched, .taken: true
    default: false
    }
  }

  /// One line.
  public var reason: String {
    switch self {
    case .notReached: "not reached again, so nothing was stolen there"
    case .onlyAfterTheft:
      "not reached again: it opened only in a run in which another window's port was stolen"
    case .changingPlaces: "not tried, because every run shows other places"
    case .matchedNothing(let filters, let seen, _):
      "nothing was stolen: \(Self.unmatched(filters, seen))"
    case .noPort: Self.nothingFollowed
    case .failsUntouched(let ending): "without a theft the command \(ending)"
    case .slow: "the run was over its time before anything was stolen"
    case .taken: "the kernel itself refused the port, without a thief"
    case .stacksRanOut(let missing):
      "not reached again; \(count(missing, "stack")) could not be taken (--stacks), and a call without its stack is at another place"
    case .limit(let limit): "not tried: --enumerate-max \(limit) was met"
    case .othersNotTried(let others, let stolen):
      "the command survived \(count(stolen, "theft")), and \(count(others, "more window")) opened in which nothing was stolen"
    case .metStrangerAndServer:
      "its clients reached the thief, and the command began to listen elsewhere since: it may have noticed the stranger, or not"
    case .unobserved(let calls):
      "\(count(calls, "call")) could not be examined, and windows may have been missed"
    case .interrupted: "interrupted"
    }
  }

  /// What to do, one line.
  public var advice: String {
    switch self {
    case .notReached:
      "make the command do the same in every run (seeds, order, caches of an earlier run), or steal there with --steal lazy and --only"
    case .onlyAfterTheft: "steal both with --steal lazy --steal-max 2"
    case .changingPlaces:
      "keep random names out of the command lines of the programs that probe and bind, or steal with --steal lazy and --only with a part of the summary"
    case .matchedNothing(_, _, let missing):
      missing == 0
        ? "take a place that was seen for --only, or --enumerate to try each window"
        : "raise --stacks: without its stack a call is at another place"
    case .noPort:
      "make the command reach the code that asks for a port"
    case .failsUntouched: "make the command succeed without a thief first"
    case .slow: "raise --hang-after, or let the machine do less beside it"
    case .taken: "see the finding itself: two owners were given one port"
    case .stacksRanOut: "raise --stacks"
    case .limit: "raise --enumerate-max"
    case .othersNotTried:
      "try each by itself with --enumerate, or one with --only and --occurrence; --steal-max 0 steals all in one run"
    case .metStrangerAndServer:
      "--enumerate compares with a run without a thief; see which clients reached the thief, and that each checks whom it reached"
    case .unobserved:
      "run as the user that the processes run as, or with CAP_SYS_PTRACE and CAP_SYS_ADMIN"
    case .interrupted: "let it run to its end"
    }
  }
}

extension Undecided {
  private static func unmatched(_ filters: String, _ seen: [String]) -> String {
    guard !seen.isEmpty else { return "\(filters) matched no window; none was seen" }
    let why = filters.isEmpty ? "no window could be stolen" : "\(filters) matched no window"
    let more = seen.count > Self.mostNamed ? " and \(seen.count - Self.mostNamed) more" : ""
    return "\(why); seen: \(seen.prefix(Self.mostNamed).joined(separator: "; "))\(more)"
  }

  /// The largest number of places that a message names.
  private static let mostNamed = 12
}

/// A count with its noun, in the plural unless the count is one: `1 window`, `2 windows`.
public func count(_ number: some BinaryInteger, _ singular: String) -> String {
  "\(number) \(singular)\(number == 1 ? "" : "s")"
}
