/// Programs that run scripts: whose native functions are the same for every line of a script.
struct Interpreter: Sendable {
  /// As reports say it.
  let name: String
  /// Beginnings of the program's name; only digits and dots may follow.
  var programs: [String]
  /// Options whose next word is a value.
  var valued: Set<String> = []
  /// Options whose next word is source text.
  var code: Set<String> = []
  /// Options whose next word is the script's name.
  var script: Set<String> = []
  /// Whether the command line names a script at all.
  var hasScript = true
  /// Whether the lines of its scripts can be found out.
  var tellsLines = false

  static let python = "python"

  static let all = [
    Interpreter(
      name: python, programs: [python, "pypy"],
      valued: ["-X", "-W", "--check-hash-based-pycs"], code: ["-c"], script: ["-m"],
      tellsLines: true),
    Interpreter(name: "perl", programs: ["perl"], valued: ["-I"], code: ["-e", "-E"]),
    Interpreter(
      name: "ruby", programs: ["ruby", "jruby", "truffleruby"],
      valued: ["-I", "-r", "-C", "-E"], code: ["-e"]),
    Interpreter(
      name: "node", programs: ["node", "nodejs", "deno", "bun"],
      valued: [
        "-r", "--require", "--import", "-C", "--conditions", "--loader", "--experimental-loader",
      ],
      code: ["-e", "--eval", "-p", "--print"]),
    Interpreter(
      name: "php", programs: ["php", "php-fpm", "php-cgi"], valued: ["-c", "-d", "-S", "-t"],
      code: ["-r", "-R"], script: ["-f"]),
    Interpreter(
      name: "java", programs: ["java"],
      valued: [
        "-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens",
        "--add-exports", "--add-reads", "--upgrade-module-path",
      ], script: ["-jar", "-m", "--module"]),
    Interpreter(name: "tcl", programs: ["tclsh", "wish"]),
    Interpreter(name: "lua", programs: ["lua", "luajit"], valued: ["-l"], code: ["-e"]),
    Interpreter(name: "erlang", programs: ["beam.smp", "beam", "erl"], hasScript: false),
    Interpreter(name: "R", programs: ["R", "Rscript"], code: ["-e"]),
    Interpreter(name: "julia", programs: ["julia"], valued: ["-J", "-L"], code: ["-e", "-E"]),
    Interpreter(name: "dotnet", programs: ["dotnet", "mono"]),
    Interpreter(
      name: "sh", programs: ["sh", "bash", "dash", "zsh", "ksh", "busybox"], valued: ["-o", "-O"],
      code: ["-c"]),
  ]

  /// The one of that program's name, for example `python3.13`; nil for other programs.
  static func named(_ program: some StringProtocol) -> Interpreter? {
    all.first { interpreter in
      interpreter.programs.contains { known in
        program.hasPrefix(known)
          && program.dropFirst(known.count).allSatisfy { $0.isNumber || $0 == "." || $0 == "-" }
      }
    }
  }
}
