internal import ReportKit

/// A self-contained page: one file, without a network request, readable without its script.
public struct Page: Sendable {
  /// A part of the page, with its link in the head.
  public struct Section: Sendable {
    /// Its anchor: letters, digits and hyphens.
    public var id: String
    public var title: String
    /// The part with its heading.
    public var body: Markup

    public init(id: String, title: String, body: Markup) {
      (self.id, self.title, self.body) = (id, title, body)
    }
  }

  /// Of the browser's window.
  public var title: String
  /// What kind of report it is, beside the program's name.
  public var kind: String
  /// What is above all sections.
  public var head: Markup
  public var sections: [Section]
  /// Of bindstorm.
  public var version: String

  public init(title: String, kind: String, head: Markup, sections: [Section], version: String) {
    (self.title, self.kind, self.head) = (title, kind, head)
    (self.sections, self.version) = (sections, version)
  }

  private static let script = Markup(
    trusted: String(decoding: PackageResources.page_js, as: UTF8.self))

  /// What a browser may load for the page: its own style sheet and its own script, by their hashes, and nothing else.
  /// So no text could run as a script even if it came into the page as markup.
  static let policy = [
    "default-src 'none'", "style-src '\(SHA256.policySource(Style.page.text))'",
    "script-src '\(SHA256.policySource(script.text))'", "base-uri 'none'", "form-action 'none'",
  ].joined(separator: "; ")

  private static let templates = PageTemplates([
    (name: "page", text: PackageResources.page_mustache)
  ])

  /// The document, ending with a line break.
  public var html: String {
    Self.templates.render(
      "page",
      [
        "title": .text(title), "kind": .text(kind), "version": .text(version),
        "policy": .text(Self.policy), "style": .markup(Style.page),
        "script": .markup(Self.script),
        "definitions": .markup(RateChart.definition + DistributionChart.definition),
        "head": .markup(head),
        "links": .list(sections.map { ["id": .text($0.id), "title": .text($0.title)] }),
        "sections": .list(sections.map { ["body": .markup($0.body)] }),
      ]
    ).text
  }
}
