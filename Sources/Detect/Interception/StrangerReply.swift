/// What a stranger's web server answers: the thief of `--steal-by stranger`. It accepts any path, as the health check of an
/// unrelated server does, and nothing but HTTP/1.
enum StrangerReply: Equatable {
  /// The request is not complete.
  case wait
  /// 200; without a body for HEAD.
  case success(hasBody: Bool)
  /// 400: no HTTP/1 request.
  case refusal

  /// A request's head that is longer is refused.
  static let longestHead = 16_384

  /// The answer to what a client has sent so far.
  init(to bytes: [UInt8]) {
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    let method = line.prefix { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
    let rest = line.dropFirst(method.count)
    // Decided by the first byte that cannot be one of a request: a client of another protocol waits for an answer.
    if method.count > 20 || (rest.first.map { method.isEmpty || $0 != UInt8(ascii: " ") } ?? false)
      || bytes.count > Self.longestHead
    {
      self = .refusal
    } else if line.count == bytes.count {
      self = .wait
    } else {
      let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      if words.count != 3 || !words[2].hasPrefix("HTTP/1.") {
        self = .refusal
      } else {
        let hasEnd = Self.contains(bytes, "\n\r\n") || Self.contains(bytes, "\n\n")
        self = hasEnd ? .success(hasBody: words[0] != "HEAD") : .wait
      }
    }
  }

  private static func contains(_ bytes: [UInt8], _ part: String) -> Bool {
    let part = Array(part.utf8)
    guard bytes.count >= part.count else { return false }
    return (0...(bytes.count - part.count)).contains { bytes[$0..<($0 + part.count)] == part[...] }
  }

  /// The answer's bytes; empty as long as the request is not complete.
  var bytes: [UInt8] {
    let body = "a stranger's server (bindstorm check --steal-by stranger)\n"
    func head(_ status: String, _ length: Int) -> String {
      "HTTP/1.1 \(status)\r\nServer: bindstorm-stranger\r\nContent-Type: text/plain\r\nContent-Length: \(length)\r\nConnection: close\r\n\r\n"
    }
    return switch self {
    case .wait: []
    case .success(let hasBody):
      Array((head("200 OK", body.utf8.count) + (hasBody ? body : "")).utf8)
    case .refusal: Array(head("400 Bad Request", 0).utf8)
    }
  }
}
