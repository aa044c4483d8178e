import Foundation
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(20))) struct ExitCodeTests {
  @Test(arguments: ["--report", "--json", "--junit", "--sarif", "--html", "--trace"])
  func `a report of check that cannot be written whole is an error`(option: String) throws {
    let finished = try Program.run([Built.bindstorm, "check", option, "/dev/full", "--", "true"])
    #expect(finished.ending == .exit(73), "\(finished)")
    #expect(
      finished.errorOutput.contains("bindstorm: cannot write /dev/full: No space left on device"))
  }

  @Test func `0: every demand is met`() throws {
    let workplace = try Workplace(
      plan(scenario: #""expect": { "*": { "failure_rate_at_most": 0.3 } }"#))
    let finished = try workplace.run()
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.output.contains("every demand is met: 2 as expected"))
    #expect(finished.errorOutput == "")
  }

  @Test func `1: a demand is violated`() throws {
    // A strategy without a window that is expected to fail often.
    let workplace = try Workplace(
      plan(scenario: #""expect": { "*": { "failure_rate_at_least": 0.5 } }"#))
    let finished = try workplace.run()
    #expect(finished.ending == .exit(1), "\(finished)")
    #expect(finished.output.contains("a demand is violated: 2 NOT as expected"))
  }

  @Test func `1: a must-fail control that is shown not to fail makes its scenario worth nothing`()
    throws
  {
    let workplace = try Workplace(
      plan(
        scenario: """
          "expect": {
            "wildcard-report-back": { "failure_rate_at_least": 0.5, "must_fail_control": true },
            "inherited-listener": { "failure_rate_at_most": 0.3 }
          }
          """))
    let finished = try workplace.run()
    #expect(finished.ending == .exit(1), "\(finished)")
    #expect(finished.output.contains("NOT as expected (control: at least 50 %)"))
    #expect(finished.output.contains("UNDECIDED 0/10"))
    #expect(finished.output.contains("did not fail as it must, so this proves nothing"))
  }

  @Test func `2: thieves that cannot draw their quota leave no trial that counts`() throws {
    // 16 ports, 8 of them held by the launch.
    let workplace = try Workplace(
      plan(
        ["inherited-listener"], trials: 5,
        settings: #""ownership_check": "kernel""#,
        scenario: """
          "pool": { "range": [42000, 42015] },
          "thieves": [{ "kind": "bind-hold", "options": { "ports": 30 } }]
          """))
    let finished = try workplace.run()
    #expect(finished.ending == .exit(2), "\(finished)")
    #expect(try workplace.outcomes() == ["invalid": 5])
    #expect(finished.output.contains("no trial counts"))
  }

  @Test(
    arguments: [
      [], ["frobnicate"], ["run"], ["validate"], ["list", "nothing"],
      ["list", "thieves", "--markdown"], ["list", "faults", "--long"],
      ["list", "outcomes", "--long"],
      ["run", "/nonexistent.json"],
      ["run", "plan.json", "--seed", "x"], ["run", "plan.json", "--color", "mauve"],
      ["run", "plan.json", "--results", ""],
      ["run", "plan.json", "--require-isolation", "--no-isolation"], ["analyze", "/nonexistent"],
      ["plan", "/"], ["run", "plan.json", "another"],
    ] as [[String]])
  func `64: wrong usage`(arguments: [String]) throws {
    let workplace = try Workplace()
    let finished = try workplace.bindstorm(arguments)
    // Without a word it shows its help.
    #expect(finished.ending == .exit(arguments.isEmpty ? 0 : 64), "\(finished)")
    if !arguments.isEmpty {
      #expect(finished.output == "" && finished.errorOutput != "", "\(finished)")
    }
    #expect(workplace.scratch.names() == ["plan.json"], "something was written")
  }

  @Test func `64: a seed in the environment that is no number`() throws {
    let finished = try Workplace().run(environment: ["BINDSTORM_SEED": "-1"])
    #expect(finished.ending == .exit(64))
    #expect(finished.errorOutput.contains("BINDSTORM_SEED must be a whole number, not '-1'"))
  }

  @Test(arguments: ["/bin/true", "/nonexistent"])
  func `70: a worker that is none`(worker: String) throws {
    let workplace = try Workplace()
    let finished = try workplace.run(environment: ["BINDSTORM_WORKER": worker])
    #expect(finished.ending == .exit(70), "\(finished)")
    #expect(finished.errorOutput.contains(worker))
    #expect(workplace.scratch.names() == ["plan.json"], "something was written")
  }

  @Test(arguments: ["/dev/null", "/proc/nowhere", "plan.json/below"])
  func `73: results that cannot be created, in plain words`(folder: String) throws {
    let workplace = try Workplace()
    let finished = try workplace.bindstorm(["run", "plan.json", "--results", folder])
    #expect(finished.ending == .exit(73), "\(finished)")
    #expect(finished.errorOutput.contains("cannot make the results folder \(folder)/small: "))
    #expect(!finished.errorOutput.contains("Error("), "\(finished.errorOutput)")
  }

  @Test(arguments: [
    ["run", "plan.json", "-q"], ["plan", "plan.json", "--no-measure"],
    ["plan", "plan.json", "--json"],
    ["validate", "plan.json"], ["list", "thieves"], ["list", "outcomes"], ["--help"], ["--version"],
    ["help", "run"], ["check", "--help"], ["--generate-completion-script", "bash"], ["doctor"],
    ["doctor", "plan.json"],
  ])
  func `74: results that cannot be shown`(arguments: [String]) throws {
    let workplace = try Workplace()
    let full = try workplace.bindstorm(arguments, outputTo: "/dev/full")
    #expect(full.ending == .exit(74), "\(full)")
    #expect(
      full.errorOutput
        == "bindstorm: cannot write to standard output: No space left on device (ENOSPC)\n")
    let closed = try workplace.bindstorm(arguments, closing: [1])
    #expect(closed.ending == .exit(74), "\(closed)")
    if arguments[0] == "run" {
      // What was measured is in the files all the same, and nothing else is in them.
      let lines = try workplace.text(workplace.scratch.path + "/Results/small/latest/events.jsonl")
        .split(separator: "\n")
      #expect(lines.allSatisfy { $0.hasPrefix("{\"event\":") && $0.hasSuffix("}") })
      #expect(lines.last?.contains("run-ended") == true)
      #expect(
        try workplace.text(workplace.scratch.path + "/Results/small/latest/matrix.md").contains(
          "wildcard-report-back"))
    }
  }

  @Test func `74: a disk that is full in mid-run costs the rest, not what was measured`() throws {
    let workplace = try Workplace(endlessPlan())
    let disk = workplace.scratch.path + "/disk"
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    // The tiny disk is in a mount namespace and goes with it, so its content is copied out.
    let script = """
      mount -t tmpfs -o size=200k tmpfs disk || exit 99
      "$0" run plan.json --results disk -q; code=$?
      cp -r disk copy; exit $code
      """
    let namespace = Kernel.isRoot ? ["unshare", "-m"] : ["unshare", "-Urm"]
    let finished = try Program.run(
      namespace + ["sh", "-c", script, Built.bindstorm], folder: workplace.scratch.path)
    try #require(finished.ending == .exit(74), "\(finished)")
    #expect(finished.errorOutput.contains("events.jsonl"))
    #expect(finished.output.contains("PARTIAL"))
    // More than one trial was counted, none of them as a failure.
    #expect(finished.output.contains("no demand"), "\(finished.output)")
    #expect(!finished.output.contains(" 0/0"))
    let judged = try workplace.bindstorm(["analyze", "copy/endless/latest"])
    #expect(judged.ending == .exit(2))
    #expect(judged.output.contains("PARTIAL") && judged.output.contains("no demand"))
  }

  /// The limit on a file's size is met by the history alone: all that is written after it is smaller.
  @Test func `74: a history that cannot be written is told, though the verdict can be`() throws {
    let workplace = try Workplace(endlessPlan())
    let program = try Program(
      ["sh", "-c", #"trap "" XFSZ; exec "$0" "$@""#] + workplace.runLine(["-q"]),
      folder: workplace.scratch.path)
    let history = workplace.latest("events.jsonl", of: "endless")
    func size() -> Int {
      (try? FileManager.default.attributesOfItem(atPath: history)[.size] as? Int) ?? 0
    }
    // Only now: the memory that is shared with the workers is a file, too, and larger.
    try waitUntil("a history with trials") { size() > 10_000 }
    let limited = try Program.run([
      "prlimit", "--pid", "\(program.pid)", "--fsize=\(size() + 200_000)",
    ])
    try #require(limited.ending == .exit(0), "\(limited)")
    let finished = try program.wait()
    #expect(finished.ending == .exit(74), "\(finished)")
    #expect(finished.errorOutput.contains("events.jsonl"), "\(finished)")
    #expect(finished.output.contains("PARTIAL"))
    let matrix = try workplace.json(workplace.latest("matrix.json", of: "endless"))
    #expect(matrix["isPartial"] as? Bool == true)
  }
}

@Suite(.serialized, .timeLimit(.minutes(20))) struct IsolationOptionTests {
  /// A command line in a user namespace that allows no network namespace.
  @Test(.enabled(if: Kernel.allowsUserNamespaces, "needs user namespaces to forbid things in"))
  func `69: isolation is required and not to be had`() throws {
    let workplace = try Workplace()
    let finished = try Program.run(
      Kernel.withoutNetworkNamespaces(workplace.runLine(["--require-isolation"])),
      folder: workplace.scratch.path)
    #expect(finished.ending == .exit(69), "\(finished)")
    #expect(finished.errorOutput.contains("no network namespace can be had here"))
    #expect(finished.errorOutput.contains("ENOSPC"))
    #expect(workplace.scratch.names() == ["plan.json"], "something was written")
  }

  @Test(.enabled(if: Kernel.allowsUserNamespaces, "needs user namespaces to forbid things in"))
  func `where no namespace is to be had it warns, goes on, and says so in its files`() throws {
    let workplace = try Workplace()
    let finished = try Program.run(
      Kernel.withoutNetworkNamespaces(workplace.runLine()), folder: workplace.scratch.path)
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.errorOutput.contains("warning: no network namespace (unshare"))
    let environment = try workplace.json(workplace.latest("environment.json"))
    #expect(environment["isolation"] as? String == "none")
    #expect((environment["isolationProblem"] as? String)?.contains("ENOSPC") == true)
    #expect(
      try workplace.text(workplace.latest("events.jsonl")).contains(#""isolated":false"#))
  }

  /// Without the right to configure networks a namespace can be made, but its loopback stays down: whoever stays in it
  /// can reach nobody, and every strategy would seem to fail.
  private static let weakened = [
    "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin",
  ]

  @Test(
    .enabled(if: Kernel.isRoot && Kernel.allowsUserNamespaces, "needs root and user namespaces"))
  func `where a namespace cannot be finished as root, a user namespace is taken`() throws {
    let workplace = try Workplace(plan(["inherited-listener"]))
    let finished = try Program.run(
      Self.weakened + workplace.runLine(["--require-isolation"]), folder: workplace.scratch.path)
    #expect(finished.ending == .exit(0), "\(finished)")
    let environment = try workplace.json(workplace.latest("environment.json"))
    #expect(environment["isolation"] as? String == "userNamespace")
    #expect(try workplace.outcomes().keys.sorted() == ["ready"])
  }

  @Test(.enabled(if: Kernel.allowsUserNamespaces, "needs user namespaces to forbid things in"))
  func `a namespace that nobody can finish is none`() throws {
    let line = { (workplace: Workplace, more: [String]) in
      [
        "unshare", "-Ur", "sh", "-c",
        #"echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@""#,
      ] + Self.weakened + workplace.runLine(more)
    }
    let workplace = try Workplace(plan(["inherited-listener"]))
    let refused = try Program.run(
      line(workplace, ["--require-isolation"]), folder: workplace.scratch.path)
    #expect(refused.ending == .exit(69), "\(refused)")
    #expect(refused.errorOutput.contains("bringing loopback up"), "\(refused)")
    // On the host's own loopback, where all can be reached.
    let finished = try Program.run(line(workplace, []), folder: workplace.scratch.path)
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.errorOutput.contains("warning: no network namespace"), "\(finished)")
    #expect(try workplace.outcomes().keys.sorted() == ["ready"])
  }

  @Test func `without isolation on demand it warns, and -q does not silence a warning`() throws {
    let finished = try Workplace().run(["--no-isolation", "-q"])
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.errorOutput.contains("warning: no network namespace (switched off)"))
  }

  private static let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

  /// Whether an unprivileged user can run what was built, and is allowed a namespace.
  private static let nobodyCanRun: Bool = {
    let version = try? Program.run(nobody + [Built.bindstorm, "--version"])
    let namespace = try? Program.run(nobody + ["unshare", "-Urn", "true"])
    return version?.ending == .exit(0) && namespace?.ending == .exit(0)
  }()

  @Test(
    .enabled(
      if: Kernel.isRoot && nobodyCanRun,
      "needs root to become nobody, executables nobody can read, and user namespaces"))
  func `an unprivileged user gets a network namespace inside a user namespace`() throws {
    let workplace = try Workplace()
    let finished = try Program.run(
      Self.nobody + workplace.runLine(["--require-isolation", "-v"]),
      folder: workplace.scratch.path)
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.errorOutput.contains("a network namespace inside a user namespace"))
    let environment = try workplace.json(workplace.latest("environment.json"))
    #expect(environment["isolation"] as? String == "userNamespace")
    #expect(environment["isolationProblem"] as? String == "")
    #expect(
      try workplace.text(workplace.latest("events.jsonl")).contains(
        #""event":"pool-set","low":42000,"high":42999"#))
  }
}
