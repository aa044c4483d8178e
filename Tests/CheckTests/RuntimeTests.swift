import Foundation
import TestSupport
import Testing

/// Every runtime's probe-then-bind is seen without a collision, and fails by the kernel's own errno when it is
/// forced.
@Suite(.serialized) struct RuntimeTests {
  enum Runtime: String, CaseIterable {
    case python, pythonSpawn, pythonFork, pythonForkserver, zmq, zmqSpawn, zmqFork, zmqForkserver
    case raw, rawChild, go, goExec, rust, rustStatic, node, java, swift, shellTree, emptyEnvironment

    func command() throws -> [String] {
      let launcher = Victim.script("launcher.py")
      switch self {
      case .python: return [try Victim.python(), launcher, "plain"]
      case .pythonSpawn: return [try Victim.python(), launcher, "spawn"]
      case .pythonFork: return [try Victim.python(), launcher, "fork"]
      case .pythonForkserver: return [try Victim.python(), launcher, "forkserver"]
      case .zmq: return [try Victim.pythonWithPackages(), launcher, "plain", "zmq"]
      case .zmqSpawn: return [try Victim.pythonWithPackages(), launcher, "spawn", "zmq"]
      case .zmqFork: return [try Victim.pythonWithPackages(), launcher, "fork", "zmq"]
      case .zmqForkserver: return [try Victim.pythonWithPackages(), launcher, "forkserver", "zmq"]
      case .raw: return [try Victim.c("raw")]
      case .rawChild: return [try Victim.c("raw"), "child"]
      case .go: return [try Victim.go()]
      case .goExec: return [try Victim.go(), "exec"]
      case .rust: return [try Victim.rust(isStatic: false)]
      case .rustStatic: return [try Victim.rust(isStatic: true)]
      case .node:
        guard let node = Place.executable("node") else { throw Missing(description: "no node") }
        return [node, Victim.script("probe.js")]
      case .java:
        let folder = try Victim.java()
        return [Place.executable("java")!, "-Xshare:auto", "-cp", folder, "Probe"]
      case .swift: return [try Victim.swift()]
      case .shellTree:
        return [
          "/bin/sh", "-c", "sh -c \"sh -c '\(try Victim.c("raw")) child'; exit \\$?\"; exit $?",
        ]
      case .emptyEnvironment: return ["/usr/bin/env", "-i", try Victim.c("raw")]
      }
    }
  }

  @Test(arguments: Runtime.allCases) func `its race is found though nothing collides`(
    _ runtime: Runtime
  ) throws {
    let command = try skipIfMissing { try runtime.command() }
    let checked = try check([], command)
    #expect(checked.ended.lines == ["ok"])
    #expect(checked.ended.status == 66)
    #expect(checked.report.verdicts == ["RACE"])
    #expect(checked.report.unobservedCalls == 0)
    let place = try #require(checked.report.places.first)
    #expect(place.result == 0)
    #expect(place.windowNanoseconds != nil)
  }

  @Test(arguments: Runtime.allCases, ["lazy", "eager"]) func `it fails when it is forced`(
    _ runtime: Runtime, _ steal: String
  ) throws {
    let command = try skipIfMissing { try runtime.command() }
    let checked = try check(["--steal", steal, "--exit-code", "0"], command)
    #expect(checked.ended.status == 3)
    #expect(checked.ended.output.hasPrefix("failed"))
    #expect(checked.report.stolen == 1)
    let place = try #require(checked.report.places.first)
    #expect(place.verdict == "RACE" && place.result == 98 && place.owner?.isThief == true)
  }

  @Test(arguments: Runtime.allCases) func `it is found and fails without descriptors of others too`(
    _ runtime: Runtime
  ) throws {
    let command = try skipIfMissing { try runtime.command() }
    let found = try check(["--mode", "fallback"], command)
    #expect(found.report.mode == "fallback")
    #expect(found.ended.lines == ["ok"])
    #expect(found.report.verdicts == ["RACE"])
    let forced = try check(["--mode", "fallback", "--steal", "lazy", "--exit-code", "0"], command)
    #expect(forced.ended.status == 3)
    #expect(forced.ended.output.hasPrefix("failed"))
  }

  @Test(arguments: [Runtime.pythonSpawn, .zmqSpawn]) func `a fixed launcher has no race`(
    _ runtime: Runtime
  ) throws {
    let command = try skipIfMissing { try runtime.command() }
    let kind = command.last == "zmq" ? [] : ["tcp"]
    let checked = try check([], command + kind + ["fixed"])
    #expect(checked.ended.status == 0)
    #expect(checked.report.places.isEmpty)
    #expect(checked.report.portsChosenByKernel == 1, "nothing was seen, so nothing was proved")
  }

  /// The kernel binds an internet socket by an address of 16 bytes and more. 20 is the size of a packet socket's.
  @Test(arguments: [16, 20, 28, 128]) func `a bind is caught whatever length it gives`(
    _ length: Int
  ) throws {
    let checked = try check([], [try Victim.c("raw"), "child", "\(length)"])
    #expect(checked.report.verdicts == ["RACE"])
    #expect(checked.ended.lines == ["ok"])
  }

  /// Each of N separate trees fails; without a thief none does. In a namespace of its own nobody else can take
  /// the port, so neither count has a chance in it.
  @Test(arguments: ["lazy", "eager"]) func `every one of many separate trees fails`(
    _ steal: String
  ) throws {
    let trials = Int(ProcessInfo.processInfo.environment["CHECK_TRIALS"] ?? "") ?? 20
    let command = [try Victim.c("raw"), "child"]
    for trial in 1...trials {
      let checked = try check(["--steal", steal, "--exit-code", "0"], command)
      #expect(checked.ended.status == 3, "trial \(trial)")
    }
  }
}
