import Foundation
import TestSupport
import Testing

/// `bindstorm report`, and the page that each run writes.
@Suite struct ReportCommandTests {
  @Test func `the page of a stored run is the one that the run wrote`() throws {
    let workplace = try Workplace()
    #expect(try workplace.run(["--quiet"]).ending == .exit(0))
    let own = try workplace.text(workplace.latest("report.html"))
    #expect(own.contains("<!doctype html>") && own.hasSuffix("</html>\n"))
    let made = try workplace.bindstorm(["report", workplace.latest(), "-o", "-"])
    #expect(made.ending == .exit(0), "\(made.errorOutput)")
    #expect(made.output == own)
    let file = workplace.scratch.path + "/page.html"
    let quiet = try workplace.bindstorm(["report", workplace.latest(), "-o", file])
    #expect(quiet.output.isEmpty && quiet.ending == .exit(0))
    #expect(try workplace.text(file) == own)
  }

  @Test func `picture and comment tell the verdict`() throws {
    let workplace = try Workplace()
    #expect(try workplace.run(["--quiet"]).ending == .exit(0))
    let svg = try workplace.bindstorm(["report", workplace.latest(), "--svg", "-"]).output
    #expect(svg.hasPrefix("<?xml") && svg.hasSuffix("</svg>\n"))
    let markdown = try workplace.bindstorm(["report", workplace.latest(), "--markdown"]).output
    #expect(markdown.hasPrefix("### ") && markdown.contains("| scenario | strategy |"))
    let png = workplace.scratch.path + "/matrix.png"
    let drawn = try workplace.bindstorm(["report", workplace.latest(), "--png", png])
    if drawn.ending == .exit(69) {
      #expect(drawn.errorOutput.contains("librsvg2-bin"))
      try skip("rsvg-convert is not here")
    }
    #expect(drawn.ending == .exit(0), "\(drawn.errorOutput)")
    let bytes = try #require(FileManager.default.contents(atPath: png))
    #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test func `a comparison has a page, too`() throws {
    let workplace = try Workplace()
    #expect(try workplace.run(["--quiet"]).ending == .exit(0))
    let page = workplace.scratch.path + "/compare.html"
    let (one, two) = (workplace.latest(), workplace.latest())
    let made = try workplace.bindstorm(["compare", one, two, "--html", page])
    #expect(made.ending == .exit(0) && !made.output.isEmpty, "\(made.errorOutput)")
    #expect(try workplace.text(page).contains("<h2 id=\"comparison-title\">Comparison</h2>"))
  }

  @Test func `what cannot be made or written is said at once`() throws {
    let workplace = try Workplace()
    #expect(try workplace.run(["--quiet"]).ending == .exit(0))
    let none = try workplace.bindstorm(["report", workplace.latest()])
    #expect(none.ending == .exit(64) && none.errorOutput.contains("nothing to make"))
    let two = try workplace.bindstorm(["report", workplace.latest(), "-o", "-", "--markdown"])
    #expect(two.ending == .exit(64) && two.errorOutput.contains("only one report"))
    let nowhere = try workplace.bindstorm([
      "report", workplace.latest(), "-o", "/nonexistent/folder/page.html",
    ])
    #expect(nowhere.ending == .exit(73))
  }
}
