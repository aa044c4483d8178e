import Foundation
import Glibc
import TestSupport
import Testing

/// Limits of the host and the session, set for real: they are named, nothing of them is held against a strategy, and
/// what was measured is written.
@Suite(.serialized, .timeLimit(.minutes(20))) struct HostLimitTests {
  /// Number of the system call by which the C library's poll() waits (asm/unistd_64.h, asm-generic/unistd.h: ppoll).
  #if arch(x86_64)
    private static let pollNumber = 7
  #else
    private static let pollNumber = 73
  #endif

  /// Runs the plan of a workplace in a shell that sets limits first.
  private func run(_ workplace: Workplace, after limits: String, _ more: [String] = []) throws
    -> Finished
  {
    let line = workplace.runLine(more).map { "'\($0)'" }.joined(separator: " ")
    return try Program.run(
      ["sh", "-c", "\(limits); exec \(line)"], folder: workplace.scratch.path)
  }

  /// A control group of the pids controller, removed with its value.
  private final class ProcessGroup {
    let folder: String

    init() throws {
      let parents = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"]
      let name = "bindstorm-test-\(getpid())"
      let made = parents.lazy.map { "\($0)/\(name)" }.first {
        guard mkdir($0, 0o755) == 0 else { return false }
        if access("\($0)/pids.max", W_OK) == 0 { return true }
        rmdir($0)
        return false
      }
      guard let made else { try skip("no control group of the pids controller can be made here") }
      folder = made
    }

    deinit { rmdir(folder) }

    var used: Int {
      get throws {
        let text = try String(contentsOfFile: "\(folder)/pids.current", encoding: .utf8)
        return Int(text.prefix { $0.isNumber }) ?? 0
      }
    }

    func limit(to most: Int) throws {
      try "\(most)\n".write(toFile: "\(folder)/pids.max", atomically: false, encoding: .utf8)
    }
  }

  /// libzmq aborts an API server that can make no thread: fresh API servers can be forked, and their threads cannot
  /// be made.
  @Test func `a limit of processes that is met in mid-run is nobody's failure`() throws {
    let group = try ProcessGroup()
    let workplace = try Workplace(
      plan(
        ["probe-then-bind", "wildcard-report-back"], trials: 12,
        settings: #""timeout_ms": 20000"#,
        scenario: """
          "sockets": "zmq", "window": { "milliseconds": 300 },
          "expect": {
            "probe-then-bind": { "failure_rate_at_least": 0.5, "must_fail_control": true },
            "wildcard-report-back": { "failure_rate_at_most": 0.5 }
          }
          """))
    let line = workplace.runLine(["-q"]).map { "'\($0)'" }.joined(separator: " ")
    let program = try Program(
      ["sh", "-c", "echo $$ > \(group.folder)/cgroup.procs; exec \(line)"],
      folder: workplace.scratch.path)
    // Four API servers with four tasks each.
    try waitUntil("API servers in the window") {
      let servers = Kernel.descendants(of: program.pid).filter { $0.name.hasPrefix("bs-api") }
      return try servers.count == 4 && group.used >= 22
    }
    try group.limit(to: try group.used - 6)
    let finished = try program.wait()
    #expect(finished.ending == .exit(2), "\(finished)")
    for arm in 0...1 {
      let outcomes = try workplace.outcomes(arm: arm)
      // The racy one may lose a port to itself, whatever the limit.
      let deaths = Set(["child-died", "timeout", "other-error"])
      #expect(deaths.isDisjoint(with: outcomes.keys), "\(outcomes)")
      #expect(outcomes["harness-error", default: 0] > 0, "\(outcomes)")
    }
    #expect(finished.output.contains("It is the host's limit, not the strategy's failure"))
    #expect(!finished.output.contains("as expected ("), "\(finished.output)")
    try waitUntil("an empty group") { try group.used == 0 }
  }

  @Test func `69: a limit that lets no trial run is named before anything is done`() throws {
    let limit = "ulimit -f 100"
    let workplace = try Workplace()
    let finished = try run(workplace, after: limit)
    #expect(finished.ending == .exit(69), "\(finished)")
    #expect(
      finished.errorOutput.contains("too low for the plan small: shared memory: "), "\(finished)")
    #expect(workplace.scratch.names() == ["plan.json"], "something was written")
    let told = try Program.run(
      ["sh", "-c", "\(limit); exec '\(Built.bindstorm)' doctor plan.json"],
      folder: workplace.scratch.path)
    #expect(told.ending == .exit(69), "\(told)")
    #expect(told.output.contains("too little: "), "\(told)")
  }

  /// Each lane maps the shared memory of a trial, more than 9 MiB.
  @Test func `69: lanes that the address space cannot hold are refused, fewer run`() throws {
    let limit = "ulimit -v 300000"
    let scenarios = (1..<40).map { #"}, { "name": "a\#($0)""# }.joined()
    let workplace = try Workplace(
      plan(["inherited-listener"], trials: 1, scenario: #""trials": 1"# + scenarios))
    let finished = try run(workplace, after: limit, ["--jobs", "40"])
    #expect(finished.ending == .exit(69), "\(finished)")
    #expect(
      finished.errorOutput.contains("too low for the plan small: address space: "), "\(finished)")
    #expect(workplace.scratch.names() == ["plan.json"], "something was written")
    #expect(try run(workplace, after: limit, ["--jobs", "2"]).ending == .exit(0))
  }

  @Test(.enabled(if: Kernel.isRoot, "needs root to become somebody else"))
  func `69: too few open files for somebody who may not raise them`() throws {
    let workplace = try Workplace()
    let line = workplace.runLine().map { "'\($0)'" }.joined(separator: " ")
    let finished = try Program.run(
      [
        "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sh", "-c",
        "ulimit -n 8; exec \(line)",
      ], folder: workplace.scratch.path)
    #expect(finished.ending == .exit(69), "\(finished)")
    #expect(finished.errorOutput.contains("open files of a process: 9 needed, 8 left"))
  }

  /// Numbers that are given to processes fit below low limits, too.
  @Test(arguments: [32, 64, 128])
  func `a run needs few open files`(limit: Int) throws {
    let workplace = try Workplace(
      plan(["inherited-listener-exec", "wildcard-report-back"], scenario: #""sockets": "zmq""#))
    let finished = try run(workplace, after: "ulimit -n \(limit)")
    #expect(finished.ending == .exit(0), "\(finished)")
    for arm in 0...1 { #expect(try workplace.outcomes(arm: arm) == ["ready": 10]) }
  }

  @Test func `74: a history that reaches the largest file's size is judged as far as it goes`()
    throws
  {
    let workplace = try Workplace(endlessPlan())
    let finished = try run(workplace, after: "ulimit -f 14336", ["-q"])
    #expect(finished.ending == .exit(74), "\(finished)")
    #expect(finished.errorOutput.contains("EFBIG"), "\(finished.errorOutput)")
    #expect(finished.output.contains("trials counted"), "\(finished.output)")
    let matrix = try workplace.json(workplace.latest("matrix.json", of: "endless"))
    #expect(matrix["isPartial"] as? Bool == true)
  }

  @Test(arguments: [
    ("prctl:EPERM", "prctl: Operation not permitted (EPERM): if the run were killed"),
    ("poll:EPERM", "poll: Operation not permitted (EPERM)"),
  ])
  func `70: workers that could not be ended or could not wait are not started`(
    rule: String, why: String
  ) throws {
    let workplace = try Workplace()
    let finished = try workplace.run(environment: ["BINDSTORM_FAIL": rule])
    #expect(finished.ending == .exit(70), "\(finished)")
    #expect(finished.errorOutput.contains(why), "\(finished)")
    #expect(workplace.scratch.names() == ["plan.json"], "something was written")
  }

  @Test func `a hangup that was ignored before stays ignored`() throws {
    let workplace = try Workplace(
      plan(["inherited-listener"], trials: 3, settings: #""window": { "milliseconds": 300 }"#))
    let line = workplace.runLine(["-q"]).map { "'\($0)'" }.joined(separator: " ")
    let program = try Program(
      ["sh", "-c", "trap '' HUP; exec \(line)"], folder: workplace.scratch.path)
    try waitUntil("API servers") {
      Kernel.descendants(of: program.pid).contains { $0.name.hasPrefix("bs-api") }
    }
    program.signal(SIGHUP)
    #expect(try program.wait().ending == .exit(0))
  }

  /// The worker host would have a minute for its answer.
  @Test func `a worker host that is stopped does not keep a run from its end`() throws {
    let workplace = try Workplace(endlessPlan(settings: #""window": { "milliseconds": 200 }"#))
    let program = try workplace.start(["-q"])
    var host: ProcessRecord?
    try waitUntil("API servers") {
      let processes = Kernel.descendants(of: program.pid)
      host = processes.first { $0.name == "bs-host" }
      return processes.contains { $0.name.hasPrefix("bs-api") }
    }
    let processes = Kernel.descendants(of: program.pid)
    kill(try #require(host).pid, SIGSTOP)
    program.signal(SIGTERM)
    let clock = ContinuousClock()
    let start = clock.now
    let finished = try program.wait()
    #expect(clock.now - start < .seconds(20), "\(clock.now - start)")
    #expect(finished.ending == .exit(143), "\(finished)")
    #expect(finished.errorOutput.contains("is stopped (SIGSTOP)"), "\(finished)")
    #expect(finished.output.contains("PARTIAL"), "\(finished)")
    try waitUntil("end of all workers") { processes.allSatisfy { !Kernel.isRunning($0.pid) } }
  }

  /// Results are written first, and a summary that cannot be written is said.
  @Test func `a job summary that cannot be written neither blocks nor goes unsaid`() throws {
    let workplace = try Workplace(plan(["inherited-listener"], trials: 2))
    let pipe = workplace.scratch.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, "/dev/full"] {
      let finished = try workplace.run(environment: ["GITHUB_STEP_SUMMARY": path])
      #expect(finished.ending == .exit(0), "\(finished)")
      #expect(
        finished.errorOutput.contains("note: cannot write GITHUB_STEP_SUMMARY"), "\(finished)")
      #expect(try workplace.outcomes() == ["ready": 2])
    }
  }

  @Test func `a thief or an auditor that is killed makes its trial a harness error`() throws {
    for name in ["bs-thief-0", "bs-auditor"] {
      let workplace = try Workplace(
        plan(
          ["inherited-listener"], trials: 2, settings: #""window": { "milliseconds": 400 }"#,
          scenario: #""thieves": [{"kind": "bind-hold", "options": {"ports": 3}}]"#))
      let program = try workplace.start(["-q"])
      var victim: ProcessRecord?
      try waitUntil("the window") {
        let processes = Kernel.descendants(of: program.pid)
        victim = processes.first { $0.name.hasPrefix(name) }
        return processes.contains { $0.name.hasPrefix("bs-api") } && victim != nil
      }
      kill(try #require(victim).pid, SIGKILL)
      let finished = try program.wait()
      #expect(finished.ending == .exit(2), "\(finished)")
      #expect(try workplace.outcomes() == ["harness-error": 1, "ready": 1], "\(name)")
      #expect(finished.output.contains("died in the trial"), "\(finished.output)")
    }
  }

  /// The launch has succeeded by then, so nobody but the one who sends the signal is the cause. A stopped launcher of
  /// another node is killed after its grace period, and leaves its engine cores.
  @Test(arguments: [
    ("bs-headless", SIGKILL), ("bs-engine", SIGKILL), ("bs-coordinator", SIGKILL),
    ("bs-headless", SIGSTOP),
  ])
  func `a process of the start-up that is hit before the launch is closed is no leak`(
    name: String, signal: Int32
  ) throws {
    let workplace = try Workplace(
      plan(
        ["wildcard-report-back"], trials: 1,
        scenario: #""sockets": "zmq", "depth": "startup", "startup": { "engines": 2, "nodes": 2 }"#)
    )
    let program = try workplace.start(
      ["-q"], environment: ["BINDSTORM_FAIL": "phase-close#1:STOP"])
    try waitUntil("the boundary") { Kernel.process(program.pid)?.state == "T" }
    let victim = Kernel.descendants(of: program.pid).first { $0.name.hasPrefix(name) }
    kill(try #require(victim).pid, signal)
    program.signal(SIGCONT)
    let finished = try program.wait()
    #expect(try workplace.outcomes() == ["harness-error": 1], "\(finished)")
    #expect(finished.output.contains("died by signal 9"), "\(finished.output)")
  }

  /// Nobody is to blame for it but the order in which a loaded host wakes processes.
  @Test func `exits that a launcher learns of before its own command are no deaths`() throws {
    let workplace = try Workplace(
      plan(
        ["hold-all-then-release"], trials: 1, settings: #""window": { "milliseconds": 400 }"#))
    // The launcher looks for exits every 20 ms; the fifth time lies within the window.
    let program = try workplace.start(
      ["-q"], environment: ["BINDSTORM_FAIL": "launcher-reap#5:STOP"])
    var launcher: ProcessRecord?
    try waitUntil("a stopped launcher") {
      launcher = Kernel.descendants(of: program.pid).first { $0.name == "bs-launcher-0" }
      return launcher?.state == "T"
    }
    let pid = try #require(launcher).pid
    #expect(Kernel.descendants(of: pid).count == 4)
    try waitUntil("API servers that have ended") { Kernel.descendants(of: pid).isEmpty }
    kill(pid, SIGCONT)
    let finished = try program.wait()
    #expect(try workplace.outcomes() == ["ready": 1], "\(finished)")
  }

  /// The launcher waits for the reports and takes no exits meanwhile.
  @Test(.enabled(if: Kernel.isRoot, "needs root to see what a process waits for"))
  func `an API server that is killed while its launcher waits for it is no timeout`() throws {
    let workplace = try Workplace(
      plan(
        ["publish-through-store"], trials: 1,
        settings: #""timeout_ms": 3000, "window": { "milliseconds": 1000 }"#))
    let program = try workplace.start(["-q"])
    var victim: ProcessRecord?
    try waitUntil("API server") {
      victim = Kernel.descendants(of: program.pid).first { $0.name == "bs-api-0-2" }
      return victim != nil
    }
    // It leaves the window stopped, and dies when the launcher has begun to wait for its report.
    kill(try #require(victim).pid, SIGSTOP)
    let launcher = try #require(
      Kernel.descendants(of: program.pid).first { $0.name == "bs-launcher-0" })
    try waitUntil("a launcher that waits for reports") {
      let call = (try? workplace.text("/proc/\(launcher.pid)/syscall")) ?? ""
      return call.hasPrefix("\(Self.pollNumber) ")
    }
    kill(victim!.pid, SIGKILL)
    let finished = try program.wait()
    #expect(try workplace.outcomes() == ["harness-error": 1], "\(finished)")
    #expect(finished.output.contains("died by signal 9"), "\(finished)")
  }

  /// The Swift runtime looks for its arguments in /proc.
  @Test(
    .enabled(if: Kernel.isRoot, "needs root to hide /proc"),
    arguments: [
      ("run plan.json", 70, "cannot find bindstorm-worker"),
      ("check -- sh -c 'exit 7'", 70, "/proc"), ("frobnicate", 64, "Unexpected argument"),
      ("validate missing.json", 64, "cannot read the plan"),
    ] as [(String, Int32, String)])
  func `without proc nothing succeeds that did nothing`(
    arguments: String, code: Int32, why: String
  ) throws {
    let workplace = try Workplace()
    let finished = try Program.run(
      [
        "unshare", "-mpf", "sh", "-c",
        "mount -t tmpfs none /proc && exec '\(Built.bindstorm)' \(arguments)",
      ], folder: workplace.scratch.path)
    #expect(finished.ending == .exit(code), "\(finished)")
    #expect(finished.errorOutput.contains(why), "\(finished)")
  }

  @Test func `doctor compares a plan with the limits`() throws {
    let workplace = try Workplace(
      plan(scenario: #""thieves": [{"kind": "bind-hold", "options": {"ports": 999}}]"#))
    let finished = try workplace.bindstorm(["doctor", "plan.json"])
    #expect(finished.ending == .exit(0), "\(finished)")
    let part = try #require(finished.output.components(separatedBy: "plan small\n").last)
    for name in ["processes and threads", "open files of a process", "shared memory", "memory"] {
      #expect(part.contains("  \(name) "), "\(part)")
    }
    #expect(part.contains("1005 needed"), "\(part)")
    #expect(part.contains("fewer than launches and thieves hold at once in arms 0, 1"), "\(part)")
    #expect(part.hasSuffix("  -> the limits allow it\n"), "\(part)")
  }

  @Test func `no predicted rate is less than nothing`() throws {
    for name in ["myths", "strategies"] {
      for more in [[], ["--json"]] {
        let plan = "\(Built.repository)/Scenarios/\(name).json"
        let told = try Program.run([Built.bindstorm, "plan", plan] + more)
        #expect(told.ending == .exit(0))
        #expect(
          !told.output.contains("-0.0 %") && !told.output.contains(": -0,"), "\(name) \(more)")
      }
    }
  }
}
