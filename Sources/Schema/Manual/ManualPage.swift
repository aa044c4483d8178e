/// A manual page in mdoc(7), made from what the argument parser knows of a command.
public struct ManualPage: Sendable, Equatable {
  /// `bindstorm-run.1`.
  public let file: String
  public let text: String

  /// The page of the program and one for each of its commands.
  /// - Parameter date: as mdoc(7) has it, for example `November 29, 2026`.
  public static func all(of dump: HelpDump, date: String) -> [ManualPage] {
    let root = dump.command
    let commands = (root.subcommands ?? []).filter {
      $0.shouldDisplay != false && $0.commandName != "help"
    }
    return [ManualPage(root, commands, date)]
      + commands.map { ManualPage($0, of: root.commandName, date) }
  }

  /// The page of the whole program.
  private init(_ root: HelpDump.Command, _ commands: [HelpDump.Command], _ date: String) {
    let help = HelpText(root.discussion ?? "")
    var lines = Self.head(root.commandName, root.abstract, date)
    lines += [".Nm \(Roff.word(root.commandName))", ".Ar command", ".Op Ar argument ..."]
    lines += Self.description(root.abstract, help)
    lines += [".Sh COMMANDS", ".Bl -tag -width Ds"]
    for command in commands {
      lines.append(".It Xr \(root.commandName)-\(command.commandName) 1")
      lines += Roff.prose(command.abstract ?? "")
    }
    lines.append(".El")
    lines += Self.options(root.arguments ?? [])
    lines += Self.sections(help)
    lines.append(".Sh SEE ALSO")
    lines += Self.references(commands.map { "\(root.commandName)-\($0.commandName)" }.sorted())
    file = "\(root.commandName).1"
    text = lines.joined(separator: "\n") + "\n"
  }

  /// The page of one command.
  private init(_ command: HelpDump.Command, of program: String, _ date: String) {
    let name = "\(program)-\(command.commandName)"
    let help = HelpText(command.discussion ?? "")
    var lines = Self.head(name, command.abstract, date)
    lines.append(".Nm \"\(program) \(Roff.word(command.commandName))\"")
    let arguments = (command.arguments ?? []).filter(\.shouldDisplay)
    let positional = arguments.filter { $0.kind == "positional" }
    if arguments.count > positional.count { lines.append(".Op Ar options") }
    lines += positional.map(Self.synopsis)
    lines += Self.description(command.abstract, help) + Self.options(arguments)
    lines += Self.sections(help) + [".Sh SEE ALSO"] + Self.references([program])
    file = "\(name).1"
    text = lines.joined(separator: "\n") + "\n"
  }

  private static func head(_ name: String, _ abstract: String?, _ date: String) -> [String] {
    var summary = abstract ?? name
    if summary.hasSuffix(".") { summary.removeLast() }
    let first = summary.prefix(1).lowercased() + summary.dropFirst()
    return [
      ".\\\" Made by bindstorm-generate from the help of the command.", ".Dd \(date)",
      ".Dt \(name.uppercased()) 1", ".Os", ".Sh NAME", ".Nm \(Roff.word(name))",
      ".Nd \(Roff.words(first))", ".Sh SYNOPSIS",
    ]
  }

  private static func synopsis(_ argument: HelpDump.Argument) -> String {
    let name = Roff.words(argument.valueName ?? "value") + (argument.isRepeating ? " ..." : "")
    let isAfterDashes = argument.parsingStrategy == "postTerminator"
    if argument.isOptional {
      return isAfterDashes ? ".Op Fl \\- Ar \(name)" : ".Op Ar \(name)"
    }
    return isAfterDashes ? ".Fl \\- Ar \(name)" : ".Ar \(name)"
  }

  private static func description(_ abstract: String?, _ help: HelpText) -> [String] {
    [".Sh DESCRIPTION"] + Roff.prose(abstract ?? "") + body(help.prose, follows: true)
  }

  /// Sections in the order of mdoc(7).
  private static func sections(_ help: HelpText) -> [String] {
    let known = [
      ("ENVIRONMENT", "ENVIRONMENT"), ("EXIT CODES", "EXIT STATUS"), ("EXAMPLES", "EXAMPLES"),
    ]
    let others = help.sections.filter { section in !known.contains { $0.0 == section.title } }
    return others.flatMap { [".Sh \(Roff.words($0.title))"] + body($0.parts) }
      + known.flatMap { title, heading in
        let parts = help.sections.filter { $0.title == title }.flatMap(\.parts)
        return parts.isEmpty ? [] : [".Sh \(heading)"] + body(parts)
      }
  }

  /// - Parameter follows: whether text stands before it in its section.
  private static func body(_ parts: [HelpText.Part], follows: Bool = false) -> [String] {
    var lines: [String] = []
    for part in parts {
      switch part {
      case .paragraph(let text):
        if follows || !lines.isEmpty { lines.append(".Pp") }
        lines += Roff.prose(text)
      case .literal(let text):
        let indentation = text.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        lines.append(".Bd -literal -offset indent")
        lines += text.map { Roff.literal(String($0.dropFirst(indentation))) }
        lines.append(".Ed")
      }
    }
    return lines
  }

  private static func options(_ arguments: [HelpDump.Argument]) -> [String] {
    let shown = arguments.filter(\.shouldDisplay)
    guard !shown.isEmpty else { return [] }
    var lines = [".Sh OPTIONS", ".Bl -tag -width Ds"]
    for argument in shown {
      let value = Roff.words(argument.valueName ?? "value")
      if argument.kind == "positional" {
        lines.append(".It Ar \(value)")
      } else {
        let names = (argument.names ?? []).map { name in
          "Fl " + (name.kind == "long" ? "\\-" : "") + Roff.word(name.name)
            + (argument.kind == "option" ? " Ar \(value)" : "")
        }
        lines.append(".It \(names.joined(separator: " , "))")
      }
      lines += Roff.prose(argument.abstract ?? "")
      if let values = argument.allValues, !values.isEmpty {
        lines += Roff.prose("One of \(values.joined(separator: ", ")).")
      }
      if let standard = argument.defaultValue, argument.kind != "flag" {
        lines += Roff.prose("Default: \(standard).")
      }
    }
    return lines + [".El"]
  }

  private static func references(_ names: [String]) -> [String] {
    names.enumerated().map { place, name in
      ".Xr \(name) 1" + (place == names.count - 1 ? "" : " ,")
    }
  }
}

/// Text for roff: what would be a command is escaped.
enum Roff {
  /// Text of sentences, each on a line of its own.
  static func prose(_ text: String) -> [String] {
    var lines = [""]
    var isEnd = false
    for character in text {
      if isEnd, character == " " {
        lines.append("")
        isEnd = false
        continue
      }
      isEnd = ".?!".contains(character) && !lines[lines.count - 1].hasSuffix("..")
      lines[lines.count - 1].append(character)
    }
    return lines.filter { !$0.isEmpty }.map { guarded($0.reduce(into: "") { $0 += escaped($1) }) }
  }

  /// A line that is shown as it is; hyphens are those of the command line.
  static func literal(_ line: String) -> String {
    guarded(line.reduce(into: "") { $0 += $1 == "-" ? "\\-" : escaped($1) })
  }

  /// One word as an argument of a macro.
  static func word(_ text: String) -> String {
    let safe = text.reduce(into: "") { $0 += $1 == "-" ? "\\-" : escaped($1) }
    return isMacro(text) ? "\\&\(safe)" : safe
  }

  /// Words as arguments of a macro.
  static func words(_ text: String) -> String {
    text.split(separator: " ").map { word in
      let safe = word.reduce(into: "") { $0 += $1 == "\"" ? "\\(dq" : escaped($1) }
      return isMacro(String(word)) || word.allSatisfy { ".,:;()[]?!|".contains($0) }
        ? "\\&\(safe)" : safe
    }.joined(separator: " ")
  }

  private static func escaped(_ character: Character) -> String {
    character == "\\" ? "\\e" : String(character)
  }

  /// What mdoc(7) might take for one of its macros.
  private static func isMacro(_ word: String) -> Bool {
    word.count <= 3 && word.first.map { ("A"..."Z").contains($0) } == true
  }

  /// A line that begins like a request is none.
  private static func guarded(_ line: String) -> String {
    line.hasPrefix(".") || line.hasPrefix("'") ? "\\&\(line)" : line
  }
}
