/// The style sheets: colours by theme, charts, and the page around them.
enum Style {
  private static let colours = text(PackageResources.colours_css)
  private static let charts = text(PackageResources.charts_css)

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// Of a page.
  static let page = Markup(trusted: colours + charts + text(PackageResources.page_css))

  /// Of a picture. Renderers of SVG know no variables, so each colour is written out, for both themes.
  static let picture: Markup = {
    let rules = charts + text(PackageResources.picture_css)
    return Markup(
      trusted: filled(rules, theme: 0)
        + "@media (prefers-color-scheme: dark) {\n\(filled(rules, theme: 1))}\n")
  }()

  /// The rules with the colours of a theme; 0 is the first one in the sheet, which is the light one.
  private static func filled(_ rules: String, theme: Int) -> String {
    let blocks = colours.split(separator: "{").map { $0.prefix { $0 != "}" } }
      .filter { $0.contains("--bg:") }
    var text = rules
    for line in blocks[theme].split(separator: ";") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let name = String(parts[0].drop { $0.isWhitespace })
      text = replacing(text, "var(\(name))", with: String(parts[1].drop { $0 == " " }))
    }
    return text
  }

  private static func replacing(_ text: String, _ old: String, with new: String) -> String {
    text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
  }
}
