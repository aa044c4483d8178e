import Foundation
import Glibc
import TestSupport
import Testing

/// Survived, fails or not decided: what `--enumerate` and `--steal` say, with their exit codes.
@Suite struct VerdictTests {
  /// `probe()` gives a number that was let go, `bind(n)` a bound socket.
  private static let head = """
    import os, signal, socket, sys, time
    def bind(p):
      s = socket.socket(); s.bind(("127.0.0.1", p)); s.listen(); return s
    def probe():
      s = bind(0); p = s.getsockname()[1]; s.close(); return p

    """

  private func python(_ program: String, _ words: String...) throws -> [String] {
    [try skipIfMissing { try Victim.python() }, "-c", Self.head + program] + words
  }

  private static let twoWindows = """
    def tolerant():
      for _ in range(5):
        try: return bind(probe())
        except OSError: pass
    a = tolerant()
    b = bind(probe())
    """

  @Test func `a race that needs no thief fails the series`() throws {
    let victim = [try skipIfMissing { try Victim.python() }, Victim.script("shapes.py")]
    let (ended, series) = try enumerate(victim + ["twins", "SO_REUSEADDR"], ["--force-duplicate"])
    #expect(ended.status == 66 && series.verdict == "fails" && series.windows.isEmpty, "\(ended)")
    #expect(series.withoutThief.map(\.verdict) == ["LIVE-TWIN"])
    #expect(ended.errorOutput.contains("1 race without a thief"), "\(ended)")
    #expect(try #require(series.withoutThief[0].force).contains("--force-duplicate"))
  }

  @Test(arguments: [false, true])
  func `of two windows the second is tried too, with and without lines`(_ pySpy: Bool) throws {
    // py-spy reads the lines of a file.
    let scratch = try ScratchFolder()
    let script = try scratch.write(Self.head + Self.twoWindows + "\n", to: "two.py")
    let interpreter =
      pySpy
      ? try skipIfMissing { try Victim.pythonWithPackages() }
      : try skipIfMissing { try Victim.python() }
    let (ended, series) = try enumerate([interpreter, script], pySpy: pySpy)
    #expect(ended.status == 66, "\(ended)")
    #expect(series.verdicts == ["survived", "fails"] && series.runs == 3, "\(series)")
    // Both lines use one helper: one place, two windows.
    #expect(series.windows.map(\.occurrence) == [1, 2])
    #expect(series.windows[1].lastWords.contains("Address already in use"))
    // Each line does what it says when it is given to a shell.
    let path = Place.environment.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    for (window, status) in zip(series.windows, [0, 66]) {
      let forced = try paste(try #require(window.force), environment: pySpy ? ["PATH": path] : [:])
      #expect(forced.status == status, "\(forced)")
      #expect(forced.errorOutput.contains(status == 0 ? "check: survived" : "check: fails: died"))
    }
  }

  @Test func `two windows of a Perl script, whose lines the stack does not tell`() throws {
    guard let perl = Place.executable("perl") else { try skip("no perl") }
    let program = """
      use IO::Socket::INET;
      sub l { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $_[0], Listen => 1) }
      sub p { my $s = l(0); my $p = $s->sockport; close $s; $p }
      my $a; for (1 .. 5) { last if $a = l(p()) }
      my $b = l(p()) or die "b: $!";
      """
    let (ended, series) = try enumerate([perl, "-e", program])
    #expect(ended.status == 66 && series.verdicts == ["survived", "fails"], "\(ended)")
  }

  @Test func `one line that starts two servers, of which the second must be there`() throws {
    let (ended, series) = try enumerate(
      try python(
        """
        for needed in (False, True):
          p = probe()
          try: bind(p)
          except OSError:
            if needed: sys.exit("api")
        """))
    #expect(ended.status == 66 && series.verdicts == ["survived", "fails"], "\(ended)")
    #expect(series.windows.last?.lastWords == "api")
  }

  @Test func `a series in which every window was survived is green`() throws {
    let (ended, series) = try enumerate(
      try python(
        """
        for _ in range(3):
          for _ in range(3):
            try: bind(probe()); break
            except OSError: pass
        """))
    #expect(ended.status == 0 && series.verdict == "survived", "\(ended)")
    #expect(series.verdicts == ["survived", "survived", "survived"] && series.runs == 4)
    #expect(ended.errorOutput.contains("green survived (occurrences 1 to 3 of 3)"), "\(ended)")
    #expect(ended.errorOutput.contains("3 windows at 1 place: 3 runs of about "), "\(ended)")
  }

  @Test func `fifty uses of one fixture are one place with fifty windows`() throws {
    let (ended, series) = try enumerate(
      try python("for _ in range(50): bind(probe())"), ["--stacks", "0", "--enumerate-max", "2"])
    #expect(ended.status == 66 && series.windows.count == 50 && series.runs == 3)
    #expect(Set(series.windows.map(\.place)).count == 1)
    #expect(
      ended.errorOutput.contains("RED   fails: died: exited with 1 (occurrences 1 to 2 of 50)"))
    #expect(ended.errorOutput.contains("48 windows not tried (--enumerate-max)"), "\(ended)")
  }

  /// What a command does, and why nothing is decided then.
  struct Blind: Sendable, CustomTestStringConvertible {
    var what: String
    var program: String
    var says: String
    var options: [String] = []
    var testDescription: String { what }
  }

  private static let seenBefore =
    "seen = os.path.exists(sys.argv[1]); open(sys.argv[1], 'w').close()\n"

  @Test(arguments: [
    Blind(
      what: "it fails by itself", program: "bind(probe()); sys.exit('no licence')",
      says: "without a theft the command exited with 1"),
    Blind(
      what: "it fails in a run in which nothing was stolen",
      program: seenBefore + "if seen: sys.exit('stale')\nbind(probe())",
      says: "without a theft the command exited with 1"),
    Blind(
      what: "the window comes once", program: seenBefore + "seen or bind(probe())",
      says: "not reached again"),
    Blind(
      what: "it is slow, and nothing was stolen",
      program: seenBefore + "while seen: signal.pause()\nbind(probe())",
      says: "the run was over its time before anything was stolen",
      options: ["--hang-after", "700ms"]),
    Blind(
      what: "no port was chosen", program: "pass", says: "no port was chosen by the kernel"),
    Blind(
      what: "the limit is met",
      program: "for _ in range(9):\n  try: bind(probe())\n  except OSError: pass",
      says: "--enumerate-max 2 was met", options: ["--enumerate-max", "2"]),
  ])
  func `a series that shows nothing is not green`(_ blind: Blind) throws {
    let scratch = try ScratchFolder()
    let (ended, series) = try enumerate(
      try python(blind.program, scratch.path + "/seen"), blind.options)
    #expect(ended.status == 2, "\(ended)")
    #expect(series.verdict == "not decided", "\(series)")
    let told = series.windows.filter { $0.verdict == "not decided" }
    #expect(
      told.contains { $0.outcome.contains(blind.says) }
        || series.obstacle?.contains(blind.says) == true, "\(series)")
    #expect(told.allSatisfy { $0.advice != nil })
    #expect(ended.errorOutput.contains("what to do: "), "\(ended)")
  }

  @Test func `a place that has another name in every run ends the series soon`() throws {
    let python = try skipIfMissing { try Victim.python() }
    let program =
      Self.head + """
        import subprocess, uuid
        name = "".join(chr(97 + int(c, 16)) for c in uuid.uuid4().hex)
        child = "import socket, sys; socket.socket().bind(('127.0.0.1', int(sys.argv[2])))"
        sys.exit(subprocess.call([sys.executable, "-c", child, name, str(probe())]))
        """
    // With the child's only plain word its place changes, whatever else names a place.
    let (ended, series) = try enumerate([python, "-c", program], ["--stacks", "0"])
    #expect(ended.status == (series.verdict == "fails" ? 66 : 2), "\(ended)")
    #expect(series.runs <= 4, "\(series)")
  }

  @Test func `a single run says survived, fails, or what was not tried`() throws {
    let command = try python(Self.twoWindows)
    func steal(_ options: String...) throws -> Finished {
      try check(["--steal", "lazy"] + options, command).ended
    }
    let first = try steal("--occurrence", "1")
    #expect(first.status == 0 && first.errorOutput.contains("check: survived\n"), "\(first)")
    let second = try steal("--occurrence", "2")
    #expect(second.status == 66 && second.errorOutput.contains("check: fails: died"), "\(second)")
    let any = try steal()
    #expect(
      any.status == 2 && any.errorOutput.contains("not decided: the command survived 1 theft"))
    let ninth = try steal("--occurrence", "9")
    #expect(ninth.status == 2, "\(ninth)")
    #expect(ninth.errorOutput.contains("--occurrence 9 matched no window; seen: RACE"), "\(ninth)")
    #expect(try steal("--occurrence", "9", "--exit-code", "0").status == 0)
    let failing = try check(["--steal", "lazy", "--only", "x"], try python("bind(0); sys.exit(3)"))
    #expect(failing.ended.status == 2)
    #expect(failing.ended.errorOutput.contains("without a theft the command exited with 3"))
    let none = try check(["--steal", "lazy"], try python("pass"))
    #expect(none.ended.status == 2 && none.ended.errorOutput.contains("no port was chosen"))
    let clean = try check(["--steal", "lazy"], try python("bind(0)"))
    #expect(clean.ended.status == 0, "there was nothing to steal")
    #expect(clean.ended.errorOutput.contains("nothing was stolen: no port was let go"))
  }

  @Test func `the options that the place depends on are part of the command to paste`() throws {
    let command = try python("bind(probe())", "it's", "$HOME", "a\nb")
    let options = [
      "--mode", "fallback", "--stacks", "3", "--no-py-spy", "--groups", "--allow-io-uring",
      "--inject", "connect:errno=ECONNREFUSED,process=a b", "--linger", "2s",
    ]
    let found = try check(options, command, stacks: 3)
    let force = try #require(found.report.places.first?.force)
    for option in options where option.hasPrefix("--") { #expect(force.contains(option)) }
    let forced = try paste(force)
    #expect(forced.status == 66, "\(forced)")
    #expect(forced.errorOutput.contains("fails: died: exited with 1"), "\(forced)")
  }
}
