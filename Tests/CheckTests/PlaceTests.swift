import Foundation
import TestSupport
import Testing

/// Names of places on real programs: the same whatever differs between runs and hosts.
@Suite(.serialized) struct PlaceTests {
  private static let fifty = """
    import socket, sys
    def server():
        with socket.create_server(("127.0.0.1", 0)) as probe: port = probe.getsockname()[1]
        return socket.create_server(("127.0.0.1", port))
    held = [server() for _ in range(int(sys.argv[1]))]

    """

  /// Every Python of this host: in PATH, Debian's, those of pyenv.
  static var pythons: [String] {
    let pyenv = FileManager.default.homeDirectoryForCurrentUser.appending(path: ".pyenv/versions")
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: pyenv.path)) ?? []
    let all =
      [Place.executable("python3"), "/usr/bin/python3"].compactMap { $0 }
      + versions.map { pyenv.appending(path: "\($0)/bin/python3").path }
    return Array(Set(all.filter(FileManager.default.isExecutableFile))).sorted()
  }

  /// Those whose frames the supervisor reads by itself.
  static var readable: [String] {
    get throws {
      try pythons.filter { python in
        let ended = try run([
          python, "-c",
          "import sys; print((3, 11) <= sys.version_info[:2] <= (3, 13) and sys.implementation.name == 'cpython')",
        ])
        return ended.output == "True\n"
      }
    }
  }

  private func only(_ checked: Checked) throws -> Report.Place {
    try #require(checked.report.places.count == 1, "\(checked.report.places.map(\.summary))")
    return checked.report.places[0]
  }

  @Test func `a place is the same from every folder, with any number of stacks, in both modes`()
    throws
  {
    let python = try skipIfMissing { try Victim.python() }
    let scratch = try ScratchFolder()
    let script = try scratch.write(Self.fifty, to: "fifty.py")
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/below", withIntermediateDirectories: true)
    func place(
      _ name: String, _ options: [String] = [], in folder: String = "/", stacks: Int = 64
    ) throws -> Report.Place {
      try only(
        try check(
          options, [python, name, "3"], prefix: ["/usr/bin/env", "-C", folder], stacks: stacks))
    }
    let first = try place(script)
    let others = [
      try place("fifty.py", in: scratch.path),
      try place("../fifty.py", in: scratch.path + "/below"),
      try place(script, ["--no-py-spy"]), try place(script, ["--mode", "fallback"]),
      try place(script, stacks: 0), try place(script, stacks: 1),
    ]
    #expect(others.map(\.coarsePlace) == others.map { _ in first.coarsePlace })
    #expect(others.suffix(2).map(\.place) == [first.coarsePlace, first.coarsePlace])
    #expect(others.suffix(2).allSatisfy { $0.callSiteGap != nil })
    guard try Self.readable.contains(python) else { return }
    #expect(first.place.count == 17)
    #expect(others.prefix(4).map(\.place) == others.prefix(4).map { _ in first.place })
  }

  @Test func `one line that opens many windows is one place`() throws {
    let scratch = try ScratchFolder()
    let script = try scratch.write(Self.fifty, to: "fifty.py")
    for python in try Self.readable {
      let place = try only(try check(["--no-py-spy"], [python, script, "120"], stacks: 4))
      #expect(place.count == 120 && place.callSiteGap == nil, "\(python)")
    }
  }

  @Test func `the frames of a thread are those that Python itself tells`() throws {
    for python in try Self.readable {
      let checked = try check(["--no-py-spy"], [python, Victim.script("frames.py")], stacks: 64)
      let place = try only(checked)
      let told = try JSONSerialization.jsonObject(with: Data(checked.ended.output.utf8))
      let rows = try #require(told as? [[Any]])
      let expected: [String] = rows.map { "\($0[0]) \($0[1])" }
      let seen: [String] = place.probe.sourceStack.map {
        "\($0.function.split(separator: ".").last ?? "") \($0.line)"
      }
      #expect(seen == expected, "\(python)")
    }
  }

  @Test func `values, temporary folders and random names do not change a place`() throws {
    let python = try skipIfMissing { try Victim.python() }
    var places: Set<String> = []
    for _ in 0..<2 {
      let scratch = try ScratchFolder()
      let child = "tmp" + UUID().uuidString.lowercased().prefix(8)
      let script = try scratch.write(Self.fifty, to: "launch.py")
      _ = try scratch.write(
        "import runpy, sys; sys.argv[0:1] = []; runpy.run_path(sys.argv[0])", to: "\(child).py")
      let launch = try check(
        [], [python, scratch.path + "/\(child).py", script, "1", "--dir", scratch.path], stacks: 64)
      places.insert(try only(launch).place)
    }
    #expect(places.count == 1, "\(places)")
  }

  @Test func `a plan finds the place that the command line told`() throws {
    let scratch = try ScratchFolder()
    let script = try scratch.write(Self.fifty, to: "fifty.py")
    let place = try only(try check([], ["python3", script, "1"], stacks: 64))
    func row(_ label: String, _ only: String) -> String {
      #"{"name": "check", "label": "\#(label)", "command": ["python3", "fifty.py", "1"], "#
        + #""check": {"only": "\#(only)"}}"#
    }
    let plan = try scratch.write(
      """
      {"version": 1, "name": "places", "defaults": {"topology": {"api_servers": 1}, "trials": 1},
       "strategies": [\(row("coarse", place.coarsePlace)), \(row("fine", place.place)), \(row("other", "00000000"))],
       "scenarios": [{"name": "a"}]}
      """, to: "plan.json")
    let ended = try run([
      Built.bindstorm, "run", plan, "--results", scratch.path + "/results", "--quiet",
    ])
    #expect(ended.output.contains("a, coarse: lost-to-thief x1"), "\(ended)")
    #expect(ended.output.contains("a, fine: lost-to-thief x1"))
    #expect(ended.output.contains("a, other: invalid x1"))
  }
}
