import Foundation
import PlanModel
import TestSupport
import Testing

/// What the model claims of vLLM's start-up, held to the sources of a release. `make vllm-sources` fetches releases;
/// BINDSTORM_VLLM names their folders, with colons between them.
@Suite(
  .serialized,
  .enabled(
    if: !Releases.folders.isEmpty,
    "needs a release: `make vllm-sources`, then BINDSTORM_VLLM=FOLDER[:FOLDER]"))
struct ReleaseTests {
  @Test(
    .enabled(if: Findings.missing == nil, Comment(rawValue: Findings.missing ?? "")),
    arguments: Releases.folders)
  func `the model does what the release does`(_ folder: String) throws {
    let release = try Findings.ofRelease(folder)
    let version = try #require(release.version)
    #expect(release.claims.count > 40, "\(folder) has too few claims to prove anything")
    let model = try ModelClaims.all(Releases.variant(of: version))
    for difference in Comparison.differences(
      release: release, model: model, deviations: Releases.deviations)
    {
      Issue.record("\(difference)")
    }
  }

  /// The same claims from stand-ins and from the kernel.
  @Test(
    .enabled(if: Findings.missing == nil, Comment(rawValue: Findings.missing ?? "")),
    arguments: Releases.folders)
  func `the release's helpers ask the kernel for what the stand-ins write down`(
    _ folder: String
  ) throws {
    let live = try Findings.ofHelpers(folder)
    #expect(live.claims.contains { $0.name == "probe: calls" })
    let recorded = try Findings.ofRelease(folder).claims
    for claim in live.claims {
      #expect(recorded.first { $0.name == claim.name }?.value == claim.value, "\(claim.name)")
    }
  }

  @Test(arguments: Releases.folders) func `the document names lines that the release has`(
    _ folder: String
  ) throws {
    let version = try #require(try Findings.ofRelease(folder).version)
    let references = try FidelityDocument().references.filter { version.hasPrefix($0.version) }
    for reference in references {
      let file = folder + "/vllm/" + reference.file
      let lines = try String(contentsOfFile: file, encoding: .utf8).components(separatedBy: "\n")
      let last = reference.last
      guard last <= lines.count else {
        Issue.record("\(reference): the file has \(lines.count) lines")
        continue
      }
      let text = lines[(reference.first - 1)..<last].joined(separator: "\n")
      #expect(text.contains(reference.word), "\(reference): there is \(text)")
    }
  }
}
