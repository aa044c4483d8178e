import TestSupport
import Testing

/// A process that has no descriptor left cannot be told from one that is silent, unless somebody looks.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DescriptorLimitTests {
  /// libzmq drops connections without a word when it has no descriptor for them, on either side. How many are left below
  /// a limit depends on what this process inherits to its children.
  @Test(arguments: ["", #", "depth": "startup", "startup": { "engines": 2, "nodes": 2 }"#])
  func `too few open files for a connection are no silence`(depth: String) throws {
    // The second scenario needs less: a plan none of whose rows could run is refused.
    let plan = """
      {
        "version": 1, "name": "small", "strategies": ["wildcard-report-back"],
        "defaults": { "topology": { "api_servers": 12 }, "trials": 1, "timeout_ms": 4000 },
        "scenarios": [{ "name": "a", "sockets": "zmq"\(depth) }, { "name": "b", "sockets": "tcp" }]
      }
      """
    var seen: Set<String> = []
    for limit in stride(from: 24, through: 80, by: 8) {
      let workplace = try Workplace(plan)
      let line = workplace.runLine().map { "'\($0)'" }.joined(separator: " ")
      let finished = try Program.run(
        ["sh", "-c", "ulimit -n \(limit); exec \(line)"], folder: workplace.scratch.path)
      guard finished.ending != .exit(70) else {
        #expect(finished.errorOutput.contains("EMFILE"), "\(finished)")
        continue
      }
      seen.formUnion(try workplace.outcomes().keys)
      #expect(seen.isSubset(of: ["harness-error", "ready"]), "\(limit): \(finished)")
    }
    #expect(seen == ["harness-error", "ready"])
  }
}
