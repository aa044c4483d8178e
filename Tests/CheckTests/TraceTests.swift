import Foundation
import TestSupport
import Testing

/// `bindstorm check --trace`, read with Perfetto's own schema.
@Suite struct CheckTraceTests {
  /// A port that is probed, let go and bound again by another process.
  private static let program = """
    import socket, subprocess, sys
    def bind(p):
      s = socket.socket(); s.bind(("127.0.0.1", p)); return s
    if len(sys.argv) > 1:
      bind(int(sys.argv[1])); sys.exit()
    s = bind(0); p = s.getsockname()[1]; s.close()
    sys.exit(subprocess.run([sys.executable, __file__, str(p)]).returncode)
    """

  private static func trace(_ options: [String]) throws -> (ended: Finished, trace: ReadTrace) {
    let python = try skipIfMissing { try Victim.python() }
    let scratch = try ScratchFolder()
    let script = try scratch.write(program, to: "serve.py")
    let file = scratch.path + "/t.pftrace"
    let ended = try run(
      [Built.bindstorm, "check", "--no-py-spy", "--quiet"] + options
        + ["--trace", file, "--", python, script])
    return (ended, try ReadTrace(file))
  }

  private static func port(_ trace: ReadTrace) throws -> ReadTrace.Track {
    let ports = trace.tracks.filter { $0.parent == "ports" }
    try #require(ports.count == 1, "\(trace)")
    return ports[0]
  }

  @Test func `a race is a port that is held, then free, with an arrow to the re-bind`() throws {
    let (ended, trace) = try Self.trace([])
    #expect(ended.status == 66, "\(ended)")
    let port = try Self.port(trace)
    #expect(port.slices.map(\.category) == ["held", "open"] && port.slices[1].name == "free")
    #expect(port.instants.map(\.category) == ["success"])
    let run = try #require(trace.track("bindstorm check")?.slices.first)
    for event in trace.tracks.flatMap({ $0.slices + $0.instants }) {
      #expect(event.at >= run.at && event.at <= run.end ?? 0)
    }
    try #require(trace.arrows.count == 1)
    let arrow = trace.arrows[0]
    #expect(arrow.from.name.hasPrefix("bind(port 0)") && arrow.to.name.hasPrefix("Re-bind"))
    #expect(arrow.from.track != arrow.to.track && arrow.to.category == "success")
    #expect(trace.tracks.count { $0.pid > 0 } == 2)
  }

  @Test(arguments: ["lazy", "eager"])
  func `a theft is a port in the thief's hands, with an arrow to what failed`(_ mode: String) throws
  {
    let (ended, trace) = try Self.trace(["--steal", mode])
    #expect(ended.status == 66, "\(ended)")
    let port = try Self.port(trace)
    #expect(port.slices.first?.category == "held" && port.slices.last?.category == "taken")
    #expect(port.instants.map(\.category) == ["failure"])
    let theft = try #require(trace.arrows.first { $0.from.name.hasPrefix("takes ") })
    #expect(theft.from.track == "thief of bindstorm check")
    #expect(theft.to.name.contains("EADDRINUSE") && theft.to.category == "failure")
    #expect(theft.from.at <= theft.to.at)
    #expect(port.slices.last?.at == theft.from.at)
  }

  @Test func `a series has no trace`() throws {
    let scratch = try ScratchFolder()
    let ended = try run([
      Built.bindstorm, "check", "--enumerate", "--trace", scratch.path + "/x", "--", "/bin/true",
    ])
    #expect(ended.status == 64 && ended.errorOutput.contains("--trace shows one run"), "\(ended)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
  }
}
