/// Where in a program a call was made, as a part of the finding's place.
public enum CallSite: Sendable, Equatable {
  /// The source line or the function that made it.
  case known(String)
  /// The program does not tell its calls apart, in any run and on any host: why.
  case indistinct(String)
  /// It was not found out in this run: why.
  case notTaken(String)

  /// The text that goes into the place; nil if nothing can.
  var text: String? {
    guard case .known(let text) = self else { return nil }
    return text
  }
}

extension Party {
  /// How many frames of a stack without the program's own code stand for the call.
  private static let foreignFrames = 4

  /// The line of the program's own code that made the call. Lines of libraries are left out: they differ between
  /// versions. Without source frames, the program's own function.
  public var callSite: CallSite {
    if !sourceStack.isEmpty {
      if let own = sourceStack.first(where: \.isApplication) {
        return .known("\(Self.stable(own)):\(own.line)")
      }
      return .known(sourceStack.prefix(Self.foreignFrames).map(Self.stable).joined(separator: "<"))
    }
    let name = name
    if name.hidesLines { return .indistinct("lines of \(name.program) are not known") }
    if !stackGap.isEmpty { return .notTaken(stackGap) }
    if name.isInterpreter { return .indistinct("lines of \(name.program) are not known") }
    guard let own = stack.first(where: \.isApplication) else {
      return .indistinct("no function of \(name.program) is known")
    }
    return .known(own.stableSymbol)
  }

  /// File and function without folders and classes: a name for them that every reader of stacks gives.
  private static func stable(_ frame: Frame) -> String {
    let file = ProgramName.lastPart(frame.file)
    let function = frame.function.split(separator: ".").last ?? ""
    return "\(RandomName.isRandom(file) ? "?" : file):\(function)"
  }
}

/// A place in a program. The coarse name is that of the programs and their roles; the fine one adds the call sites, where
/// they are known. Both are the same in every run and on every host with the same programs.
public struct PlaceName: Sendable, Hashable, CustomStringConvertible {
  public let coarse: String
  /// Nil if no call site is known.
  public let fine: String?

  /// `1a2b3c4d/9f8e7d6c`, or `1a2b3c4d` without call sites.
  public var description: String { fine.map { "\(coarse)/\($0)" } ?? coarse }

  /// - Parameter use: what tells this use of the port from others by the same programs.
  init(_ probe: Party, _ rebinder: Party, _ transport: Transport, use: String) {
    coarse = shortName(
      "\(transport.rawValue)|\(probe.name.text)|\(rebinder.name.text)|\(use)")
    let sites = [probe.callSite, rebinder.callSite]
    let isTaken = sites.allSatisfy {
      if case .notTaken = $0 { false } else { true }
    }
    fine =
      isTaken && sites.contains { $0.text != nil }
      ? shortName(sites.map { $0.text ?? "" }.joined(separator: "|")) : nil
  }

  /// Whether a user means this place: by both names, or by one of them.
  static func isMeant(_ place: String, by pattern: String) -> Bool {
    place == pattern || place.split(separator: "/").contains { $0 == pattern }
  }
}

extension Party {
  /// Whether it is a Python interpreter, whose frames can be read.
  public var isPython: Bool {
    // The executed file tells by itself; the command line takes long to read.
    program.isEmpty
      ? name.program == Interpreter.python : Interpreter.named(program)?.name == Interpreter.python
  }

  /// Whether its program runs scripts.
  public var runsScripts: Bool { name.isInterpreter }

  /// The interpreter whose lines are never known; nil for other programs.
  public var interpreterWithoutLines: String? { name.hidesLines ? name.program : nil }

  /// What names its own line among all programs of a run; empty without source frames.
  public var siteKey: String {
    sourceStack.isEmpty ? "" : "\(name.text)|\(callSite.text ?? "")"
  }
}
