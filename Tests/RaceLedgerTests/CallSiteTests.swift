import TestSupport
import Testing

@testable import RaceLedger

/// The fine half of a place.
@Suite struct CallSiteTests {
  private func python(
    _ frames: [Frame] = [], gap: String = "", native: [String] = []
  ) -> Party {
    .sample(["python3", "serve.py"]) {
      $0.sourceStack = frames
      $0.stackGap = gap
      $0.stack = native.map { Frame(function: $0, file: "/usr/bin/python3") }
    }
  }

  private func place(_ probe: Party, _ rebinder: Party) -> String {
    Finding.sample(probe: probe, rebinder: rebinder).place
  }

  private func line(_ number: Int, _ file: String = "/x/serve.py", _ function: String = "pick")
    -> Frame
  {
    Frame(function: function, file: file, line: number)
  }

  private let library = Frame(
    function: "create_server", file: "/usr/lib/python3.11/socket.py", line: 930)

  @Test func `a fine place lies in the coarse one, and either names it`() {
    let fine = place(python([line(3)]), python([line(4)]))
    let other = place(python([line(3)]), python([line(5)]))
    let coarse = place(python(gap: "--stacks 0"), python(gap: "--stacks 0"))
    #expect(fine != other)
    #expect(fine.hasPrefix(coarse + "/") && other.hasPrefix(coarse + "/"))
    #expect(!coarse.contains("/"))
    #expect(PlaceName.isMeant(fine, by: coarse) && PlaceName.isMeant(fine, by: fine))
    #expect(PlaceName.isMeant(fine, by: String(fine.suffix(8))))
    #expect(!PlaceName.isMeant(fine, by: other) && !PlaceName.isMeant(coarse, by: fine))
  }

  @Test func `a stack that was not taken leaves the coarse place, and says why`() {
    let finding = Finding.sample(
      probe: python([line(3)]), rebinder: python(gap: "--stacks 1 was met"))
    #expect(finding.place == finding.coarsePlace)
    #expect(finding.callSiteGap == "--stacks 1 was met")
    #expect(
      Finding.sample(probe: python([line(3)]), rebinder: python([line(4)])).callSiteGap.isEmpty)
  }

  @Test
  func `folders, versions of libraries, classes and native frames are no part of a call site`() {
    let one = python([library, line(3)], native: ["bind", "_PyEval_EvalFrameDefault"])
    var newer = library
    newer.line = 941
    let two = python([newer, line(3, "serve.py", "Server.pick")])
    #expect(one.callSite == two.callSite && one.callSite == .known("serve.py:pick:3"))
    #expect(python([line(3, "/tmp/tmpab12cd34.py")]).callSite == .known("?:pick:3"))
    #expect(python([library]).callSite == .known("socket.py:create_server"))
  }

  @Test func `interpreters whose lines are not known have one call site`() {
    func perl(_ functions: [String], gap: String) -> Party {
      .sample(["perl", "x.pl"]) {
        $0.stack = functions.map { Frame(function: $0, file: "/usr/bin/perl") }
        $0.stackGap = gap
      }
    }
    let one = place(perl(["bind", "Perl_pp_bind"], gap: ""), perl(["bind"], gap: ""))
    #expect(one == place(perl([], gap: "--stacks 0"), perl([], gap: "libunwind is missing")))
    #expect(!one.contains("/"))
  }

  @Test func `a compiled program's call site is its own innermost function`() {
    func program(_ frames: [(String, String)]) -> Party {
      .sample { $0.stack = frames.map { Frame(function: $0.0, file: $0.1) } }
    }
    let c = program([("bind", "/lib/libc.so.6"), ("pick", "/x/prog"), ("main", "/x/prog")])
    #expect(c.callSite == .known("pick"))
    #expect(
      program([("syscall.bind", "/x/p"), ("net.listenTCP", "/x/p"), ("main.pick", "/x/p")]).callSite
        == .known("main.pick"))
    #expect(
      program([("<std::net::T as X>::bind", "/x/p"), ("std::net::bind", "/x/p"), ("a::b", "/x/p")])
        .callSite == .known("a::b"))
    // The newer mangling of Rust, which has no library here.
    #expect(
      program([("_RNvNtCs1a_3std3net4bind", "/x/p"), ("_RNvCs2b_4prog4pick", "/x/p")]).callSite
        == .known("_RNvCs2b_4prog4pick"))
    #expect(
      program([("closure #1 () -> () in a.pick()", "/x/p"), ("a.pick() -> ()", "/x/p")]).callSite
        == .known("a.pick() -> ()"))
    let stripped = program([("bind", "/lib/libc.so.6"), ("", "/x/prog")])
    #expect(stripped.callSite == .indistinct("no function of prog is known"))
  }

  @Test func `a symbol counts as the object file has it, without Rust's digest`() {
    let frame = Frame(
      function: "a::b", file: "", symbol: "_ZN1a1b17h0123456789abcdefE")
    #expect(frame.stableSymbol == "_ZN1a1b")
    #expect(Frame(function: "f()", file: "", symbol: "_Z1fv").stableSymbol == "_Z1fv")
  }

  @Test func `suppressions by the coarse place cover what has no call site`() throws {
    let fine = Finding.sample(probe: python([line(3)]), rebinder: python([line(4)]))
    let coarse = Finding.sample(probe: python([line(3)]), rebinder: python(gap: "x"))
    var rules = try Suppressions(parsing: "RACE:\(coarse.place)")
    #expect(rules.take(fine) && rules.take(coarse))
    var narrow = try Suppressions(parsing: "RACE:\(fine.place)")
    #expect(narrow.take(fine) && !narrow.take(coarse))
  }
}

@Suite struct RemedyTests {
  @Test func `every race has a remedy, and no note has one`() {
    for kind in RaceKind.allCases { #expect((Remedy.of(kind) != nil) == kind.isRace, "\(kind)") }
  }
}
