import TestSupport
import Testing

extension ThiefTests {
  /// Numbers are counted, so nothing is left to chance but a launch's own duplicates (0.0004 each): three of 20
  /// probing launches have them with 1e-7.
  @Test func `a scanner takes what others scan for, and nothing of the kernel's choice`() throws {
    let measured = try measure(
      #"{"kind": "base-port-scanner", "options": {"ports": 2}}"#,
      strategies: [
        #""probe-then-bind""#, #""wildcard-report-back""#,
        #"{"name": "vllm-port-scan", "options": {"advance": 1}}"#,
        #"{"name": "vllm-port-scan", "label": "higher", "options": {"advance": 1, "base": 20100}}"#,
        #"{"name": "fixed-ranges", "options": {"base": 20000}}"#,
      ])
    #expect(try measured.cell("s", "vllm-port-scan").outcomes == ["lost-to-thief": 20])
    #expect(try measured.cell("s", "higher").outcomes == ["ready": 20])
    #expect(try measured.cell("s", "wildcard-report-back").outcomes == ["ready": 20])
    #expect(try measured.cell("s", "probe-then-bind").outcomes["ready", default: 0] >= 18)
    let counted = try measured.cell("s", "fixed-ranges")
    #expect(counted.noPrediction?.contains("fixed-ranges counts") == true)
  }
}
