internal import FoundationEssentials
internal import NIOCore

/// The part of OpenAI's `POST /v1/chat/completions` that this stub supports: the last message's content is the nonce.
struct ChatRequest: Codable {
  struct Message: Codable {
    var role: String
    var content: String
  }
  var model: String
  var messages: [Message]

  init(nonce: Int64) {
    model = "stub"
    messages = [Message(role: "user", content: "\(nonce)")]
  }

  /// The nonce; nil if the last message is not a number.
  var nonce: Int64? { messages.last.flatMap { Int64($0.content) } }
}

/// The answer in OpenAI's form: the content is the nonce that the engine core returned, and `system_fingerprint` says
/// who answered.
struct ChatCompletion: Codable {
  struct Choice: Codable {
    var index: Int
    var message: ChatRequest.Message
    var finish_reason: String
  }
  struct Usage: Codable {
    var prompt_tokens: Int
    var completion_tokens: Int
    var total_tokens: Int
  }
  var id: String
  var object: String
  var created: Int
  var model: String
  var choices: [Choice]
  var usage: Usage
  var system_fingerprint: String

  init(nonce: Int64, launch: Int64, server: Int, engine: Int, at seconds: Int) {
    id = "chatcmpl-\(nonce)"
    object = "chat.completion"
    created = seconds
    model = "stub"
    choices = [
      Choice(
        index: 0, message: ChatRequest.Message(role: "assistant", content: "\(nonce)"),
        finish_reason: "stop")
    ]
    usage = Usage(prompt_tokens: 1, completion_tokens: 1, total_tokens: 2)
    system_fingerprint = "bindstorm-\(launch)-\(server)-\(engine)"
  }

  /// The nonce in the answer; nil if there is none.
  var nonce: Int64? { choices.first.flatMap { Int64($0.message.content) } }

  /// Identity of the launch and number of the API server that answered; nil if they are missing.
  var source: (launch: Int64, server: Int)? {
    let parts = system_fingerprint.split(separator: "-")
    guard parts.count == 4, parts[0] == "bindstorm", let launch = Int64(parts[1]),
      let server = Int(parts[2])
    else { return nil }
    return (launch, server)
  }
}

/// An error in OpenAI's form.
struct ChatError: Codable {
  struct Detail: Codable {
    var message: String
    var type: String
    var code: Int
  }
  var error: Detail

  init(_ message: String, status: Int) {
    error = Detail(
      message: message, type: status < 500 ? "invalid_request_error" : "server_error", code: status)
  }
}

extension ByteBuffer {
  /// The value as JSON. The types of this file contain only values that JSON can represent.
  init(json value: some Encodable) {
    do { self.init(bytes: try JSONEncoder().encode(value)) } catch { die("JSON: \(error)") }
  }

  /// The value that these bytes represent in JSON; nil if they do not.
  func decoded<Value: Decodable>(_ type: Value.Type) -> Value? {
    try? JSONDecoder().decode(type, from: Data(readableBytesView))
  }
}
