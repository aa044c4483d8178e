import Testing

@testable import PageKit

@Suite struct TemplateTests {
  private func rendered(_ template: String, _ view: PageView) -> String {
    PageTemplates([(name: "t", text: Array(template.utf8))]).render("t", view).text
  }

  @Test func `text is escaped, by scalars, and markup is not`() {
    #expect(rendered("{{x}}", ["x": .text("<a \"'&>")]) == "&lt;a &quot;'&amp;&gt;")
    // A combining mark makes one character of itself and the quote before it.
    #expect(!rendered("<a b=\"{{x}}\">", ["x": .text("\"\u{301}")]).contains("\"\""))
    let quotes = rendered("{{x}}", ["x": .text("\"\u{301}<\u{301}")]).unicodeScalars
    #expect(!quotes.contains("\"") && !quotes.contains("<"))
    #expect(rendered("{{x}}", ["x": .markup(Markup(literal: "<b>"))]) == "<b>")
    // Within a section, too.
    #expect(rendered("{{#a}}{{x}}{{/a}}", ["a": .flag(true), "x": .text("<")]) == "&lt;")
  }

  @Test func `text that looks like a template is text`() {
    #expect(rendered("{{x}}", ["x": .text("{{y}}"), "y": .text("no")]) == "{{y}}")
  }

  @Test func `flags, lists and views are sections`() {
    let template = "{{#x}}+{{y}}{{/x}}{{^x}}-{{/x}}"
    #expect(rendered(template, ["x": .flag(true), "y": .text("1")]) == "+1")
    #expect(rendered(template, ["x": .flag(false), "y": .text("1")]) == "-")
    #expect(rendered(template, ["y": .text("1")]) == "-")
    #expect(rendered(template, ["x": .optional(nil), "y": .text("1")]) == "-")
    #expect(rendered(template, ["x": .list([["y": .text("1")], ["y": .text("2")]])]) == "+1+2")
    #expect(rendered(template, ["x": .view([:]), "y": .text("1")]) == "+1")
    #expect(rendered(template, ["x": .list([])]) == "-")
  }

  @Test func `a line that has only a section's mark is none of the result`() {
    #expect(rendered("{{#x}}\na\n{{/x}}\nb\n", ["x": .flag(true)]) == "a\nb\n")
    #expect(rendered("{{#x}}\na\n{{/x}}\nb\n", ["x": .flag(false)]) == "b\n")
  }
}
