import Testing

@testable import Manual

@Suite struct ManualPageTests {
  private static let dump = #"""
    {"serializationVersion": 0, "command": {
      "commandName": "tool", "abstract": "Do things.", "shouldDisplay": true,
      "discussion": "Of all.\n\nEXIT CODES:\n  0  well",
      "arguments": [{"kind": "flag", "shouldDisplay": true, "isOptional": true, "isRepeating": false,
        "names": [{"kind": "long", "name": "version"}], "abstract": "Show it."}],
      "subcommands": [
        {"commandName": "go", "abstract": "Go there.", "shouldDisplay": true,
         "discussion": ".dot first. It ends\\here.\n\nEXAMPLES:\n  tool go --fast -- a\n  'quoted'",
         "arguments": [
           {"kind": "positional", "shouldDisplay": true, "isOptional": true, "isRepeating": false,
            "valueName": "file", "defaultValue": "x.json", "abstract": "Where."},
           {"kind": "option", "shouldDisplay": true, "isOptional": true, "isRepeating": true,
            "names": [{"kind": "long", "name": "max-speed"}, {"kind": "short", "name": "m"}],
            "valueName": "number", "allValues": ["1", "2"], "abstract": "How fast."},
           {"kind": "option", "shouldDisplay": false, "isOptional": true, "isRepeating": true,
            "names": [{"kind": "long", "name": "hidden"}], "valueName": "h"},
           {"kind": "positional", "shouldDisplay": true, "isOptional": false, "isRepeating": true,
            "parsingStrategy": "postTerminator", "valueName": "command"}]},
        {"commandName": "help", "shouldDisplay": true}]}}
    """#

  private static func pages() throws -> [ManualPage] {
    ManualPage.all(of: try HelpDump(parsing: Array(dump.utf8)), date: "January 2, 2026")
  }

  @Test func `there is a page for the program and one for each command`() throws {
    let pages = try Self.pages()
    #expect(pages.map(\.file) == ["tool.1", "tool-go.1"])
    let root = pages[0].text
    for part in [
      ".Dd January 2, 2026\n.Dt TOOL 1\n.Os\n.Sh NAME\n.Nm tool\n.Nd do things\n",
      ".It Xr tool-go 1\nGo there.\n", ".It Fl \\-version\nShow it.\n",
      ".Sh EXIT STATUS\n.Bd -literal -offset indent\n0  well\n.Ed\n",
      ".Sh SEE ALSO\n.Xr tool-go 1\n",
    ] {
      #expect(root.contains(part), "\(part) in \(root)")
    }
  }

  @Test func `a command's page has its arguments and sections`() throws {
    let page = try Self.pages()[1].text
    for part in [
      ".Nm \"tool go\"\n.Op Ar options\n.Op Ar file\n.Fl \\- Ar command ...\n",
      ".It Ar file\nWhere.\nDefault: x.json.\n",
      ".It Fl \\-max\\-speed Ar number , Fl m Ar number\nHow fast.\nOne of 1, 2.\n",
      ".Sh EXAMPLES\n.Bd -literal -offset indent\ntool go \\-\\-fast \\-\\- a\n\\&'quoted'\n.Ed\n",
      ".Sh SEE ALSO\n.Xr tool 1\n",
    ] {
      #expect(page.contains(part), "\(part) in \(page)")
    }
    #expect(!page.contains("hidden"))
  }

  @Test func `nothing in a text becomes a request`() throws {
    let page = try Self.pages()[1].text
    #expect(page.contains("\\&.dot first.\nIt ends\\ehere.\n"), "\(page)")
    #expect(Roff.words("Op an Xr .") == "\\&Op an \\&Xr \\&.")
    #expect(Roff.prose("One. Two? Three... four.") == ["One.", "Two?", "Three... four."])
  }
}
