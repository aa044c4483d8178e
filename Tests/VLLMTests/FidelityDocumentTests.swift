import TestSupport
import Testing

/// Documentation/vllm-fidelity.md is whole, and agrees with what the comparison knows.
@Suite struct FidelityDocumentTests {
  static let states: Set = ["modelled", "corrected", "deviates", "not modelled"]

  @Test func `every point has a state, and lines of a release`() throws {
    let document = try FidelityDocument()
    let rows = document.rows
    #expect(Set(rows.keys) == Set((1...25).map { "\($0)" } + (1...10).map { "W\($0)" }))
    for (number, cells) in rows {
      #expect(cells.count == 5, "row \(number) has \(cells.count + 1) cells")
      let state = document.state(of: number)
      #expect(Self.states.contains(state), "row \(number) has the state '\(state)'")
      // Two windows are rows of the first table, seen from another side.
      if cells[1].hasPrefix("row ") { continue }
      #expect(document.text.contains("\nRow \(number):\n\n- "), "row \(number) names no line")
    }
    #expect(document.references.count > 100)
  }

  @Test func `a known deviation is one in the document`() throws {
    let document = try FidelityDocument()
    for deviation in Releases.deviations {
      let state = document.state(of: deviation.row)
      #expect(
        ["deviates", "not modelled"].contains(state),
        "\(deviation.claim) belongs to row \(deviation.row), which is '\(state)'")
    }
  }
}
