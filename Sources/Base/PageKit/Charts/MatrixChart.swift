/// A matrix of rates as one picture, for a README or a pull request.
public struct MatrixChart: Sendable {
  public struct Cell: Sendable {
    /// Class of the sign: `good`, `bad`, `open` or `none`.
    public var kind: String
    public var sign: String
    public var word: String
    /// The rate in words.
    public var rate: String
    public var chart: RateChart

    public init(kind: String, sign: String, word: String, rate: String, chart: RateChart) {
      (self.kind, self.sign, self.word) = (kind, sign, word)
      (self.rate, self.chart) = (rate, chart)
    }
  }

  public var title: String
  /// One sentence below it.
  public var sentence: String
  public var columns: [String]
  /// A cell for each column, nil where there is none.
  public var rows: [(name: String, cells: [Cell?])]
  /// What the signs mean, in lines.
  public var legend: [String]

  public init(
    title: String, sentence: String, columns: [String], rows: [(name: String, cells: [Cell?])],
    legend: [String]
  ) {
    (self.title, self.sentence, self.columns) = (title, sentence, columns)
    (self.rows, self.legend) = (rows, legend)
  }

  private static let (left, row, top) = (190.0, 30.0, 92.0)
  /// Few columns have more room, so that title and legend fit.
  private var cell: Double { max(142, 400 / Double(max(1, columns.count))) }
  private static let margin = 14.0

  /// The file. It has both themes; a viewer that knows none shows the light one.
  public var document: String {
    let width = Self.left + cell * Double(columns.count) + 2 * Self.margin
    let height = Self.top + Self.row * Double(rows.count) + 20 + 16 * Double(legend.count)
    var drawing = Drawing(width: width, height: height, classes: "")
    drawing.rectangle(0, 0, width, height, "p-back")
    let characters = Int((width - 2 * Self.margin) / 6.2)
    drawing.words(Self.cut(title, characters * 2 / 3), Self.margin, 26, "p-title")
    drawing.words(Self.cut(sentence, characters), Self.margin, 46, "p-sentence")
    for (number, column) in columns.enumerated() {
      let x = Self.left + cell * Double(number) + Self.margin
      for (line, text) in Self.lines(column, 22).suffix(2).enumerated() {
        drawing.words(text, x, Self.top - 20 + 12 * Double(line), "p-head")
      }
    }
    for (number, row) in rows.enumerated() {
      let y = Self.top + Self.row * Double(number)
      drawing.line(Self.margin, y, width - Self.margin, y, "c-grid")
      drawing.words(Self.cut(row.name, 29), Self.margin, y + 19, "p-name")
      for (column, cell) in row.cells.enumerated() {
        guard let cell else { continue }
        draw(cell, Self.left + self.cell * Double(column) + Self.margin, y, &drawing)
      }
    }
    let end = Self.top + Self.row * Double(rows.count)
    drawing.line(Self.margin, end, width - Self.margin, end, "c-axis")
    for (number, line) in legend.enumerated() {
      drawing.words(line, Self.margin, end + 18 + 16 * Double(number), "p-head")
    }
    let told = rows.map { row in
      let cells = zip(columns, row.cells).compactMap { column, cell in
        cell.map { "\(column) \($0.word) \($0.rate)" }
      }
      return "\(row.name): \(cells.joined(separator: ", "))"
    }
    return drawing.document(
      name: title, description: ([sentence] + told).joined(separator: ". "), style: Style.picture)
  }

  private func draw(_ cell: Cell, _ x: Double, _ y: Double, _ drawing: inout Drawing) {
    let width = self.cell - 18
    drawing.words(cell.sign, x, y + 14, "p-sign p-\(cell.kind)")
    drawing.words(cell.word, x + 14, y + 14, "p-word")
    drawing.words(cell.rate, x + width, y + 14, "p-word", anchor: .end)
    guard let rate = cell.chart.rate else { return }
    drawing.rectangle(x, y + 19, width, 6, "c-track", radius: 1)
    drawing.rectangle(x, y + 19, width * (rate - cell.chart.recovered), 6, "c-rate", radius: 1)
    if cell.chart.recovered > 0 {
      drawing.rectangle(
        x + width * (rate - cell.chart.recovered), y + 19, width * cell.chart.recovered, 6,
        "c-lighter")
    }
    drawing.line(
      x + width * cell.chart.low, y + 22, x + width * cell.chart.high, y + 22, "c-thin")
    if let model = cell.chart.model {
      drawing.diamond(min(x + width - 3, max(x + 3, x + width * model)), y + 22, 3, "c-model")
    }
  }

  private static func cut(_ text: String, _ limit: Int) -> String {
    text.count <= limit ? text : text.prefix(max(1, limit - 1)) + "\u{2026}"
  }

  /// A name in lines of at most so many characters, broken behind hyphens.
  private static func lines(_ name: String, _ limit: Int) -> [String] {
    guard name.count > limit else { return [name] }
    let head = name.prefix(limit)
    let end = head.lastIndex(where: { "- /".contains($0) }).map(head.index(after:)) ?? head.endIndex
    return [String(name[..<end]), cut(String(name[end...]), limit)]
  }
}
