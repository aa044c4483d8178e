import Testing

@testable import Manual

@Suite struct HelpTextTests {
  @Test func `a discussion is read as prose and sections`() {
    let help = HelpText(
      """
      Prose of one: line.

      EXAMPLES:
        bindstorm run a
          deeper

        bindstorm run b

      More prose.

      EXIT CODES: 0; 2 if not.
      And so on.
      """)
    #expect(help.prose == [.paragraph("Prose of one: line."), .paragraph("More prose.")])
    #expect(
      help.sections == [
        .init(
          title: "EXAMPLES",
          parts: [.literal(["  bindstorm run a", "    deeper", "  bindstorm run b"])]),
        .init(
          title: "EXIT CODES", parts: [.paragraph("0; 2 if not."), .paragraph("And so on.")]),
      ])
  }

  @Test func `an empty discussion has no parts`() {
    #expect(HelpText("").prose.isEmpty && HelpText("").sections.isEmpty)
  }
}
