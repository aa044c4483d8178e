internal import RaceLedger

/// A stack as lines of a report: the program's own frames; those of interpreters and libraries are counted.
enum StackLines {
  static let indent = "    "
  /// Columns of a report for people.
  static let width = 100
  private static let longest = 24
  /// Frames that are shown of a Python stack without any code of the program's own.
  private static let foreign = 3

  /// - Parameter isVerbose: every frame, in full length.
  static func lines(_ party: Party, isVerbose: Bool) -> [String] {
    let frames = Array((party.sourceStack + party.stack).enumerated())
    guard !isVerbose else {
      return frames.map { "\(indent)#\($0.offset) \($0.element.text)" }
    }
    let own = frames.filter { party.isOwn($0.element) }
    let shown =
      own.isEmpty
      ? Array(frames.prefix(min(foreign, party.sourceStack.count))) : Array(own.prefix(longest))
    let hidden = frames.count - shown.count
    let lines = shown.map { short("\(indent)#\($0.offset) ", $0.element) }
    guard hidden > 0 else { return lines }
    let whose =
      own.count > longest
      ? "more frames"
      : "frame\(hidden == 1 ? "" : "s") of "
        + (party.runsScripts ? "the interpreter and libraries" : "libraries and the runtime")
    return lines + ["\(indent)\(hidden) \(whose) (-v)"]
  }

  /// A frame in one line of the report's width: of a long path its last parts, of a long name its beginning.
  private static func short(_ start: String, _ frame: Frame) -> String {
    var frame = frame
    if start.count + frame.text.count > width {
      let rest = start.count + frame.text.count - frame.file.count
      frame.file = shortPath(frame.file, atMost: max(width - rest, width / 3))
    }
    let excess = start.count + frame.text.count - width
    if excess > 0 {
      frame.function = frame.function.prefix(max(8, frame.function.count - excess - 3)) + "..."
    }
    return start + frame.text
  }

  /// The last parts of a path that fit, after `.../`.
  static func shortPath(_ path: String, atMost limit: Int) -> String {
    guard path.count > limit else { return path }
    var kept = ""
    for part in path.split(separator: "/").reversed() {
      guard kept.count + part.count + 5 <= limit || kept.isEmpty else { break }
      kept = "/\(part)" + kept
    }
    return "..." + kept
  }
}
