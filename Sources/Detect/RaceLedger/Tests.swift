/// The tests in which something was found.
extension Finding {
  /// Both parties' tests without their phases, each once.
  var tests: [String] {
    [probe.party.test, rebinder.test].map(Self.withoutPhase).reduce(into: []) { names, name in
      if !name.isEmpty && !names.contains(name) { names.append(name) }
    }
  }

  /// pytest appends the phase: `test_a.py::test_b (call)`.
  private static func withoutPhase(_ test: String) -> String {
    for phase in [" (setup)", " (call)", " (teardown)"] where test.hasSuffix(phase) {
      return String(test.dropLast(phase.count))
    }
    return test
  }
}
