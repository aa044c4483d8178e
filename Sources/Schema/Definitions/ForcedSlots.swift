/// Programs whose port calls are forced.
extension Slots {
  static let forcedRun = Slot(
    "bs_forced_run",
    "A program whose port calls were forced, as its supervisor leaves it at the end of a trial.",
    [
      Member(
        "uint32_t", "is_complete", accessor: "bs_forced_is_complete",
        "set last; the rest is valid then"),
      Member("uint32_t", "ending", "number of History.ForcedRun.Ending"),
      Member("int32_t", "status", "exit code or signal"),
      Member("uint32_t", "calls", "caught"),
      Member("uint32_t", "unobserved", "that could not be looked into"),
      Member("uint32_t", "lost", "times that the kernel dropped socket events"),
      Member(
        "uint32_t", "probes", "ports that the kernel chose, or that it bound by a number of its own"
      ),
      Member("uint32_t", "windows", "re-binds of ports that had been released"),
      Member("uint32_t", "told", "findings in the launch's slots of bs_forced_window"),
      Member("uint32_t", "stolen", ""),
      Member("uint32_t", "injected", ""),
      Member(
        "uint32_t", "refusal",
        "number of History.ForcedRun.Refusal: who held a port that was not stolen"),
      Member("int32_t", "supervisor", "its pid, holder of what it steals"),
      Member(
        "uint32_t", "binds_elsewhere", "API servers bind its numbers: their calls are not caught"),
    ])

  static let forcedWindow = Slot(
    "bs_forced_window", "A finding of a program whose port calls were forced.",
    [
      Member("uint16_t", "port", ""),
      Member("uint16_t", "is_stolen", ""),
      Member("uint32_t", "rebind", "which re-bind of the port, from 1"),
      Member(
        "uint32_t", "occurrence",
        "which window at its place, from 1; 0 if no thief can take the port there"),
      Member("int32_t", "prober_pid", ""),
      Member("int32_t", "rebinder_pid", ""),
      Member("int32_t", "error", "of the re-bind; -1 if it was not observed"),
      Member("int32_t", "holder_pid", ""),
      Member("uint64_t", "probed_ns", ""),
      Member("uint64_t", "released_ns", ""),
      Member("uint64_t", "rebound_ns", ""),
      Member(
        "char", "words", count: "BS_FORCED_WORDS_SIZE", accessor: "bs_forced_words_of",
        "see ForcedWords"),
    ])
}
