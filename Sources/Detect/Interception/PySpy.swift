internal import RaceLedger
internal import Syscalls

/// Why a stack was not taken, for the report.
struct StackGap: Error, CustomStringConvertible {
  let description: String
}

/// The time that may be spent on stacks: a part of the run, so that a long series of calls is not slowed down without
/// bound.
struct TimeAllowance {
  static let words = "the time for stacks was used up (30 % of the run)"
  private static let share = 0.3
  /// For short runs, in nanoseconds.
  private static let least = 10e9
  private let start = MonotonicClock.now()
  private var spent: UInt64 = 0

  var permits: Bool {
    Double(spent) < max(Self.least, Self.share * Double(MonotonicClock.now() - start))
  }

  mutating func spend<R>(_ body: () -> R) -> R {
    let before = MonotonicClock.now()
    defer { spent += MonotonicClock.now() - before }
    return body()
  }
}

/// Runs py-spy for Python versions whose frames the supervisor cannot read.
struct PySpy {
  /// Nil if it may not or cannot be run.
  let path: String?
  /// Whether the user lets it be run.
  let isAsked: Bool

  /// The frames of a thread, innermost first. py-spy lists every thread; the caught one is picked by its number.
  func frames(
    _ party: Party, within allowance: inout TimeAllowance
  ) -> Result<[Frame], StackGap> {
    guard let path else {
      return .failure(
        StackGap(
          description: isAsked
            ? "this Python's frames need py-spy, which is not in PATH; pip install py-spy"
            : "this Python's frames need py-spy (--no-py-spy)"))
    }
    guard allowance.permits else { return .failure(StackGap(description: TimeAllowance.words)) }
    let text = allowance.spend {
      HostProgram.output(of: [
        path, "dump", "--nonblocking", "--full-filenames", "--pid", "\(party.pid)",
      ])
    }
    let frames = PySpyDump(text).frames(tid: party.tid, pid: party.pid)
    return frames.isEmpty
      ? .failure(StackGap(description: "py-spy could not read this Python")) : .success(frames)
  }
}

/// The text that `py-spy dump` prints.
struct PySpyDump {
  private var threads: [(head: String, frames: [Frame])] = []

  init(_ text: String) {
    for line in text.split(separator: "\n") {
      if line.hasPrefix("Thread ") {
        threads.append((String(line), []))
      } else if line.hasPrefix("    "), !threads.isEmpty, let open = line.lastIndex(of: "("),
        let colon = line.lastIndex(of: ":"), colon > open
      {
        let function = line[..<open].drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        threads[threads.count - 1].frames.append(
          Frame(
            function: String(function), file: String(line[line.index(after: open)..<colon]),
            line: Int(line[line.index(after: colon)...].prefix { $0.isNumber }) ?? 0))
      }
    }
  }

  /// The frames of a thread, innermost first. A process with one thread needs no number.
  func frames(tid: Int32, pid: Int32) -> [Frame] {
    let match = threads.first { thread in
      thread.head.dropFirst(7).prefix { $0 != " " } == "\(tid)"
    }
    if let match { return match.frames }
    if threads.count == 1 { return threads[0].frames }
    if tid == pid, let main = threads.first(where: { $0.head.contains("\"MainThread\"") }) {
      return main.frames
    }
    return []
  }
}
