internal import CLinuxShims
internal import Glibc
internal import Launching

// Started by the harness as: bindstorm-worker HARNESS-PID namespace|no-namespace
// with the shared region at descriptor 3 and the control channel at descriptor 4; or by one of its own
// launchers as an API server, see `ServerRole.run(arguments:)`; or in place of `bindstorm adapter-check`.
let arguments = CommandLine.arguments
if arguments.count == 6, arguments[1] == ServerRole.command {
  let numbers = arguments[2...].compactMap { Int($0) }
  guard numbers.count == 4 else { die("wrong arguments for an API server") }
  ServerRole.run(arguments: numbers)
}
if arguments.count > 1, arguments[1] == AdapterCheckRole.command {
  AdapterCheckRole.run(arguments[2...])
}
guard arguments.count == 3, let harness = Int32(arguments[1]) else {
  die("started by bindstorm only; it has no use of its own")
}
HostRole(harness: harness, allowNamespace: arguments[2] == "namespace").run()
