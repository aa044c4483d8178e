import Foundation
import LinuxFacts
import Testing

@testable import ForcedCalls

@Suite struct CallInjectionTests {
  static let full = CallInjection(
    .bind, error: LinuxErrno.addressInUse, delay: 5_000_000, nth: 2, ports: 8_000...8_010,
    process: "py")

  @Test func `a rule of the command line is read strictly`() throws {
    let text = "bind:errno=EADDRINUSE,nth=2,port=8000-8010,delay=5ms,process=py"
    #expect(try CallInjection(parsing: text) == Self.full)
    #expect(try CallInjection(parsing: "connect:errno=4095").error == 4_095)
    #expect(try CallInjection(parsing: "bind:delay=1,port=80").ports == 80...80)
    for text in [
      "bind", "bind:nth=0,errno=1", "bind:port=9-8,errno=1", "bind:errno=EWHAT", "bind:errno=0",
      "bind:errno=4096", "listen:port=80,errno=1", "read:errno=1", "bind:errno", "bind:x=1,errno=1",
    ] {
      #expect(throws: CallInjection.Mistake.self) { try CallInjection(parsing: text) }
    }
  }

  @Test func `an injection reaches the workers as it is`() {
    for injection in [
      Self.full, CallInjection(.listen, delay: 1), CallInjection(.accept, error: 4),
    ] {
      #expect(CallInjection(text: injection.text) == injection)
    }
    for text in ["", "bind", "bind\t0\t0\t0\t9\t8\t", "bind\t0\t0\t0\t0\t65536\t"] {
      #expect(CallInjection(text: text) == nil)
    }
  }

  @Test func `a stored plan names the error and has the delay in milliseconds`() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(Self.full), as: UTF8.self)
    #expect(
      text
        == #"{"call":"bind","delayMilliseconds":5,"errno":"EADDRINUSE","nth":2,"ports":[8000,8010],"process":"py"}"#
    )
    #expect(try JSONDecoder().decode(CallInjection.self, from: Data(text.utf8)) == Self.full)
    let broken = Data(text.replacing("EADDRINUSE", with: "EWHAT").utf8)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(CallInjection.self, from: broken)
    }
  }

  @Test func `every injectable error has a number`() {
    #expect(InjectableError.names.allSatisfy { InjectableError.number($0) != nil })
    #expect(InjectableError.number("ENOENT") == nil)
  }

  @Test func `durations are read with their unit`() {
    #expect(parseDuration("500us") == 500_000)
    #expect(parseDuration("50ms") == 50_000_000)
    #expect(parseDuration("2s") == 2_000_000_000)
    #expect(parseDuration("3") == 3_000_000)
    #expect(parseDuration("x") == nil)
    #expect(parseDuration("-1s") == nil)
    #expect(parseDuration("999999") == 999_999_000_000)
    #expect(parseDuration("1000000") == nil)
  }
}
