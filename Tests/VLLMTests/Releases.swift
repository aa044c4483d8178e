import Foundation
import PlanModel

/// The releases that the tests are given, and what is known of them.
enum Releases {
  static let folders = (ProcessInfo.processInfo.environment["BINDSTORM_VLLM"] ?? "")
    .split(separator: ":").map(String.init)

  /// A release and the variant that stands for it: the handover of listeners began after 0.19.
  static func variant(of version: String) -> Startup.Variant {
    version.compare("0.20", options: .numeric) == .orderedAscending ? .v019 : .fixed
  }

  static let deviations: [Deviation] = [
    Deviation(
      "READY: fields",
      .texts([
        "status", "local", "headless", "num_gpu_blocks", "dp_stats_address", "parallel_config_hash",
      ]), .texts(["status", "local", "headless", "parallel_config_hash"]), row: "7"),
    Deviation("linger: where none is given", .number(-1), .number(0), row: "11"),
    Deviation(
      "options: PULL's buffer on a large host", .number(512 << 20), .number(-1), row: "11"),
  ]
}
