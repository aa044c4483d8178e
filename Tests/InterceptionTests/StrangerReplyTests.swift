import Testing

@testable import Interception

/// What the thief of `--steal-by stranger` says to what a client sends.
@Suite struct StrangerReplyTests {
  private func reply(_ text: String) -> StrangerReply { StrangerReply(to: Array(text.utf8)) }

  @Test(arguments: [
    "GET / HTTP/1.0\r\n\r\n", "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", "POST /v1 HTTP/1.1\n\n{}",
    "OPTIONS * HTTP/1.1\r\nA: b\r\n\r\n",
  ]) func `any path is there`(_ request: String) {
    #expect(reply(request) == .success(hasBody: true))
    // Whatever the pieces in which it comes.
    for end in 0..<request.utf8.count where !request.utf8.prefix(end).contains(10) {
      #expect(StrangerReply(to: Array(request.utf8.prefix(end))) == .wait, "\(end)")
    }
  }

  @Test(arguments: [
    "\u{16}\u{3}\u{1}", "PRI * HTTP/2.0\r\n\r\n", "get / HTTP/1.1\r\n", "*1\r\n$4\r\nPING\r\n",
    "HELLO\r\n", "GET /\r\n", "GET / FTP/1.1\r\n", "\r\n", String(repeating: "A", count: 21),
    "GET / HTTP/1.1\r\n" + String(repeating: "A", count: StrangerReply.longestHead),
  ]) func `what is no HTTP request is refused at once`(_ request: String) {
    #expect(reply(request) == .refusal)
  }

  @Test func `an answer is complete, and says whose it is`() {
    let text = String(decoding: reply("GET / HTTP/1.1\r\n\r\n").bytes, as: UTF8.self)
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
    #expect(parts.count == 2 && parts[0].hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(parts[0].contains("Content-Length: \(parts[1].utf8.count)\r\n"))
    #expect(parts[1].contains("stranger"))
    let head = String(decoding: reply("HEAD / HTTP/1.1\r\n\r\n").bytes, as: UTF8.self)
    #expect(head.hasSuffix("\r\n\r\n") && head.contains("Content-Length: \(parts[1].utf8.count)"))
    #expect(String(decoding: reply("\n").bytes, as: UTF8.self).hasPrefix("HTTP/1.1 400 "))
    #expect(StrangerReply.wait.bytes.isEmpty)
  }
}
