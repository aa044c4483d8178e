import RaceLedger
import ReportKit
import TerminalText
import TestSupport
import Testing

@testable import RaceReporting

/// What all reports share.
@Suite struct WordsTests {
  static func facts(
    _ command: [String] = ["prog"], change: (inout RunFacts) -> Void = { _ in }
  ) -> RunFacts {
    var facts = RunFacts(
      command: command, ending: "exited with 0", isSuccess: true, startedAt: 50, seconds: 1.5,
      mode: "full", steal: "off", version: "1.2.3")
    facts.calls = 7
    facts.probes = 3
    change(&facts)
    return facts
  }

  /// As POSIX 2.2: what a shell would take for more than a letter stands between apostrophes.
  @Test(arguments: [
    ("plain", "plain"), ("a-z_./=:,+@%0", "a-z_./=:,+@%0"), ("", "''"), ("a b", "'a b'"),
    ("it's", #"'it'\''s'"#), ("'", #"''\'''"#), ("*.py", "'*.py'"), ("~x", "'~x'"),
    ("$HOME", "'$HOME'"), ("a;b", "'a;b'"), ("[x]", "'[x]'"), ("é", "'é'"), ("a\nb", "'a\nb'"),
    ("`x`", "'`x`'"), ("{a}", "'{a}'"), ("^", "'^'"),
  ])
  func `a word is quoted as a shell reads it back`(_ word: String, _ quoted: String) {
    #expect(shellQuoted(word) == quoted)
  }

  @Test(
    arguments: [
      (0, "0 ns"), (999, "999 ns"), (1_000, "1.0 us"), (1_250, "1.3 us"), (99_900, "99.9 us"),
      (100_000, "100 us"), (999_000, "999 us"), (1_000_000, "1.0 ms"), (1_500_000_000, "1.5 s"),
    ] as [(UInt64, String)])
  func `a duration has the unit that reads best`(_ nanoseconds: UInt64, _ text: String) {
    #expect(duration(nanoseconds) == text)
  }

  @Test func `a command to paste forces that re-bind of that window, with all options`() {
    let first = PlaceReport(.sample())
    let place = first.first.place
    var facts = Self.facts(["prog", "it's"])
    #expect(
      facts.forcing(first)
        == #"bindstorm check --steal lazy --only \#(place) --occurrence 1 -- prog 'it'\''s'"#)
    let second = PlaceReport(.sample(rebind: 2), occurrence: 3)
    facts.options = ["--stacks", "0", "--inject", "bind:errno=EACCES,process=a b"]
    #expect(
      facts.forcing(second)
        == "bindstorm check --steal lazy --only \(second.first.place) --steal-rebind 2 "
        + "--occurrence 3 --stacks 0 --inject 'bind:errno=EACCES,process=a b' -- prog "
        + #"'it'\''s'"#)
  }

  private func words(_ finding: Finding) -> PlaceWords {
    PlaceWords(place: PlaceReport(finding), facts: Self.facts())
  }

  @Test func `times count from the start of the run`() {
    #expect(words(.sample()).time(1_050) == "at +1.0 us")
    #expect(words(.sample()).time(49) == "at +0 ns", "never before it")
  }

  @Test func `who did it is told with what is known`() {
    let party = Party.sample(["prog", "x"], pid: 7, thread: "worker") { $0.tid = 8 }
    #expect(
      words(.sample()).who(party) == "prog x (pid 7, tid 8, thread \"worker\", descriptor 3)")
    let other = Party.sample(pid: 7) {
      $0.descriptor = -1
      $0.group = "blue"
    }
    #expect(words(.sample()).who(other) == "prog (pid 7, tid 7, thread \"prog\", group blue)")
  }

  @Test func `a release is told with its time, if it was seen`() {
    #expect(words(.sample()).release == "not released")
    #expect(words(.sample(window: 600)).release == "closed at +350 ns")
    let unseen = Finding.sample { $0.probe.release = .unseen }
    #expect(words(unseen).release == "free before the kernel's event arrived")
  }

  @Test func `a result is told by its name`() {
    #expect(words(.sample()).result == "succeeded")
    #expect(words(.sample { $0.result = 98 }).result == "failed: EADDRINUSE")
    #expect(words(.sample { $0.result = 13 }).result == "failed: EACCES")
    #expect(words(.sample { $0.result = nil }).result == "left to the kernel")
    let stolen = Finding.sample {
      $0.result = nil
      $0.wasStolen = true
    }
    #expect(words(stolen).result == "left to the kernel, with the port taken")
  }

  @Test func `a window is told as one time or as a span, where there was one`() {
    #expect(words(.sample(window: 600)).window == "600 ns")
    #expect(words(.sample()).window == "")
    for kind in [RaceKind.collision, .crossWired] {
      #expect(words(.sample(kind, window: 600)).window == "", "\(kind)")
    }
    func several(_ windows: [UInt64]) -> String {
      let place = Book(windows.map { .sample(window: $0) }).places[0]
      return PlaceWords(place: place, facts: Self.facts()).window
    }
    #expect(several([600, 200, 400]) == "200 ns to 600 ns")
    #expect(several([600, 600]) == "600 ns")
  }

  @Test func `a holder is of this tree, foreign, or a thief of ours`() {
    func owner(_ owner: Owner?) -> String? { words(.sample { $0.owner = owner }).owner }
    #expect(owner(nil) == nil)
    #expect(
      owner(Owner(isInTree: true, pid: 5, command: "srv")) == "srv (pid 5, in this tree)")
    #expect(owner(Owner(isInTree: false, pid: 5, command: "srv")) == "srv (pid 5, foreign)")
    #expect(
      owner(Owner(isInTree: false, isThief: true, pid: 5, command: "t"))
        == "a thief of bindstorm")
  }

  @Test func `what cannot stand in XML is replaced, what means something is escaped`() {
    #expect(XMLText.escaped("a<b>&\"c\"") == "a&lt;b&gt;&amp;&quot;c&quot;")
    #expect(XMLText.escaped("a\n\tb") == "a\n\tb")
    #expect(
      XMLText.escaped("\u{0}\u{1B}\u{FFFE}\u{FFFF}\u{FFFD}")
        == String(repeating: "\u{FFFD}", count: 5))
    // By scalars: a combining mark takes nothing away.
    #expect(XMLText.escaped("<\u{301}") == "&lt;\u{301}")
  }
}
