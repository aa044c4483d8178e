internal import Adapters
internal import Glibc
internal import PlanModel
internal import Strategies
internal import Syscalls
internal import TerminalText

/// `bindstorm adapter-check`: tests an adapter in its own network namespace, if one is available.
enum AdapterCheckRole {
  /// First argument.
  static let command = "adapter-check"

  /// - Parameter arguments: API servers, milliseconds, and the adapter's command.
  static func run(_ arguments: ArraySlice<String>) -> Never {
    var words = arguments
    guard let servers = words.popFirst().flatMap({ Int($0) }),
      let timeout = words.popFirst().flatMap({ Int($0) }), !words.isEmpty
    else { die("wrong arguments for adapter-check") }
    let entered = Namespace.enter(allowed: true)
    if entered.how == .none {
      let line = "bindstorm: warning: no network namespace (\(entered.problem))\n"
      _ = write(2, line, line.utf8.count)
    }
    var suite = AdapterConformance(
      command: AdapterCommand(words: Array(words), folder: "."), apiServers: servers,
      timeoutMilliseconds: timeout)
    switch suite.run() {
    case .unavailable(let reason):
      say("unavailable: \(reason)")
      exit(69)
    case .examined(let findings):
      for finding in findings {
        if let violation = finding.violation {
          say("VIOLATED  \(finding.rule): \(violation)")
        } else if let blocker = finding.blocker {
          say("not tried \(finding.rule): it builds on \(blocker)")
        } else {
          say("ok        \(finding.rule)")
        }
      }
      let violated = findings.count { $0.violation != nil }
      let blocked = findings.count { $0.blocker != nil }
      let kept = findings.count - violated - blocked
      say(
        "\(kept) \(kept == 1 ? "rule" : "rules") kept, "
          + (blocked > 0 ? "\(blocked) not tried, " : "") + "\(violated) violated")
      exit(violated == 0 ? 0 : 1)
    }
  }

  private static func say(_ line: String) {
    do throws(SystemError) {
      try FileBytes.write((TerminalText.safe(line) + "\n").utf8, to: 1)
    } catch {
      let text = "bindstorm: cannot write to standard output: \(ErrorNumber.text(error.code))\n"
      _ = write(2, text, text.utf8.count)
      exit(74)
    }
  }
}
