import Foundation
import TestSupport
import Testing

/// What works under the restrictions of a container's runtime (`Victims/container.c`), and what the rest is said to need.
@Suite(
  .serialized, .timeLimit(.minutes(15)),
  .enabled(if: Kernel.isRoot, "needs root to restrict a process"))
struct ContainerTests {
  /// Restrictions by the options that grant something.
  enum Box: String, CaseIterable, CustomTestStringConvertible {
    case docker = "--runtime docker"
    case oldDocker = "--runtime docker-20.10"
    case podman = "--runtime podman"
    /// Kubernetes' policy "restricted".
    case restricted = "--cap-drop-all --no-new-privileges --user 65534"
    case withoutNetworkNamespaces =
      "--cap-add sys_admin --cap-add net_admin --limit max_net_namespaces"
    case withoutUserNamespaces =
      "--runtime podman --systempaths unconfined --user 1000 --limit max_user_namespaces"
    case dockerWithNamespaces = "--cap-add sys_admin --cap-add net_admin"
    case dockerWithInspection = "--cap-add sys_ptrace"
    case dockerWithUserNamespaces = "--seccomp unconfined --systempaths unconfined"
    case restrictedWithUserNamespaces =
      "--seccomp unconfined --systempaths unconfined --cap-drop-all --no-new-privileges --user 65534"
    case podmanWithUserNamespaces = "--runtime podman --systempaths unconfined"

    var testDescription: String { rawValue }

    /// How `run` is isolated in it; nil if it is not.
    var isolation: String? {
      switch self {
      case .docker, .oldDocker, .podman, .restricted, .withoutNetworkNamespaces,
        .withoutUserNamespaces:
        nil
      case .dockerWithNamespaces: "as root"
      case .dockerWithInspection: nil
      case .dockerWithUserNamespaces, .restrictedWithUserNamespaces, .podmanWithUserNamespaces:
        "inside a user namespace"
      }
    }

    /// Whether the supervisor may take descriptors in it: Docker's profile refuses that without CAP_SYS_PTRACE.
    var isFull: Bool {
      switch self {
      case .docker, .oldDocker, .restricted, .withoutNetworkNamespaces, .dockerWithNamespaces: false
      default: true
      }
    }

    /// What must be said to be in the way of a network namespace, and what grants it.
    var obstacle: (text: String, grant: String)? {
      switch self {
      case .docker, .oldDocker, .restricted, .dockerWithInspection:
        (
          "a seccomp filter applies and CAP_SYS_ADMIN is missing",
          "docker run --user 0 --cap-add SYS_ADMIN --cap-add NET_ADMIN"
        )
      case .podman:
        (
          "/proc/sys is read-only and CAP_SYS_ADMIN is missing",
          "podman run --security-opt unmask=/proc/sys"
        )
      case .withoutNetworkNamespaces:
        ("user.max_net_namespaces is 0", "sysctl -w user.max_net_namespaces=1024 on the host")
      case .withoutUserNamespaces:
        ("user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces=1024 on the host")
      default: nil
      }
    }
  }

  /// Runs a command in a box, in a folder of its own that every user may write.
  private static func run(_ box: Box, _ words: [String], in scratch: ScratchFolder) throws
    -> Finished
  {
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch.path)
    let finished = try Program.run(
      [try Victim.c("container")] + box.rawValue.split(separator: " ").map(String.init) + words,
      folder: scratch.path)
    if finished.status == 69, finished.errorOutput.hasPrefix("container: ") {
      try skip("this host makes no such container: \(finished.errorOutput)")
    }
    return finished
  }

  private static func doctor(_ box: Box, _ words: String...) throws -> DoctorJSON {
    let finished = try run(
      box, [Built.bindstorm, "doctor", "--json"] + words, in: try ScratchFolder())
    let report = try JSONDecoder().decode(DoctorJSON.self, from: Data(finished.output.utf8))
    #expect(report.exitCode == Int(finished.status), "\(finished)")
    return report
  }

  @Test(arguments: Box.allCases)
  func `doctor says what works, and of what does not how to grant it`(_ box: Box) throws {
    let report = try Self.doctor(box)
    let (run, check) = (report.parts[0], report.parts[1])
    #expect(report.exitCode == 0, "both commands work, in whatever way")
    #expect(run.state == (box.isolation == nil ? "weaker" : "works"), "\(run)")
    let namespace = try #require(run.ability("network namespace"))
    if let isolation = box.isolation {
      #expect(namespace.detail == isolation)
      #expect(run.ability("several nodes")?.state == "works", "\(run)")
      #expect(run.ability("private folder")?.state == "works", "\(run)")
    } else {
      let obstacle = try #require(box.obstacle)
      #expect(
        namespace.grants.contains { $0.contains(obstacle.grant) && $0.contains(obstacle.text) },
        "\(namespace)")
    }
    #expect(check.state == (box.isFull ? "works" : "weaker"), "\(check)")
    #expect(
      check.ability("memory of other processes")?.state == (box == .oldDocker ? "weaker" : "works"))
    let descriptors = try #require(check.ability("pidfd_getfd"))
    #expect(descriptors.state == (box.isFull ? "works" : "weaker"))
    #expect(box.isFull || descriptors.grants.contains { $0.contains("--cap-add SYS_PTRACE") })
  }

  /// Another user may not run a Python in root's home.
  private static func racy(_ word: String = "racy") throws -> [String] {
    let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    guard let python else { try skip("no python3 that every user may run") }
    return [python, Victim.script("launcher.py"), "plain", "tcp", word]
  }

  @Test(arguments: Box.allCases)
  func `check finds a race, steals in it and clears a program without one`(_ box: Box) throws {
    let scratch = try ScratchFolder()
    let check = [Built.bindstorm, "check", "--stacks", "0", "--no-py-spy", "--json", "r.json"]
    func judged(_ options: [String], _ command: [String]) throws -> (Finished, Report) {
      try? FileManager.default.removeItem(atPath: scratch.path + "/r.json")
      let finished = try Self.run(box, check + options + ["--"] + command, in: scratch)
      let data = try Data(contentsOf: URL(filePath: scratch.path + "/r.json"))
      return (finished, try JSONDecoder().decode(Report.self, from: data))
    }
    let (found, report) = try judged([], try Self.racy())
    #expect(found.status == 66, "\(found)")
    #expect(report.verdicts == ["RACE"], "\(report)")
    #expect(report.mode == (box.isFull ? "full" : "fallback"))
    #expect(
      found.errorOutput.contains("--cap-add SYS_PTRACE") == !box.isFull,
      "the weaker mode says what grants the other one: \(found)")
    let (stolen, theft) = try judged(["--steal", "lazy"], try Self.racy())
    #expect(stolen.status == 66 && theft.stolen == 1, "\(stolen)")
    let (clean, nothing) = try judged([], try Self.racy("fixed"))
    #expect(clean.status == 0 && nothing.verdicts.isEmpty, "\(clean)")
  }

  @Test(arguments: [Box.docker, .oldDocker, .podman, .restricted])
  func `check tries each window`(_ box: Box) throws {
    let finished = try Self.run(
      box,
      [Built.bindstorm, "check", "--enumerate", "--stacks", "0", "--no-py-spy", "--"]
        + (try Self.racy()), in: try ScratchFolder())
    #expect(finished.status == 66, "\(finished)")
    #expect(finished.errorOutput.contains("1 window"), "\(finished)")
  }

  /// They would keep the ports of small pools for a minute. The container's network is its own: nobody else leaves any.
  @Test func `trials on the host's own ports leave no TIME_WAIT behind`() throws {
    let scratch = try ScratchFolder()
    let smoke = Built.repository + "/Scenarios/smoke.json"
    let words = [Built.bindstorm, "run", smoke, "--only", "fresh-zmq/wildcard-report-back", "-q"]
    let finished = try Self.run(
      .docker, ["/bin/sh", "-c", "\(words.joined(separator: " ")) && cat /proc/net/tcp"],
      in: scratch)
    #expect(finished.status == 0, "\(finished)")
    let header = try #require(finished.lines.firstIndex { $0.contains("local_address") })
    // The fourth word is the state; 06 is TIME_WAIT (net/tcp_states.h).
    let waiting = finished.lines[(header + 1)...].filter {
      $0.split(separator: " ").dropFirst(3).first == "06"
    }
    #expect(waiting.isEmpty, "\(waiting)")
  }

  @Test(arguments: Box.allCases)
  func `run is isolated or says at the head of its reports that it is not`(_ box: Box) throws {
    let scratch = try ScratchFolder()
    let smoke = Built.repository + "/Scenarios/smoke.json"
    // Every kind of worker and socket in one box; how the others are isolated, one scenario shows as well.
    let part = ["--only", "pooled-tcp"]
    let words = [Built.bindstorm, "run", smoke, "-q", "--results", "r"]
    let finished = try Self.run(box, words + (box == .docker ? [] : part), in: scratch)
    let notice = "NOT ISOLATED"
    #expect(finished.output.contains(notice) == (box.isolation == nil), "\(finished)")
    let folder = scratch.path + "/r/smoke/latest"
    for (file, mark) in [
      ("matrix.md", notice), ("matrix.json", #""isIsolated" : false"#), ("junit.xml", notice),
    ] {
      let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
      #expect(text.contains(mark) == (box.isolation == nil), "\(file)")
    }
    // What the trials show is the same on the host's own ports, where nobody else is: its demands hold.
    #expect(finished.status == 0, "\(finished)")
    #expect(!finished.output.contains("DISAGREES"), "\(finished)")
    let required = try Self.run(box, words + part + ["--require-isolation"], in: scratch)
    if let obstacle = box.obstacle, box.isolation == nil {
      #expect(required.status == 69, "\(required)")
      #expect(required.errorOutput.contains(obstacle.grant), "\(required)")
    } else {
      #expect(required.status == 0, "\(required)")
    }
  }
}
