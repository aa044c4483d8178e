import Foundation
import PlanModel
import TestSupport
import Testing

/// That the comparison bites: copies of a small release of our own, each altered in one place.
@Suite(.enabled(if: Sample.hasPython, "needs python3 3.10 or newer")) struct SampleReleaseTests {
  @Test func `the sample has every claim`() throws {
    let names = try Sample.findings().claims.map(\.name)
    #expect(names.count > 40 && Set(names).count == names.count)
    // A claim that is demanded of a real release must be demanded of the sample.
    for deviation in Releases.deviations { #expect(names.contains(deviation.claim)) }
  }

  @Test(arguments: Alteration.all) func `an altered release differs in that claim alone`(
    _ alteration: Alteration
  ) throws {
    let model = try Sample.asModel()
    let differences = Comparison.differences(
      release: try Sample.findings(altered: alteration), model: model)
    #expect(differences.map(\.claim).sorted() == alteration.claims.sorted(), "\(differences)")
    // File and line of the release, and what is there.
    let isNamed = differences.contains {
      $0.text.contains(alteration.place) && $0.text.contains(alteration.found)
    }
    #expect(isNamed, "\(differences)")
  }

  @Test func `the unaltered release differs in nothing`() throws {
    let differences = Comparison.differences(
      release: try Sample.findings(), model: try Sample.asModel())
    #expect(differences == [])
  }

  @Test func `what only one side has is a difference`() throws {
    var model = try Sample.asModel()
    model["probe: calls"] = nil
    model["more"] = .number(1)
    let differences = Comparison.differences(release: try Sample.findings(), model: model)
    #expect(differences.map(\.claim) == ["probe: calls", "more"])
    #expect(differences[0].text.contains("the model says nothing of it"))
    #expect(differences[1].text.contains("vLLM 0.0.0 has no such thing"))
  }

  @Test func `a known deviation is one only while both values are as stated`() throws {
    let release = try Sample.findings()
    var model = try Sample.asModel()
    model["timeout: shutdown"] = .number(4_000)
    func differences(_ deviation: Deviation) -> [String] {
      Comparison.differences(release: release, model: model, deviations: [deviation]).map(\.claim)
    }
    let claim = "timeout: shutdown"
    #expect(differences(Deviation(claim, .number(5_000), .number(4_000), row: "18")) == [])
    #expect(differences(Deviation(claim, .number(5_000), .number(3_000), row: "18")) == [claim])
    #expect(differences(Deviation(claim, .number(6_000), .number(4_000), row: "18")) == [claim])
    #expect(differences(Deviation(claim, .number(5_000), nil, row: "18")) == [claim])
  }

  @Test func `a release's variant follows from its version`() {
    #expect(Releases.variant(of: "0.19.1") == .v019 && Releases.variant(of: "0.9.0") == .v019)
    #expect(Releases.variant(of: "0.20.0") == .fixed && Releases.variant(of: "0.32.0") == .fixed)
  }

  @Test func `a folder that is no release is named`() throws {
    let scratch = try ScratchFolder()
    func refusal() -> String {
      do { return "\(try Findings.ofRelease(scratch.path).claims.count) claims" } catch {
        return "\(error)"
      }
    }
    #expect(refusal().contains("\(scratch.path) has no vllm/"))
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/vllm", withIntermediateDirectories: false)
    #expect(refusal().contains("does not say which release it is"))
  }

  @Test(arguments: [
    ("the API server ApiServer_1 ended", true), ("the API server", true),
    ("zmq.error.ZMQError: in use; RuntimeError: the API server ApiServer_1 ended", true),
    ("the API server ApiServer_1 ended early", false), ("an API server ended", false), ("", false),
  ])
  func `a text for the user may end early and say nothing else`(_ text: String, agrees: Bool) throws
  {
    var model = try Sample.asModel()
    model["text: an API server died"] = .text(text)
    let differences = Comparison.differences(release: try Sample.findings(), model: model)
    #expect(differences.isEmpty == agrees, "\(differences)")
  }
}

/// One change of the sample's sources.
struct Alteration: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var file: String
  var from: String
  var to: String
  /// The claims that must fail.
  var claims: [String]
  /// What the report must name of the release.
  var place: String
  /// What was found.
  var found: String

  init(
    _ what: String, _ file: String, _ from: String, _ to: String, _ claims: [String],
    found: String, place: String? = nil
  ) {
    testDescription = what
    self.file = "vllm/" + file
    self.from = from
    self.to = to
    self.claims = claims
    self.place = place ?? "vllm/" + file + ":"
    self.found = found
  }

  static let all = [
    Alteration(
      "the handshake is bound after the engine cores are started", "v1/engine/utils.py",
      """
          handshake = make_zmq_socket(zmq.Context(), handshake_address, zmq.ROUTER, bind=True)
          engines = CoreEngineProcManager(config, handshake_address)
      """,
      """
          engines = CoreEngineProcManager(config, handshake_address)
          handshake = make_zmq_socket(zmq.Context(), handshake_address, zmq.ROUTER, bind=True)
      """, ["launcher: order", "single API server: order"], found: #"engine core"#),
    Alteration(
      "the HTTP socket is bound after the addresses are chosen", "entrypoints/cli/serve.py",
      """
          address, sock = setup_server(args)
          config = vllm.AsyncEngineArgs.from_cli_args(args).create_engine_config()
          addresses = get_engine_zmq_addresses(config, args.api_server_count)
      """,
      """
          config = vllm.AsyncEngineArgs.from_cli_args(args).create_engine_config()
          addresses = get_engine_zmq_addresses(config, args.api_server_count)
          address, sock = setup_server(args)
      """, ["launcher: order"], found: #"["client addresses", "HTTP socket","#,
      place: "vllm/entrypoints/openai/api_server.py:"),
    Alteration(
      "a port more is drawn for the group", "config/parallel.py", "range(5)", "range(6)",
      ["group: ports drawn"], found: "has 6, the model 5"),
    Alteration(
      "a port more is probed", "v1/engine/utils.py",
      "        inputs=[get_engine_client_zmq_addr(local, host) for _ in range(servers)],",
      "        inputs=[get_engine_client_zmq_addr(local, host) for _ in range(servers + 1)],",
      [
        "client addresses: ports probed for 4 API servers", "single API server: order",
      ], found: "probe"),
    Alteration(
      "the probe sets SO_REUSEADDR", "utils/network_utils.py", #"        probe.bind(("", 0))"#,
      """
              probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
              probe.bind(("", 0))
      """, ["probe: calls"], found: "SO_REUSEADDR=1"),
    Alteration(
      "another text", "v1/utils.py", "the API server {name} ended", "{name} is gone",
      ["text: an API server died"], found: "ApiServer_1 is gone"),
    Alteration(
      "a longer timeout of the coordinator", "v1/engine/coordinator.py", "timeout=30", "timeout=60",
      ["timeout: coordinator"], found: "has 60000, the model 30000"),
    Alteration(
      "a shorter wait for the init message", "v1/engine/core.py", "5 * 60_000", "60_000",
      ["timeout: init message"], found: "has 60000"),
    Alteration(
      "a field more in READY", "v1/engine/core.py",
      #"ready = {"status": "READY", "local": local, "headless": headless}"#,
      #"ready = {"status": "READY", "local": local, "headless": headless, "blocks": 1}"#,
      ["READY: fields"], found: #""blocks""#),
    Alteration(
      "a field more in the init message", "v1/engine/utils.py",
      #"settings = {"data_parallel_size": parallel.data_parallel_size}"#,
      #"settings = {"data_parallel_size": parallel.data_parallel_size, "port": 1}"#,
      ["init: parallel_config"], found: #""port""#),
    Alteration(
      "no SO_REUSEPORT", "entrypoints/openai/api_server.py",
      "    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n", "",
      ["HTTP: the launcher's calls", "HTTP: the calls of a single API server"],
      found: #"["socket AF_INET SOCK_STREAM", "SO_REUSEADDR=1", "bind *:8000"], the model"#),
    Alteration(
      "the coordinator publishes before it collects", "v1/engine/coordinator.py",
      """
              output = make_zmq_socket(self.ctx, back_output_address, zmq.PULL)
              back = make_zmq_socket(self.ctx, back_publish_address, zmq.XPUB)
      """,
      """
              back = make_zmq_socket(self.ctx, back_publish_address, zmq.XPUB)
              output = make_zmq_socket(self.ctx, back_output_address, zmq.PULL)
      """, ["coordinator: sockets"],
      found: #"["XPUB bind ipc", "XPUB bind tcp:0", "PULL bind tcp:0"]"#),
    Alteration(
      "a high-water mark", "utils/network_utils.py", "zmq.RCVHWM, 0", "zmq.RCVHWM, 9",
      ["options: ROUTER", "options: PULL", "options: DEALER"], found: "RCVHWM=9"),
    Alteration(
      "one I/O thread", "v1/engine/core_client.py", "io_threads=2", "io_threads=1",
      ["API server: io threads"], found: "has 1, the model 2"),
    Alteration(
      "first frames of other launches end the API server", "v1/engine/core_client.py",
      "            awaited.remove(identity)\n",
      "            awaited.remove(identity)\n            assert frame == config\n",
      ["API server: a first frame of another launch"],
      found: #"has "the API server ends", the model "taken""#),
    Alteration(
      "a longer linger", "v1/engine/core.py", "linger=4000", "linger=9000",
      ["linger: an engine core's outputs"], found: "has 9000"),
    Alteration(
      "API servers start before Ray's actors are there", "v1/engine/utils.py",
      "        ray.get(groups)\n", "        pass\n", ["ray", "Ray: order"],
      found: "cannot be found",
      place: "vLLM 0.0.0"),
    Alteration(
      "a function that is gone", "v1/executor/uniproc_executor.py", "_distributed_args", "_renamed",
      ["rendezvous", "rendezvous: ports probed for one worker"], found: "cannot be found",
      place: "vLLM 0.0.0"),
  ]
}

/// The release of our own.
enum Sample {
  static let hasPython = Findings.hasPython
  private static let folder = Built.repository + "/Tests/VLLMTests/Sample"

  private static let unaltered = Result { try Findings.ofRelease(folder) }

  static func findings(altered alteration: Alteration? = nil) throws -> Findings {
    guard let alteration else { return try unaltered.get() }
    let scratch = try ScratchFolder()
    let copy = scratch.path + "/release"
    try FileManager.default.copyItem(atPath: folder, toPath: copy)
    let file = copy + "/" + alteration.file
    let text = try String(contentsOfFile: file, encoding: .utf8)
    guard text.components(separatedBy: alteration.from).count == 2 else {
      throw TestFailure("\(alteration.file) does not have once: \(alteration.from)")
    }
    try text.replacingOccurrences(of: alteration.from, with: alteration.to).write(
      toFile: file, atomically: false, encoding: .utf8)
    return try Findings.ofRelease(copy)
  }

  /// What the unaltered sample does, in the model's place.
  static func asModel() throws -> [String: Value] {
    Dictionary(
      uniqueKeysWithValues: try findings().claims.compactMap { claim in
        claim.value.map { (claim.name, $0) }
      })
  }
}
