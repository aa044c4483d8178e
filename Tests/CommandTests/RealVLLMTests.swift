import TestSupport
import Testing

/// `Adapters/real_vllm`, without vLLM: what prepares the releases, and what the programs say where nothing is prepared.
@Suite struct RealVLLMTests {
  static let hasPython: Bool = {
    let check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return (try? Program.run(["python3", "-c", check]))?.ending == .exit(0)
  }()

  @Test(.enabled(if: Self.hasPython, "needs python3 3.11 or newer"))
  func `bad input and bad luck leave nothing that is used, and say what to do`() throws {
    let finished = try Program.run([
      "python3", "-B", "\(Built.repository)/Tests/RealVLLM/prepare_tests.py",
    ])
    #expect(finished.ending == .exit(0), "\(finished)")
  }

  @Test func `rows of real releases are skipped where none is prepared, with the reason`() throws {
    let scratch = try ScratchFolder()
    let finished = try Program.run(
      [
        Built.bindstorm, "run", "\(Built.repository)/Scenarios/vllm-real.json", "--quiet",
        "--only", "*/vLLM*", "--results", scratch.path + "/results",
      ], environment: ["BINDSTORM_REAL_VLLM": scratch.path + "/none"])
    #expect(finished.output.contains("no real vLLM in "), "\(finished)")
    #expect(finished.output.contains("run `make real-vllm`"), "\(finished)")
  }
}
