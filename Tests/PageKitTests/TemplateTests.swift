import Foundation
import Mustache
import PortModel
import TestSupport
import Testing

@testable import PageKit

/// The reader of templates beside swift-mustache, which is a program of its own for the same language.
@Suite struct TemplateTests {
  /// The same values for the library. Text is escaped before, so that only the language is compared.
  private struct Values: MustacheParent {
    let view: PageView

    func child(named name: String) -> Any? {
      switch view.values[name] {
      case .text(let text): Markup(text).text
      case .markup(let markup): markup.text
      case .flag(let flag): flag
      case .view(let view): Values(view: view)
      case .list(let list): list.map(Values.init)
      case nil: nil
      }
    }
  }

  private func theirs(_ template: String, _ view: PageView) throws -> String {
    let raw = template.replacing(/\{\{ ?(\w+) ?\}\}/) { "{{{\($0.1)}}}" }
      .replacing("{{{{", with: "{{{").replacing("}}}}", with: "}}}")
    return try MustacheTemplate(string: raw).render(Values(view: view))
  }

  private func ours(_ template: String, _ view: PageView) -> String {
    PageTemplates([(name: "t", text: Array(template.utf8))]).render("t", view).text
  }

  /// Values of every kind under the template's names.
  private static func view(
    _ names: [String], _ generator: inout SeededGenerator, depth: Int = 0
  ) -> PageView {
    var view = PageView()
    for name in names {
      switch generator.next() % (depth < 3 ? 7 : 4) {
      case 0: break
      case 1: view[name] = .flag(generator.next() % 2 == 0)
      case 2: view[name] = .text("<\(name) \(generator.next() % 10)>")
      case 3: view[name] = .markup(Markup(literal: "<b>x</b>"))
      case 4: view[name] = .view(Self.view(names, &generator, depth: depth + 1))
      default:
        let count = Int(generator.next() % 3)
        view[name] = .list(
          (0..<count).map { _ in Self.view(names, &generator, depth: depth + 1) })
      }
    }
    return view
  }

  private static let files: [String] = {
    let root =
      URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path + "/Sources"
    let walker = FileManager.default.enumerator(atPath: root)
    return (walker?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".mustache") }
      .map { root + "/" + $0 }
  }()

  @Test func `every template of the program is rendered as the library does`() throws {
    #expect(Self.files.count >= 12)
    for file in Self.files {
      let template = try String(contentsOfFile: file, encoding: .utf8)
      // A name is a section or a variable; the library prints a list under a variable's name, which none is.
      let sections = Set(template.matches(of: /\{\{[#^](\w+)\}\}/).map { String($0.1) })
      let variables = Set(template.matches(of: /\{\{(\w+)\}\}/).map { String($0.1) })
      for seed: UInt64 in 1...20 {
        var generator = SeededGenerator(seed: seed)
        var view = Self.view(sections.subtracting(variables).sorted(), &generator)
        for name in variables.sorted() { view[name] = .text("<\(name)>") }
        #expect(try theirs(template, view) == ours(template, view), "\(file), seed \(seed)")
      }
    }
  }

  @Test(arguments: [
    "", "a", "a { b } {c}", "{{x}}", "{{ x }}|{{{x}}}", "{{#x}}1{{/x}}{{^x}}2{{/x}}",
    "a\n{{#x}}\nb\n{{/x}}\nc\n", "a\n  {{#x}}  \nb{{/x}}\nc",
    "{{#x}}\n{{#y}}\n{{z}}\n{{/y}}\n{{/x}}",
    "{{#x}}{{#x}}n{{/x}}{{/x}}", "{{^x}}\nnone\n{{/x}}", " {{x}} {{#y}} {{/y}} \n",
    "{{#x}}\n\n{{/x}}\n\n{{y}}\n",
  ]) func `lines and sections come out as the library has them`(_ template: String) throws {
    for seed: UInt64 in 1...40 {
      var generator = SeededGenerator(seed: seed)
      let sections = template.contains("#") || template.contains("^") ? ["x", "y"] : []
      var view = Self.view(sections, &generator)
      for name in ["x", "y", "z"] where template.contains("{{\(name)}}") || sections.isEmpty {
        view[name] = .text(name)
      }
      #expect(try theirs(template, view) == ours(template, view), "seed \(seed): \(view)")
    }
  }

  @Test func `a name is looked for outside of its section, too`() {
    #expect(ours("{{#a}}{{b}}{{/a}}", ["a": .view(["c": .text("1")]), "b": .text("2")]) == "2")
  }
}
