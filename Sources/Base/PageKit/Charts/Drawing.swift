internal import ReportKit

/// An SVG drawing that is built up shape by shape. Colours are classes of the page's style sheet, so that one drawing
/// serves both themes; positions are rounded to a tenth of a pixel, so that equal values give equal bytes.
struct Drawing {
  private var body = ""
  private let width: Double
  private let height: Double
  private let classes: String

  /// - Parameter classes: of the element itself.
  init(width: Double, height: Double, classes: String) {
    (self.width, self.height, self.classes) = (width, height, classes)
  }

  enum Anchor: String { case start, middle, end }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ classes: String,
    radius: Double = 0
  ) {
    let round = radius > 0 ? " rx=\"\(Self.text(radius))\"" : ""
    body +=
      "<rect class=\"\(classes)\" x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" width=\"\(Self.text(max(0, width)))\" height=\"\(Self.text(height))\"\(round)/>"
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ classes: String
  ) {
    path([("M", [x1, y1]), ("L", [x2, y2])], classes)
  }

  mutating func path(_ steps: [(command: String, numbers: [Double])], _ classes: String) {
    let text = steps.map { $0.command + $0.numbers.map(Self.text).joined(separator: " ") }
    body += "<path class=\"\(classes)\" d=\"\(text.joined())\"/>"
  }

  /// Several straight lines as one shape, which is shorter than a shape for each.
  mutating func lines(_ ends: [(x1: Double, y1: Double, x2: Double, y2: Double)], _ classes: String)
  {
    path(
      ends.flatMap { line -> [(command: String, numbers: [Double])] in
        let end: (String, [Double]) =
          line.y1 == line.y2
          ? ("H", [line.x2]) : line.x1 == line.x2 ? ("V", [line.y2]) : ("L", [line.x2, line.y2])
        return [("M", [line.x1, line.y1]), end]
      }, classes)
  }

  /// What the page has once and each chart of a kind shows: an axis with its labels.
  mutating func shared(_ id: String) { body += "<use href=\"#\(id)\"/>" }

  /// The drawing as such a part.
  func definition(_ id: String) -> Markup { Markup(trusted: "<g id=\"\(id)\">\(body)</g>") }

  mutating func circle(_ x: Double, _ y: Double, _ radius: Double, _ classes: String) {
    body +=
      "<circle class=\"\(classes)\" cx=\"\(Self.text(x))\" cy=\"\(Self.text(y))\" r=\"\(Self.text(radius))\"/>"
  }

  /// A cross; a failure, whatever its colour.
  mutating func cross(_ x: Double, _ y: Double, _ size: Double, _ classes: String) {
    path(
      [
        ("M", [x - size, y - size]), ("L", [x + size, y + size]), ("M", [x - size, y + size]),
        ("L", [x + size, y - size]),
      ], classes)
  }

  mutating func diamond(_ x: Double, _ y: Double, _ size: Double, _ classes: String) {
    path(
      [
        ("M", [x, y - size]), ("L", [x + size, y]), ("L", [x, y + size]), ("L", [x - size, y]),
        ("Z", []),
      ], classes)
  }

  /// Text of any origin.
  mutating func words(
    _ text: String, _ x: Double, _ y: Double, _ classes: String, anchor: Anchor = .start
  ) {
    let place = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
    body +=
      "<text class=\"\(classes)\" x=\"\(Self.text(x))\" y=\"\(Self.text(y))\"\(place)>\(XMLText.escaped(text))</text>"
  }

  /// The drawing as an image with a name and, for a larger one, a description for those who do not see it.
  func markup(name: String, description: String? = nil) -> Markup {
    let size = "viewBox=\"0 0 \(Self.text(width)) \(Self.text(height))\""
    let label = XMLText.quoted(name)
    guard let description else {
      return Markup(
        trusted:
          "<svg class=\"\(classes)\" \(size) role=\"img\" aria-label=\(label)>\(body)</svg>")
    }
    return Markup(
      trusted:
        "<svg class=\"\(classes)\" \(size) role=\"img\" aria-label=\(label)><desc>\(XMLText.escaped(description))</desc>\(body)</svg>"
    )
  }

  /// The drawing as a file of its own.
  /// - Parameter style: a style sheet for its classes.
  func document(name: String, description: String, style: Markup) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.text(width))" height="\(Self.text(height))" viewBox="0 0 \(Self.text(width)) \(Self.text(height))" role="img" aria-labelledby="name description">
    <title id="name">\(XMLText.escaped(name))</title>
    <desc id="description">\(XMLText.escaped(description))</desc>
    <style>\(style.text)</style>
    \(body)
    </svg>

    """
  }

  /// With at most one digit behind the point.
  static func text(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let (whole, rest) = abs(tenths).quotientAndRemainder(dividingBy: 10)
    return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
  }
}
