/// What a process runs, and in which role: the same in every run and on every host. Of the command line it has the
/// program, the script of an interpreter, and the names of the options. Values, plain words and folders are left out:
/// they are often temporary names, addresses and process ids.
struct ProgramName: Sendable, Equatable {
  /// For interpreters their family: `python`, not `python3.11`.
  var program: String
  /// The program as the command line has it, for people.
  var shown: String
  /// The script's or module's own name, `-c` for source text on the command line; empty if there is none.
  var role: String
  /// Names of options, in the order of the command line, each once.
  var options: [String]
  var isInterpreter: Bool
  /// Whether it is an interpreter whose lines are never known.
  var hidesLines: Bool

  /// Beyond any command line that people write.
  private static let longest = 512
  private static let longestOption = 40
  /// In place of names that differ in each run.
  private static let nameless = (program: "a program", script: "a script", title: "a title")

  /// - Parameters:
  ///   - program: base name of the executed file, empty if it is not known.
  ///   - thread: the thread's name, where there is no command line.
  init(program: String, arguments: [String], thread: String) {
    let words = Array(arguments.prefix(Self.longest))
    let file = program.isEmpty ? words.first.map(Self.lastPart) ?? thread : program
    let interpreter = Interpreter.named(file)
    isInterpreter = interpreter != nil
    hidesLines = interpreter?.tellsLines == false
    role = ""
    options = []
    let title = Self.title(words, file: file)
    guard let interpreter else {
      // The executed file may be another name's target (redis-server), and a title begins with the name.
      self.program = Self.stable(
        title ?? words.first.map(Self.lastPart) ?? file, otherwise: Self.nameless.program)
      shown = self.program
      for word in words.dropFirst() where title == nil { addOption(word) }
      return
    }
    self.program = interpreter.name
    let typed = words.first.map(Self.lastPart) ?? ""
    shown = Interpreter.named(typed) == nil ? interpreter.name : typed
    if let title {
      role = Self.stable(title, otherwise: Self.nameless.title)
      return
    }
    var rest = words.dropFirst()
    readScript(&rest, interpreter)
    for word in rest { addOption(word) }
  }

  /// As part of a place: options sorted, since scripts often build them from unordered tables.
  var text: String {
    RandomName.withoutNumbers(
      ([program, role] + options.sorted()).filter { !$0.isEmpty }.joined(separator: " "))
  }

  /// For people, at most `limit` characters.
  func label(atMost limit: Int) -> String {
    var text = shown + (role.isEmpty ? "" : " " + role)
    for option in options {
      guard text.count + option.count + 5 <= limit else { return text + " ..." }
      text += " " + option
    }
    return text.count <= limit ? text : text.prefix(limit - 3) + "..."
  }

  /// Takes an interpreter's own options and the script off.
  private mutating func readScript(_ rest: inout ArraySlice<String>, _ interpreter: Interpreter) {
    guard interpreter.hasScript else { return }
    while let word = rest.popFirst() {
      if interpreter.code.contains(word) {
        role = word
        _ = rest.popFirst()
        return
      }
      if interpreter.script.contains(word) {
        role = Self.stable(Self.lastPart(rest.popFirst() ?? ""), otherwise: Self.nameless.script)
        return
      }
      if interpreter.valued.contains(word) {
        // Its value does not follow it directly, so that it is a name as a whole.
        if !options.contains(word) { options.append(word) }
        _ = rest.popFirst()
      } else if word.first == "-", word.count > 1 {
        addOption(word)
      } else {
        role = Self.stable(Self.lastPart(word), otherwise: Self.nameless.script)
        return
      }
    }
  }

  /// `--name` of `--name=value`; of words with one dash only the letter, because a value may follow it directly.
  private mutating func addOption(_ word: String) {
    guard word.first == "-", word.count > 1 else { return }
    let name: String
    if word.hasPrefix("--") {
      let whole = word.prefix { $0 != "=" && !$0.isWhitespace }
      guard whole.count > 2, whole.count <= Self.longestOption,
        !RandomName.isRandom(whole.dropFirst(2)), !whole.contains("/")
      else { return }
      name = String(whole)
    } else {
      guard let letter = word.dropFirst().first, letter.isLetter else { return }
      name = "-\(letter)"
    }
    if !options.contains(name) { options.append(name) }
  }

  /// The first word of a title that the process gave itself in place of its command line; nil if it gave none.
  private static func title(_ words: [String], file: String) -> String? {
    guard let first = words.first, words.dropFirst().allSatisfy(\.isEmpty) else { return nil }
    let name = lastPart(first)
    let interpreter = Interpreter.named(file)
    guard name != file, interpreter == nil || Interpreter.named(name) == nil else { return nil }
    guard interpreter != nil || first.contains(" ") else { return nil }
    let word = first.prefix { !$0.isWhitespace && !"@([{".contains($0) }
    return lastPart(String(word.last == ":" ? word.dropLast() : word))
  }

  private static func stable(_ name: String, otherwise: String) -> String {
    RandomName.isRandom(name) ? otherwise : name
  }

  static func lastPart(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

extension Party {
  /// What its process runs.
  var name: ProgramName {
    ProgramName(program: program, arguments: arguments, thread: thread)
  }
}
