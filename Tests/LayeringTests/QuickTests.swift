import Foundation
import Testing

/// `make test-quick` runs what starts no process. Its list, `QUICK` in the Makefile, names whole targets and single
/// suites; here it is held to the sources: nothing on it starts a process, and no suite that starts none is missing.
@Suite struct QuickTests {
  /// What starts a process, or stands for what does.
  static let starters: Set = [
    "Program", "Built", "MeasuredPlan", "WorkerHost", "Run", "Supervisor", "Namespace", "Process",
    "HostAbilities", "allowsNamespaces", "allowsUserNamespaces", "processExitsWith", "fork",
    "posix_spawn",
  ]

  /// A file of a target's tests.
  struct File {
    var suites: [String]
    /// Types and functions that other files may use.
    var declared: Set<String>
    /// Types and words that it uses, and functions that it calls as `name(`: `.name(` is a member of something.
    var used: Set<String>

    init(_ text: String) {
      let code = text.split(separator: "\n")
        .filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
        // Names of tests and texts are no uses.
        .replacing(/`[^`\n]*`/, with: "").replacing(/"(?:[^"\\\n]|\\[^(\n])*"/, with: "")
      suites = code.matches(of: /struct (\w+Tests)\b/).map { String($0.1) }
      let types = code.matches(
        of: /(?:^|\n)(?:final )?(?:struct|class|enum|extension) (\w+)/)
      let functions = code.matches(of: /(?:^|\n)func (\w+)/).map { "\($0.1)(" }
      declared = Set(types.map { String($0.1) } + functions)
      let calls = code.matches(of: /[^.\w](\w+\()/).map { String($0.1) }
      used = Set(code.matches(of: /\w+/).map { String($0.0) } + calls)
    }
  }

  /// The suites of every target of tests, and which of them start processes: by a word of their own file, or by what
  /// another file of the target declares.
  static func suites() throws -> [String: [(suite: String, isQuick: Bool)]] {
    let tests = LayeringTests.root.appending(path: "Tests")
    let targets = try FileManager.default.contentsOfDirectory(atPath: tests.path)
      .filter { $0.hasSuffix("Tests") }
    return try Dictionary(
      uniqueKeysWithValues: targets.map { target in
        let folder = tests.appending(path: target)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
          .filter { $0.hasSuffix(".swift") }
          .map { File(try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
        return (target, classified(files))
      })
  }

  static func classified(_ files: [File]) -> [(suite: String, isQuick: Bool)] {
    var starting = starters
    var isGrowing = true
    while isGrowing {
      let more = files.filter { !$0.used.isDisjoint(with: starting) }
        .reduce(starting) { $0.union($1.declared) }
      isGrowing = more.count > starting.count
      starting = more
    }
    return files.flatMap { file in
      file.suites.map { ($0, file.used.isDisjoint(with: starting)) }
    }
  }

  @Test func `the list of quick tests is all that starts no process, and nothing else`() throws {
    let makefile = LayeringTests.text(of: "Makefile")
    let match = try #require(try /QUICK = ((?:[^\n]*\\\n)*[^\n]*)\n/.firstMatch(in: makefile))
    let listed = Set(match.1.matches(of: /[\w.]+/).map { String($0.0) })
    var expected: Set<String> = []
    for (target, suites) in try Self.suites() where target != "LayeringTests" {
      #expect(!suites.isEmpty, "no suite was found in \(target)")
      let quick = suites.filter(\.isQuick)
      if quick.count == suites.count {
        expected.insert(target)
      } else {
        expected.formUnion(quick.map { "\(target).\($0.suite)" })
      }
    }
    // This target names what it looks for.
    expected.insert("LayeringTests")
    #expect(listed.subtracting(expected).sorted() == [], "these start processes, or are not there")
    #expect(expected.subtracting(listed).sorted() == [], "these are missing in the Makefile")
  }

  @Test func `a suite starts processes through whatever stands between`() {
    let found = Self.classified([
      File("@Suite struct ATests { let a = helper() }"), File("func helper() { Deep() }"),
      File("struct Deep { func go() { Program.run() } }"),
      File("// Program\n@Suite(.serialized) struct BTests { @Test func `a Program`() {} }"),
    ])
    #expect(found.map(\.suite) == ["ATests", "BTests"] && found.map(\.isQuick) == [false, true])
  }
}
