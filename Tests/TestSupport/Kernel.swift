import CLinuxShims
import Foundation
import Glibc

/// A process as /proc shows it.
public struct ProcessRecord: Sendable {
  public let pid: Int32
  public let parent: Int32
  public let name: String
  /// State letter of proc_pid_stat(5); a zombie (Z) has let go of everything.
  public let state: Character
  public var isRunning: Bool { state != "Z" && state != "X" }
}

/// What the kernel knows about processes, namespaces and sockets.
public enum Kernel {
  /// A process; nil when it is gone.
  public static func process(_ pid: Int32) -> ProcessRecord? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
    else { return nil }
    let rest = text[text.index(after: close)...].split(separator: " ")
    guard rest.count > 2, let parent = Int32(rest[1]), let state = rest[0].first else { return nil }
    return ProcessRecord(
      pid: pid, parent: parent, name: String(text[text.index(after: open)..<close]), state: state)
  }

  /// A command line in a user namespace that allows no network namespace.
  public static func withoutNetworkNamespaces(_ line: [String]) -> [String] {
    [
      "unshare", "-Ur", "sh", "-c",
      #"echo 0 > /proc/sys/user/max_net_namespaces && exec "$0" "$@""#,
    ] + line
  }

  /// Whether this host has IPv6 on loopback.
  public static let hasIPv6Loopback =
    (try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8))?
    .hasPrefix("00000000000000000000000000000001 ") ?? false

  /// Whether the process runs: gone and zombie are the same here, since not every init reaps at once.
  public static func isRunning(_ pid: Int32) -> Bool { process(pid)?.isRunning ?? false }

  /// All processes.
  public static func processes() -> [ProcessRecord] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [])
      .compactMap { Int32($0) }.compactMap(process)
  }

  /// The running processes below one.
  public static func descendants(of pid: Int32) -> [ProcessRecord] {
    let children = Dictionary(grouping: processes(), by: \.parent)
    var found: [ProcessRecord] = []
    var left = [pid]
    while let next = left.popLast() {
      for child in children[next] ?? [] where child.isRunning {
        found.append(child)
        left.append(child.pid)
      }
    }
    return found
  }

  /// The network namespace of a process, as `net:[number]`; nil when it is gone.
  public static func networkNamespace(of pid: Int32) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/net")
  }

  /// Whether any process, descriptor or mount keeps the namespace in being.
  public static func holders(ofNamespace name: String) -> [String] {
    var found: [String] = []
    for process in processes() where process.isRunning {
      if networkNamespace(of: process.pid) == name { found.append("\(process)") }
      for link in descriptors(of: process.pid) where link == name {
        found.append("descriptor of \(process)")
      }
    }
    let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    if mounts.contains(name) { found.append("a mount") }
    return found
  }

  /// What the open descriptors of a process point to.
  public static func descriptors(of pid: Int32) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []).compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
    }
  }

  /// Lines of a namespace's /proc/net/tcp on ports in the range: local port, state and inode.
  public static func sockets(
    of pid: Int32? = nil, in range: ClosedRange<Int> = 1...65_535
  ) throws -> Set<String> {
    let text = try String(contentsOfFile: "/proc/\(pid ?? getpid())/net/tcp", encoding: .utf8)
    return Set(
      text.split(separator: "\n").dropFirst().compactMap { line -> String? in
        let words = line.split(separator: " ")
        guard words.count > 9, let port = words[1].split(separator: ":").last,
          let number = Int(port, radix: 16), range.contains(number)
        else { return nil }
        return "\(number) state \(words[3]) inode \(words[9])"
      })
  }

  /// The sockets of this process's namespace that listen or are bound, on ports in the range, by sock_diag:
  /// /proc/net/tcp does not show those that are only bound.
  public static func listeningOrBound(in range: ClosedRange<Int>) throws -> Set<String> {
    var records = [bs_socket_record](repeating: bs_socket_record(), count: 65_536)
    let states = BS_SOCKETS_LISTENING.rawValue | BS_SOCKETS_BOUND.rawValue
    let count = bs_list_sockets(states, 0, &records, Int32(records.count))
    guard count >= 0 else { throw TestFailure("sock_diag: \(String(cString: strerror(-count)))") }
    return Set(
      records.prefix(Int(count)).filter { range.contains(Int($0.port)) }.map {
        "\($0.port) listens \($0.is_listening) inode \($0.inode)"
      })
  }

  /// Whether this process may make network namespaces as root.
  public static let isRoot = geteuid() == 0

  /// Whether a program that this process starts can have a network namespace of its own, set up as a run's is: as
  /// root, or inside a user namespace.
  public static let allowsNamespaces = [["-n"], ["-Urn"]].contains { flags in
    let setUp = ["sh", "-c", "echo 0 > /proc/sys/net/ipv4/tcp_max_tw_buckets"]
    return (try? Program.run(["unshare"] + flags + setUp, atMost: 10))?.ending == .exit(0)
  }

  /// Whether this host lets anybody have a network namespace inside a user namespace.
  public static let allowsUserNamespaces: Bool = {
    let finished = try? Program.run(["unshare", "-Urn", "true"], atMost: 10)
    return finished?.ending == .exit(0)
  }()
}
