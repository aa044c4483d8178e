internal import ArgumentParser
internal import ForcedCalls
internal import Interception
internal import Syscalls

/// Options of `check` for races that are not a probe and a re-bind.
struct ShapeOptions: ParsableArguments {
  @Option(
    help:
      "What a thief does: hold the port, join it by SO_REUSEPORT where the victim sets that, answer connects to released numbers, or be a stranger whose web server answers with 200 in the place of the command's."
  )
  var stealBy = TheftWay.hold

  @Flag(
    help:
      "Catch connect(): report numbers that a refused connect told to be free and that were bound then, and connects to released numbers that nobody binds again; name who connects to itself."
  )
  var watchConnects = false

  @Option(
    help:
      "Run in a private network namespace with these ephemeral ports, P or LOW-HIGH: connect() then takes LOW if it is free."
  )
  var ports: PortsArgument?

  /// The options as another run needs them, word by word.
  var words: [String] {
    var words: [String] = []
    if stealBy != .hold { words += ["--steal-by", stealBy.rawValue] }
    if watchConnects { words.append("--watch-connects") }
    if let range = ports?.range { words += ["--ports", "\(range.lowerBound)-\(range.upperBound)"] }
    return words
  }

  func validate(steal: StealMode, isShrinking: Bool) throws {
    if stealBy != .hold && steal == .eager {
      throw ValidationError(
        "--steal-by \(stealBy.rawValue) acts while a call waits; use --steal lazy")
    }
    if isShrinking && (ports != nil || watchConnects || stealBy != .hold) {
      throw ValidationError(
        "--shrink catches no calls and has --shrink-ports; remove --ports, --watch-connects and --steal-by"
      )
    }
  }

  /// Moves this process into the namespace that `ports` asks for.
  func narrowPorts() throws {
    guard let ports else { return }
    try catching { () throws(CheckError) in try PlainRun.narrow(to: ports.range, for: "--ports") }
  }
}

/// A range of ports on the command line.
struct PortsArgument: ExpressibleByArgument {
  let range: ClosedRange<Int>

  init?(argument: String) {
    let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(ends.count), let low = ends[0], let high = ends.last ?? nil,
      low <= high, (1...65_535).contains(low), high <= 65_535
    else { return nil }
    range = low...high
  }
}
