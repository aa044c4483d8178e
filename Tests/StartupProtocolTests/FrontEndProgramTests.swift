import TestSupport
import Testing

/// The built `bindstorm-frontend`, asked by an HTTP client that is not ours.
@Suite struct FrontEndProgramTests {
  @Test func `an HTTP client gets what OpenAI's interface promises`() throws {
    let script = Built.repository + "/Tests/StartupProtocolTests/front_end.py"
    let finished = try Program(["python3", script, Built.frontEnd]).wait(atMost: 300)
    #expect(finished.ending == .exit(0), "\(finished.errorOutput)")
    #expect(
      finished.output == """
        health: 200
        completion: 200 42 bindstorm-77-3-7
        largest: 200 9223372036854775807 bindstorm-77-3-7
        same connection 0: 200 0 bindstorm-77-3-7
        same connection 1: 200 1 bindstorm-77-3-7
        same connection 2: 200 2 bindstorm-77-3-7
        close: 200 5 bindstorm-77-3-7
        refused: 409 invalid_request_error
        no number: 400 invalid_request_error
        no message: 400 invalid_request_error
        no JSON: 400 invalid_request_error
        no body: 400 invalid_request_error
        too large: 413 invalid_request_error
        method: 405 invalid_request_error
        path: 404 invalid_request_error
        at once: 50
        ended: 0

        """)
  }

  @Test(arguments: [[], ["serve"], ["serve", "1", "-1"], ["ask", "1"], ["help"]])
  func `it says that it has no use of its own`(_ arguments: [String]) throws {
    let finished = try Program([Built.frontEnd] + arguments).wait()
    #expect(finished.ending == .exit(64))
    #expect(finished.errorOutput.contains("started by bindstorm only"))
  }
}
