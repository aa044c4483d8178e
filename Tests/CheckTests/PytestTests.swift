import Foundation
import TestSupport
import Testing

/// The plugin `pytest-bindstorm`: the test in whose run each probe and re-bind happened.
@Suite struct PytestTests {
  /// A Python that has pytest and the modules, or a skipped test.
  private static func python(with modules: String) throws -> String {
    let python = try skipIfMissing { try Victim.pythonWithPackages() }
    let found = try run([python, "-c", "import \(modules)"])
    guard found.status == 0 else { try skip("no \(modules); make test-check-runtimes") }
    return python
  }

  private static func suite(
    _ python: String, _ options: [String] = [], checkOptions: [String] = []
  ) throws -> Checked {
    let plugin = Place.root.appending(path: "Adapters/pytest-bindstorm").path
    return try check(
      ["--exit-code", "0"] + checkOptions,
      [python, "-m", "pytest", "-q", "-p", "pytest_bindstorm", "-p", "no:cacheprovider"] + options
        + ["--rootdir", Victim.script("pytest"), Victim.script("pytest/suite.py")],
      environment: ["PYTHONPATH": plugin, "PYTHONDONTWRITEBYTECODE": "1"])
  }

  private static func pairs(_ checked: Checked) -> Set<[String]> {
    Set(checked.report.places.map { [$0.probe.test, $0.rebinder.test] })
  }

  private static let expected: [[String]] = [
    ["suite.py::test_binds_in_the_call (setup)", "suite.py::test_binds_in_the_call (call)"],
    ["suite.py::test_starts_a_program (call)", "suite.py::test_starts_a_program (call)"],
    ["suite.py::test_forks (call)", "suite.py::test_forks (call)"],
    ["suite.py::test_async (call)", "suite.py::test_async (call)"],
  ]

  /// Without stacks, places are told apart by command and re-bind alone, so that each test runs by itself.
  private func expectEachTestNamed(_ python: String, _ options: [String]) throws {
    for expected in Self.expected {
      let name = try #require(expected[0].split(separator: " ").first?.split(separator: ":").last)
      let checked = try Self.suite(python, options + ["-k", String(name)])
      #expect(checked.ended.status == 0, "\(checked.ended)")
      #expect(Self.pairs(checked) == [expected], "\(checked.report.places)")
    }
  }

  @Test func `the test of each call is named, in its process and in those below it`() throws {
    try expectEachTestNamed(try Self.python(with: "pytest, pytest_asyncio"), [])
  }

  @Test func `in processes of xdist, too`() throws {
    try expectEachTestNamed(try Self.python(with: "pytest, xdist, pytest_asyncio"), ["-n", "2"])
  }

  @Test func `a place that many tests reach names them all`() throws {
    let python = try Self.python(with: "pytest")
    let checked = try Self.suite(python, ["-k", "test_many"])
    let places = checked.report.places
    #expect(places.count == 1 && places.first?.count == 20, "\(places)")
    #expect(Set(places.flatMap(\.tests)).count == 20)
    #expect(checked.ended.errorOutput.contains("::test_many[0] (call)"))
    #expect(checked.ended.errorOutput.contains(" and 10 more\n"))
  }

  @Test func `without the plugin, and between tests, no test is named`() throws {
    let python = try Self.python(with: "pytest")
    let checked = try Self.suite(python, ["-p", "no:pytest_bindstorm", "-k", "test_many"])
    #expect(checked.report.places.allSatisfy { $0.probe.test.isEmpty && $0.tests.isEmpty })
    let mark = """
      import ctypes, os, socket
      def mark(name):
          text = b"bindstorm-mark/1\\0test\\0" + name
          libc = ctypes.CDLL(None, use_errno=True)
          return libc.bind(-1, text, len(text)), ctypes.get_errno()
      def window():
          with socket.socket() as probe:
              probe.bind(("127.0.0.1", 0))
              port = probe.getsockname()[1]
          with socket.socket() as server:
              server.bind(("127.0.0.1", port))
      print(mark(b"one"))
      mark(b"")
      window()
      """
    let between = try check([], [python, "-c", mark])
    #expect(between.ended.output == "(-1, 9)\n", "the kernel's own answer")
    #expect(between.report.places.map(\.tests) == [[]])
  }
}
