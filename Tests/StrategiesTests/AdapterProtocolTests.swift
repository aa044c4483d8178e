import Foundation
import PlanModel
import Testing

@testable import Adapters
@testable import Strategies
@testable import StrategyKit

/// Lines of the adapter protocol, without any adapter.
@Suite struct AdapterProtocolTests {
  static let launch = AdapterRequest.Launch(number: 2, apiServers: 3, sockets: .tcp, depth: .bind)

  @Test(arguments: AdapterRequest.Kind.allCases)
  func `a request is one line of JSON with its id and its name`(
    _ kind: AdapterRequest.Kind
  ) throws {
    let line = AdapterRequest.line(kind, id: 7, Self.launch, seed: .max)
    #expect(line.last == "\n" && line.dropLast().allSatisfy { $0 != "\n" })
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["id"] as? Int == 7)
    #expect(object["request"] as? String == kind.rawValue)
    let members: Set =
      switch kind {
      case .hello:
        [
          "protocol", "launch", "api_servers", "addresses", "host", "sockets", "depth",
          "listener_descriptor",
        ]
      case .allocate: ["addresses", "seed"]
      case .bind, .report, .release, .stop: [] as Set<String>
      }
    #expect(Set(object.keys) == members.union(["id", "request"]))
    if kind == .hello {
      #expect(object["launch"] as? Int == 2 && object["api_servers"] as? Int == 3)
      #expect(object["addresses"] as? Int == 6 && object["sockets"] as? String == "tcp")
      #expect(object["depth"] as? String == "bind" && object["host"] as? String == "127.0.0.1")
    }
    if kind == .allocate {
      // Every reader of JSON keeps whole numbers up to 2^53.
      #expect(try #require(object["seed"] as? Int) == (1 << 53) - 1)
    }
  }

  static func answer(
    _ text: String, to kind: AdapterRequest.Kind = .allocate
  ) throws(AdapterFault) -> AdapterAnswer {
    try AdapterAnswer(Array(text.utf8), to: kind, id: 7)
  }

  @Test func `good answers are read, and members that are not known are passed over`() throws {
    let ports = #"{"ports": [1, 65535], "id": 7, "x": {"y": [null, true]}}"#
    #expect(try Self.answer(ports).ports(count: 2, mayBeUnknown: false) == [1, 65_535])
    #expect(try Self.answer(ports).refusal(to: .allocate) == nil)
    #expect(
      try Self.answer(#"{"id":7,"ports":[0]}"#).ports(count: 1, mayBeUnknown: true) == [0])
    let hello = #"{"id":7,"protocol":1,"name":"n","capabilities":["bind","allocate"]}"#
    #expect(
      try Self.answer(hello, to: .hello).hello()
        == AdapterHello(name: "n", version: "", capabilities: [.allocate, .bind]))
    let refused = #"{"id":7,"error":"address-in-use","address":3,"port":9,"message":"m"}"#
    #expect(
      try Self.answer(refused, to: .bind).refusal(to: .bind)
        == AdapterRefusal(kind: .addressInUse, message: "m", address: 3, port: 9))
    #expect(try Self.answer(#"{"id":7}"#, to: .release).refusal(to: .release) == nil)
  }

  @Test(
    arguments: [
      ("", .malformed), ("{", .malformed), ("null", .malformed), ("[7]", .malformed),
      ("{}", .malformed), (#"{"id":"7"}"#, .malformed), (#"{"id":7.5}"#, .malformed),
      (#"{"id":7,"id":7}"#, .malformed), (#"{"id":8,"ports":[1]}"#, .wrongID),
      (#"{"id":7}"#, .malformed), (#"{"id":7,"ports":1}"#, .malformed),
      (#"{"id":7,"ports":["1"]}"#, .malformed), (#"{"id":7,"ports":[1.5]}"#, .malformed),
      (#"{"id":7,"ports":[]}"#, .wrongCount), (#"{"id":7,"ports":[1,2]}"#, .wrongCount),
      (#"{"id":7,"ports":[0]}"#, .wrongPort), (#"{"id":7,"ports":[-1]}"#, .wrongPort),
      (#"{"id":7,"ports":[65536]}"#, .wrongPort),
    ] as [(String, AdapterFault.Kind)])
  func `an answer that is wrong is refused by the rule it breaks`(
    text: String, kind: AdapterFault.Kind
  ) {
    let fault = #expect(throws: AdapterFault.self) {
      _ = try Self.answer(text).ports(count: 1, mayBeUnknown: false)
    }
    #expect(fault?.kind == kind, "\(String(describing: fault))")
  }

  @Test(
    arguments: [
      (#""protocol":2,"name":"n","capabilities":["allocate"]"#, .wrongHello),
      (#""name":"n","capabilities":["allocate"]"#, .malformed),
      (#""protocol":1,"capabilities":["allocate"]"#, .malformed),
      (#""protocol":1,"name":"","capabilities":["allocate"]"#, .malformed),
      (#""protocol":1,"name":"n""#, .malformed),
      (#""protocol":1,"name":"n","capabilities":[1]"#, .malformed),
      (#""protocol":1,"name":"n","capabilities":["bind"]"#, .wrongHello),
      (#""protocol":1,"name":"n","capabilities":["allocate","x"]"#, .wrongHello),
      (#""protocol":1,"name":"n","capabilities":["allocate","bind","listeners"]"#, .wrongHello),
    ] as [(String, AdapterFault.Kind)])
  func `a hello that is wrong is refused by the rule it breaks`(
    members: String, kind: AdapterFault.Kind
  ) {
    let fault = #expect(throws: AdapterFault.self) {
      _ = try Self.answer(#"{"id":7,"# + members + "}", to: .hello).hello()
    }
    #expect(fault?.kind == kind, "\(String(describing: fault))")
  }

  @Test(
    arguments: [
      #""error":"tired""#, #""error":1"#, #""error":"unavailable""#,
      #""error":"address-in-use""#, #""error":"address-in-use","port":9"#,
      #""error":"address-in-use","address":0,"port":0"#, #""error":"failed","port":65536"#,
      #""error":"failed","message":1"#,
    ])
  func `a refusal that is wrong is malformed`(members: String) {
    let fault = #expect(throws: AdapterFault.self) {
      _ = try Self.answer(#"{"id":7,"# + members + "}", to: .bind).refusal(to: .bind)
    }
    #expect(fault?.kind == .malformed, "\(String(describing: fault))")
  }

  @Test func `no beginning of an answer is an answer, and no changed byte brings it down`() {
    let text = Array(#"{"id":7,"ports":[40001,40003],"note":"é\u0041"}"#.utf8)
    for count in 0..<text.count {
      #expect(throws: AdapterFault.self) {
        _ = try AdapterAnswer(text[..<count], to: .allocate, id: 7)
      }
    }
    for position in text.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = text
        changed[position] = byte
        // Either it is read or an AdapterFault is thrown; nothing traps.
        _ = try? AdapterAnswer(changed, to: .allocate, id: 7).ports(count: 2, mayBeUnknown: false)
      }
    }
  }

  @Test func `an excerpt is short and has no control characters`() {
    #expect(AdapterAnswer.excerpt("a\u{1b}[2J\n".utf8) == "a\u{FFFD}[2J\u{FFFD}")
    let long = AdapterAnswer.excerpt([UInt8](repeating: 0x61, count: 70_000))
    #expect(long == String(repeating: "a", count: 200) + "... (70000 bytes)")
  }

  @Test(
    arguments: [
      (85_000, "85 us"), (9_999_999, "9999 us"), (22_434_000, "22 ms"),
      (158_493_134_000, "158.4 s"),
    ] as [(UInt64, String)])
  func `a window's length is a short number`(_ nanoseconds: UInt64, _ text: String) {
    #expect(ForcedProgram.length(nanoseconds: nanoseconds) == text)
  }
}
