import Foundation
import TestSupport
import Testing

/// Manual pages and completion scripts, which are made from the command's own definitions.
@Suite struct ManualTests {
  private static func pages() throws -> (folder: ScratchFolder, names: [String]) {
    let folder = try ScratchFolder()
    let dump = try Program.run([Built.bindstorm, "--experimental-dump-help"])
    #expect(dump.ending == .exit(0))
    let made = try Program.run(
      [Built.folder + "/bindstorm-generate", "--manual", folder.path],
      environment: ["SOURCE_DATE_EPOCH": "0"], input: dump.output)
    #expect(made.ending == .exit(0), "\(made)")
    return (folder, folder.names())
  }

  /// Whether a program is in PATH.
  private static func has(_ program: String) throws -> Bool {
    try Program.run(["/bin/sh", "-c", "command -v \(program)"]).ending == .exit(0)
  }

  @Test func `every command and every option has its place in a page`() throws {
    let (folder, names) = try Self.pages()
    let root = try Program.run([Built.bindstorm, "--help"]).output
    for name in names where name != "bindstorm.1" {
      let command = name.dropFirst("bindstorm-".count).dropLast(2)
      #expect(root.contains("  \(command) "), "\(command)")
      let help = try Program.run([Built.bindstorm, String(command), "--help"]).output
      let page = try String(contentsOfFile: folder.path + "/" + name, encoding: .utf8)
      #expect(page.contains(".Dd January 1, 1970\n") && page.contains(".Sh EXAMPLES\n"), "\(name)")
      for option in Set(help.matches(of: /(?:^|\s)--([a-z][a-z-]+)/).map { String($0.output.1) }) {
        let word = option.replacing("-", with: "\\-")
        #expect(page.contains("\\-\(word)") || page.contains("--\(option)"), "\(name): \(option)")
      }
    }
    #expect(names.count >= 14 && names.contains("bindstorm-run.1"))
  }

  @Test func `mandoc and groff have nothing to say against the pages`() throws {
    let (folder, names) = try Self.pages()
    let files = names.map { folder.path + "/" + $0 }
    var isChecked = false
    if try Self.has("mandoc") {
      isChecked = true
      let lint = try Program.run(["mandoc", "-T", "lint", "-W", "warning"] + files)
      #expect(lint.output.isEmpty, "\(lint.output)")
    }
    if try Self.has("groff") {
      isChecked = true
      for file in files {
        let set = try Program.run(["groff", "-mdoc", "-ww", "-T", "utf8", "-z", file])
        #expect(set.ending == .exit(0) && set.errorOutput.isEmpty, "\(file): \(set.errorOutput)")
      }
    }
    if !isChecked { try skip("neither mandoc nor groff is here") }
  }

  /// A script is read, not run: `-n` of each shell.
  @Test(arguments: ["bash", "zsh", "fish"]) func `a completion script is read by its shell`(
    shell: String
  ) throws {
    let script = try Program.run([Built.bindstorm, "--generate-completion-script", shell])
    #expect(script.ending == .exit(0) && script.output.contains("bindstorm"))
    guard try Self.has(shell) else { try skip("\(shell) is not here") }
    let folder = try ScratchFolder()
    let file = try folder.write(script.output, to: "script")
    let read = try Program.run([shell, "-n", file])
    #expect(read.ending == .exit(0) && read.errorOutput.isEmpty, "\(read)")
  }

  @Test func `bash completes a cell of a run by its name`() throws {
    let workplace = try Workplace()
    #expect(try workplace.run(["--quiet"]).ending == .exit(0))
    let script = try Program.run([Built.bindstorm, "--generate-completion-script", "bash"])
    let file = try workplace.scratch.write(script.output, to: "script")
    let line = "bindstorm explain small/a/in"
    let asked = try Program.run(
      [
        "bash", "-c",
        """
        . \(file)
        COMP_WORDS=(bindstorm explain small/a/in) COMP_CWORD=2 COMP_LINE='\(line)' COMP_POINT=\(line.count)
        COMP_TYPE=9 COMP_KEY=9
        _bindstorm bindstorm small/a/in explain
        printf '%s\\n' "${COMPREPLY[@]}"
        """,
      ],
      environment: [
        "PATH": "\(Built.folder):/usr/bin:/bin", "BINDSTORM_RESULTS": workplace.results,
      ], folder: workplace.scratch.path)
    #expect(asked.output.contains("small/a/inherited-listener"), "\(asked)")
  }
}
