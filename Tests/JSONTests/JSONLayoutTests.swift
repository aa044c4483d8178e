import Testing

@testable import JSON

@Suite struct JSONLayoutTests {
  private static func edited(_ text: String, _ change: (inout JSONEdit, JSONLayout) -> Void) throws
    -> String
  {
    let bytes = Array(text.utf8)
    var edit = JSONEdit(bytes)
    change(&edit, try JSONLayout.of(bytes))
    return String(decoding: edit.result, as: UTF8.self)
  }

  @Test func `every kind of value is found with its bytes`() throws {
    let text = #" {"a": [1, -2.5e3, "x\"]", true , null], "ü": {"b" : false}} "#
    let layout = try JSONLayout.of(Array(text.utf8))
    let edit = JSONEdit(Array(text.utf8))
    #expect(layout["a"]?.elements.map(edit.text) == ["1", "-2.5e3", #""x\"]""#, "true", "null"])
    #expect(layout["ü"]?["b"].map(edit.text) == "false")
    #expect(edit.text(layout) == text.dropFirst().dropLast())
    #expect(throws: JSONSyntaxError.self) { try JSONLayout.of(Array("{".utf8)) }
  }

  @Test func `only what is replaced changes`() throws {
    let text = "{\r\n\t\"a\": 1,\n  \"b\": [2, 3] }"
    let changed = try Self.edited(text) { edit, layout in
      edit.replace(layout["b"]!.elements[1], by: "44")
      edit.replace(layout["a"]!, by: "{}")
    }
    #expect(changed == "{\r\n\t\"a\": {},\n  \"b\": [2, 44] }")
  }

  @Test func `a new member stands behind another one, in its manner`() throws {
    let lines = "{\n    \"a\": 1,\n    \"b\": 2\n}"
    #expect(
      try Self.edited(lines) { $0.set("c", of: $1, to: "3", after: "a") }
        == "{\n    \"a\": 1,\n    \"c\": 3,\n    \"b\": 2\n}")
    #expect(
      try Self.edited(#"{ "a": 1 }"#) { $0.set("c", of: $1, to: "3", after: "none") }
        == #"{ "a": 1, "c": 3 }"#)
    #expect(try Self.edited("{}") { $0.set("c", of: $1, to: "3", after: "a") } == #"{ "c": 3 }"#)
    #expect(
      try Self.edited(#"{ "a": 1 }"#) { $0.set("a", of: $1, to: "3", after: "b") }
        == #"{ "a": 3 }"#)
  }

  @Test(arguments: ["plain", "\"\\ \n\t\u{1}\u{1f} ü 🙂"]) func `a quoted text is read back`(
    text: String
  ) throws {
    let value = try JSONParser.parse(Array(JSONEdit.quoted(text).utf8))
    guard case .string(let read) = value.content else { throw CancellationError() }
    #expect(read == text)
  }
}
