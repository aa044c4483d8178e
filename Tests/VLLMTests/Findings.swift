import Foundation
import PlanModel
import TestSupport

/// What a claim says, as JSON has it.
enum Value: Equatable, Sendable, Decodable, CustomStringConvertible {
  case number(Int)
  case text(String)
  case list([Value])

  init(from decoder: any Decoder) throws {
    let content = try decoder.singleValueContainer()
    if let number = try? content.decode(Int.self) {
      self = .number(number)
    } else if let text = try? content.decode(String.self) {
      self = .text(text)
    } else {
      self = .list(try content.decode([Value].self))
    }
  }

  static func texts(_ texts: [String]) -> Value { .list(texts.map { .text($0) }) }
  static func bytes(_ bytes: [UInt8]) -> Value { .list(bytes.map { .number(Int($0)) }) }

  var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .text(let text): "\"\(text)\""
    case .list(let values): "[\(values.map(\.description).joined(separator: ", "))]"
    }
  }
}

/// What one of the two Python programs has found.
struct Findings: Decodable, Sendable {
  /// A claim by its name; a claim that could not be found has the reason in place of its value.
  struct Claim: Decodable, Sendable {
    var name: String
    var value: Value?
    var error: String?
    /// File and line of the release; nil for bindstorm itself.
    var place: String?

    enum CodingKeys: String, CodingKey {
      case name, value, error
      case place = "where"
    }
  }

  /// Of the release.
  var version: String?
  var claims: [Claim]

  private static let folder = Built.repository + "/Tests/VLLMTests"

  /// What a release does, from its own sources.
  /// - Parameter release: the folder with its `vllm/`.
  static func ofRelease(_ release: String) throws -> Findings {
    try run(["release.py", release])
  }

  /// What a release's helpers do with real sockets.
  static func ofHelpers(_ release: String) throws -> Findings {
    try run(["live.py", release])
  }

  /// What bindstorm's processes do at depth `startup`.
  static func ofModel(_ variant: Startup.Variant) throws -> Findings {
    try run(["model.py", Built.bindstorm, variant == .v019 ? "v0.19" : "fixed"])
  }

  private static func run(_ arguments: [String]) throws -> Findings {
    let finished = try Program.run(
      ["python3", "-B", "\(folder)/\(arguments[0])"] + arguments.dropFirst())
    guard finished.ending == .exit(0) else {
      throw TestFailure("\(arguments): \(finished.ending): \(finished.errorOutput)")
    }
    return try JSONDecoder().decode(Findings.self, from: Data(finished.output.utf8))
  }

  static let hasPython: Bool = {
    let check = "import sys; sys.exit(sys.version_info < (3, 10))"
    return (try? Program.run(["python3", "-c", check]))?.ending == .exit(0)
  }()

  /// What the two programs need; nil if it is all there.
  static let missing: String? = {
    if !hasPython { return "needs python3 3.10 or newer" }
    if (try? Program.run(["strace", "-V"]))?.ending != .exit(0) { return "needs strace" }
    return Kernel.allowsNamespaces ? nil : "needs a network namespace"
  }()
}
