import TestSupport
import Testing

@testable import PageKit

/// What becomes markup, and what stays text.
@Suite struct MarkupTests {
  private static let templates = PageTemplates([
    (
      name: "outer",
      text: Array(
        "<p title=\"{{name}}\">{{name}}{{{name}}}</p>{{#list}}<i>{{name}}</i>{{/list}}{{bar}}".utf8)
    )
  ])

  @Test func `text is escaped wherever a template shows it, markup is not`() {
    let text = Self.templates.render(
      "outer",
      [
        "name": .text("<b a=\"1\">&"),
        "list": .list([["name": .text("'<")], ["name": .text("x")]]),
        "bar": .markup(Markup(literal: "<hr>")),
      ]
    ).text
    let safe = "&lt;b a=&quot;1&quot;&gt;&amp;"
    #expect(text == "<p title=\"\(safe)\">\(safe)\(safe)</p><i>'&lt;</i><i>x</i><hr>")
  }

  /// To Swift a quote with a combining mark is one character and no quote; to a browser it ends an attribute.
  @Test func `a combining mark does not hide what must be escaped`() {
    let text = Self.templates.render("outer", ["name": .text("\"\u{301} onclick=x <\u{301}i>")])
    #expect(!text.text.unicodeScalars.dropFirst(10).prefix { $0 != ">" }.contains("<"))
    #expect(text.text.unicodeScalars.count { $0 == "\"" } == 2)
    #expect(text.text.unicodeScalars.count { $0 == "<" } == 2)
  }

  @Test func `a lambda, a partial or a tag in a text is only text`() {
    let text = Self.templates.render("outer", ["name": .text("{{>inner}}{{{bar}}}")]).text
    #expect(text.contains("{{&gt;inner}}{{{bar}}}"))
  }

  @Test func `a page allows its own style and script and nothing else`() {
    let page = Page(
      title: "</title><script>x</script>", kind: "run", head: Markup("<script>1</script>"),
      sections: [Page.Section(id: "a", title: "<A>", body: Markup(literal: "<h2>A</h2>"))],
      version: "1")
    let html = page.html
    #expect(html.matches(of: /<script/).count == 1 && html.matches(of: /<style/).count == 1)
    #expect(html.contains("default-src 'none'; style-src 'sha256-"))
    #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("unsafe"))
    #expect(html.contains("&lt;A&gt;") && html.hasSuffix("</html>\n"))
    #expect(page.html == html)
  }

  @Test func `hostile words make no element, no attribute and no script`() {
    let own = Page(title: "", kind: "", head: .empty, sections: [], version: "").html
    for seed: UInt64 in 1...40 {
      var words = HostileText(seed: seed)
      let html = Page(
        title: words.next(), kind: words.next(), head: Markup(words.next()), sections: [],
        version: words.next()
      ).html
      for scalar in "<>\"".unicodeScalars {
        #expect(
          html.unicodeScalars.count { $0 == scalar } == own.unicodeScalars.count { $0 == scalar },
          "seed \(seed)")
      }
    }
  }
}
