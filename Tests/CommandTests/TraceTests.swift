import Foundation
import History
import TestSupport
import Testing

/// `bindstorm trace`: a trial of a real run, read with Perfetto's own schema.
@Suite struct TraceTests {
  /// A run in which a strategy that lets distinct numbers go loses ports to a thief that takes 450 of 500: a trial loses
  /// none with probability 0.1^8.
  private static func workplace() throws -> Workplace {
    let workplace = try Workplace(
      plan(
        ["hold-all-then-release", "hold-until-bind"], trials: 3,
        scenario: """
          "window": { "foreign_draws": 450 },
          "thieves": [{ "kind": "bind-hold", "options": { "ports": 450 } }],
          "faults": [{ "kind": "delay", "at": "before-input-bind", "index": 1, "options": { "milliseconds": 1 } }]
          """))
    let run = try workplace.run(["--quiet"])
    #expect([.exit(0), .exit(2)].contains(run.ending), "\(run)")
    return workplace
  }

  private struct Explained: Decodable {
    struct Finding: Decodable {
      var port: UInt16?
      var apiServer: Int?
    }
    struct Moment: Decodable { var atNanoseconds: UInt64 }
    var findings: [Finding]
    var timeline: [Moment]
  }

  private static func trace(_ workplace: Workplace, _ place: String) throws -> (ReadTrace, String) {
    let file = workplace.scratch.path + "/t.pftrace"
    let made = try workplace.bindstorm(["trace", workplace.latest(place), "-o", file])
    #expect(made.ending == .exit(0) && made.output.isEmpty, "\(made)")
    return (try ReadTrace(file), file)
  }

  @Test func `a trial's trace has its processes, ports, thefts and arrows`() throws {
    let workplace = try Self.workplace()
    let place = "a/hold-all-then-release/0"
    let (trace, file) = try Self.trace(workplace, place)
    let explained = try JSONDecoder().decode(
      Explained.self,
      from: Data(
        try workplace.bindstorm(["explain", "--json", workplace.latest(place)]).output.utf8))
    // Its span is that of the trial in explain.
    let trial = try #require(trace.tracks.first?.slices.first)
    let end = try #require(trial.end)
    #expect(end - trial.at == explained.timeline.map(\.atNanoseconds).max())
    _ = try ReadTrace(file, within: trial.at...end)
    // Processes.
    for name in ["launcher 0", "API server 0.0", "API server 0.3", "thief 0"] {
      #expect(try #require(trace.track(name), "\(name)").pid > 0)
    }
    #expect(trace.track("fault 0")?.parent == "faults")
    #expect(
      trace.track("API server 0.1")?.instants.contains { $0.category == "fault" } == true)
    try checkPorts(trace, explained)
  }

  private func checkPorts(_ trace: ReadTrace, _ explained: Explained) throws {
    let ports = trace.tracks.filter { $0.parent == "ports" }
    #expect(ports.count == 8, "\(ports.map(\.name))")
    for port in ports {
      #expect(port.slices.allSatisfy { $0.depth == 0 })
      #expect(port.slices.first?.name == "held by launcher 0")
    }
    let lost = explained.findings.filter { $0.port != nil }
    for finding in lost {
      let port = try #require(finding.port)
      let track = try #require(trace.track("port \(port)"))
      #expect(track.slices.map(\.category) == ["held", "open", "taken"])
      #expect(track.slices.last?.name.hasPrefix("stolen by thief 0") == true)
      // From the thief's bind to the failing one of the victim, and from the probe to that bind.
      let server = "API server 0.\(try #require(finding.apiServer))"
      let theft = trace.arrows.filter { $0.from.name == "takes port \(port)" }
      #expect(theft.map(\.from.track) == ["thief 0"] && theft.map(\.to.track) == [server])
      #expect(theft.allSatisfy { $0.to.name.contains("EADDRINUSE") && $0.to.category == "failure" })
      let bind = trace.arrows.filter { $0.to.name.hasSuffix(" to port \(port)") }
      #expect(bind.map(\.from.name) == ["allocates"] && bind.map(\.to.track) == [server])
    }
    // False alarm: 1e-8, see above.
    #expect(!lost.isEmpty)
    for arrow in trace.arrows { #expect(arrow.from.at <= arrow.to.at) }
  }

  @Test func `a number that is not let go is not called free`() throws {
    let workplace = try Self.workplace()
    let (trace, _) = try Self.trace(workplace, "a/hold-until-bind/1")
    let ports = trace.tracks.filter { $0.parent == "ports" }
    #expect(ports.count == 8)
    for port in ports {
      #expect(port.slices.map(\.category) == ["chosen", "held"], "\(port)")
      #expect(port.slices.last?.name.hasPrefix("held by API server 0.") == true)
    }
  }

  @Test func `equal events give equal bytes, also on standard output`() throws {
    let workplace = try Self.workplace()
    let files = ["one", "two", "three"].map { workplace.scratch.path + "/" + $0 }
    let place = workplace.latest("a/hold-all-then-release/2")
    for file in files.prefix(2) {
      #expect(try workplace.bindstorm(["trace", place, "-o", file]).ending == .exit(0))
    }
    #expect(
      try workplace.bindstorm(["trace", place, "-o", "-"], outputTo: files[2]).ending == .exit(0))
    let bytes = files.map { FileManager.default.contents(atPath: $0) }
    #expect(bytes[0]?.isEmpty == false && bytes[0] == bytes[1] && bytes[0] == bytes[2])
  }

  @Test func `what is no trial, or cannot be written, is said`() throws {
    let workplace = try Self.workplace()
    let cell = try workplace.bindstorm([
      "trace", workplace.latest("a/hold-all-then-release"), "-o", "-",
    ])
    #expect(cell.ending == .exit(64) && cell.errorOutput.contains("/a/hold-all-then-release/0"))
    let run = try workplace.bindstorm(["trace", workplace.latest(), "-o", "-"])
    #expect(run.ending == .exit(64) && run.errorOutput.contains("takes one trial"))
    let missing = try workplace.bindstorm([
      "trace", workplace.latest("a/hold-all-then-release/99"), "-o", "-",
    ])
    #expect(missing.ending == .exit(64) && missing.errorOutput.contains("no trial 99"))
    let nowhere = try workplace.bindstorm([
      "trace", workplace.latest("a/hold-all-then-release/0"), "-o", "/nonexistent/folder/t.pftrace",
    ])
    #expect(nowhere.ending == .exit(73))
    let none = try workplace.bindstorm(["trace", workplace.latest("a/hold-all-then-release/0")])
    #expect(none.ending == .exit(64))
    let terminal = try Terminal()
    let shown = try terminal.run(
      try Program(
        [Built.bindstorm, "trace", workplace.latest("a/hold-all-then-release/0"), "-o", "-"],
        folder: workplace.scratch.path, terminal: terminal.slave))
    #expect(shown.ending == .exit(64) && shown.text.contains("is a terminal"), "\(shown.text)")
  }
}
