import Foundation
import History
import PageKit
import PlanModel
import TestSupport
import Testing

@testable import Judging
@testable import Pages

/// The page of a run as text. What a browser makes of it is in Tests/Pages.
@Suite struct RunPageTests {
  static let html = RunPage(SamplePages.content()).html

  private func count(_ text: String, in html: String = html) -> Int {
    html.components(separatedBy: text).count - 1
  }

  @Test func `the verdict and what decided it come first`() {
    let head = Self.html.components(separatedBy: "id=\"matrix\"")[0]
    #expect(
      head.contains("a demand is violated: 2 as expected, 1 NOT as expected, 1 without a demand"))
    #expect(head.contains("<a href=\"#cell-2\">thieves, mine</a>"))
    #expect(head.contains("the plan: it is fixed") && !head.contains("#cell-1\""))
  }

  @Test func `a run that meets its demands tells of its control and its nearest demand`() {
    let head = RunPage(SamplePages.content(trials: 100, lost: [90, 0, 0, 0])).html
      .components(separatedBy: "id=\"matrix\"")[0]
    #expect(head.contains("every demand is met"))
    #expect(head.contains("#cell-0") && head.contains("#cell-1") && !head.contains("#cell-3"))
  }

  @Test func `every cell is in the matrix and in the list, those that need attention first`() {
    for arm in SamplePages.arms.indices {
      #expect(count("data-cell=\"cell-\(arm)\"") == 1 && count("<details id=\"cell-\(arm)\"") == 1)
    }
    let order = Self.html.matches(of: /<details id="cell-(\d)"/).map { String($0.1) }
    #expect(order == ["2", "0", "1", "3"])
    #expect(
      count(
        "<details id=\"cell-2\" data-index=\"2\" data-plan=\"not-as-expected\" data-strategy=\"fails\" data-rate=\"0.5\" open>"
      ) == 1)
    #expect(count(" open>") == 1)
  }

  @Test func `a cell has its figures as words, and its first lost trial along time`() {
    let cell = Self.html.components(separatedBy: "<details id=\"cell-2\"")[1]
      .components(separatedBy: "<details id=\"cell-0\"")[0]
    #expect(cell.contains("aria-label=\"30 of 60 launches, interval "))
    #expect(cell.contains("launches by outcome: ready 30, lost-to-thief 30"))
    #expect(cell.contains("id=\"trial-2-0\"") && cell.contains("port 40001"))
    #expect(cell.contains("held by thief 0, pid 77 (bs-thief-0)"))
    #expect(cell.contains("bindstorm replay Results/demo/run/thieves/mine/0 --force"))
    #expect(cell.contains("skew of the releases, median"))
  }

  @Test func `strategies are compared with the first one, and what is open is apart`() {
    let section = Self.html.components(separatedBy: "<section id=\"comparison\"")[1]
    let parts = section.components(separatedBy: "<h3 id=")
    #expect(parts[1].contains("wildcard-report-back") && parts[1].contains(">better<"))
    #expect(section.contains("adjusted for 2 comparisons (Holm)"))
  }

  @Test func `comparisons that are too many are not left out without a word`() throws {
    var content = SamplePages.content()
    let (arms, verdicts) = (content.matrix.plan.arms, content.matrix.arms)
    for copy in 1...250 {
      for var arm in arms {
        arm.index = content.matrix.plan.arms.count
        arm.scenario += " \(copy)"
        content.matrix.plan.arms.append(arm)
      }
      content.matrix.arms += verdicts
    }
    let section = try #require(RunPage(content).comparison).text
    #expect(section.contains("502 comparisons, more than the 500"), "\(section)")
    #expect(section.contains("bindstorm compare Results/demo/run --html"))
    #expect(!section.contains("<table"))
  }

  @Test func `further parts are there only if they are given`() {
    #expect(!Self.html.contains("id=\"history\""))
    var content = SamplePages.content()
    content.further = [
      Page.Section(id: "history", title: "History", body: Markup("three <nights>"))
    ]
    content.notes[2] = Markup("worse than last night")
    let html = RunPage(content).html
    #expect(html.contains("<a href=\"#history\">History</a>"))
    #expect(html.contains("three &lt;nights&gt;") && html.contains("worse than last night"))
  }

  @Test func `equal runs give equal bytes, whatever the order of their trials`() {
    #expect(RunPage(SamplePages.content()).html == Self.html)
    let arm = SamplePages.arms[0]
    func trials(_ order: [Int]) -> [Int] {
      var shown = ShownTrials()
      for trial in order {
        let history = TrialHistory(arm, trial: trial) { $0.lose(0, to: nil) }
        shown.add(TrialJudge(arm: arm).judge(history.events), history.events)
      }
      var verdict = SamplePages.content().matrix.arms[0]
      verdict.outcomes = []
      return shown.trials(of: verdict).map(\.outcome.trial)
    }
    #expect(trials([3, 1, 2]) == [1] && trials([1, 2, 3]) == [1])
  }

  @Test func `nothing is loaded, and nothing but the page's own script runs`() {
    #expect(!Self.html.contains("http://") && !Self.html.contains("https://"))
    #expect(count("<script") == 1 && count("<style") == 1 && !Self.html.contains(" style=\""))
    #expect(Self.html.firstMatch(of: /\son[a-z]+=/) == nil)
    #expect(Self.html.contains("content=\"default-src 'none'; "))
  }

  @Test func `ids are unique, and every link leads to one`() {
    let ids = Self.html.matches(of: /\sid="([^"]+)"/).map { String($0.1) }
    #expect(Set(ids).count == ids.count)
    for link in Self.html.matches(of: /href="#([^"]+)"/) {
      #expect(ids.contains(String(link.1)), "\(link.1)")
    }
    for label in Self.html.matches(of: /aria-labelledby="([^"]+)"/) {
      #expect(ids.contains(String(label.1)), "\(label.1)")
    }
  }

  @Test func `a large matrix has every cell, and details of those that need attention`() {
    let arms = (0..<30).flatMap { scenario in
      (0..<20).map { Arm.sample(scenario: "s\(scenario)", label: "l\($0)") }
    }
    let plan = ResolvedPlan.sample(arms)
    let content = SamplePages.content(plan, trials: 2, lost: Array(repeating: 1, count: 600))
    let html = RunPage(content).html
    #expect(count("data-cell=", in: html) == 600 && count("<details id=\"cell-", in: html) == 600)
    #expect(count("class=\"c-large\"", in: html) == RunPage.mostDetailed)
    #expect(html.contains("Of 600 cells the 400 that need attention most"))
    #expect(html.utf8.count < 4_000_000)
  }
}

/// Whatever a plan, a program or a process is called: it is text on the page.
@Suite struct HostilePageTests {
  @Test func `hostile names make no element, no attribute and no script`() {
    let own = Self.tags(in: RunPage(Self.content { "x\($0)" }).html)
    for seed: UInt64 in 1...25 {
      var words = HostileText(seed: seed)
      let content = Self.content { number in words.next() + "\(number)" }
      let page = RunPage(content).html
      #expect(Self.tags(in: page) == own, "seed \(seed)")
      #expect(HostileText.faults(in: page.replacing("\t", with: " ")) == [], "seed \(seed)")
      let picture = MatrixPicture(content.matrix).svg
      #expect(XMLParser(data: Data(picture.utf8)).parse(), "seed \(seed)")
      #expect(HostileText.faults(in: picture.replacing("\t", with: " ")) == [], "seed \(seed)")
    }
  }

  private static func content(_ name: (Int) -> String) -> RunContent {
    var plan = ResolvedPlan.sample(
      name: name(0), title: name(1), SamplePages.arms)
    let scenarios = [name(2), name(3)]
    for index in plan.arms.indices {
      plan.arms[index].scenario = scenarios[index / 3]
      plan.arms[index].strategy.label = name(4 + index)
      plan.arms[index].why = name(8)
    }
    plan.arms[2].expectation?.why = name(9)
    var content = SamplePages.content(plan, command: name(10), folder: name(11))
    content.command = [name(12)]
    content.environment = [("kernel", name(13))]
    return content
  }

  /// Tags with the names of their attributes, as a browser that reads bytes sees them.
  private static func tags(in html: String) -> [String] {
    html.unicodeScalars.split(separator: "<").dropFirst().map { piece in
      let inside = piece.prefix { $0 != ">" }
      // Values of attributes are between quotes.
      let outside = inside.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 0 }.map { String($0.element) }
      return outside.joined(separator: "\"\"")
    }
  }
}

#if canImport(FoundationXML)
  import FoundationXML
#endif
