internal import CLinuxShims
internal import Glibc
internal import Launching

// Started by the harness only, as: bindstorm-worker HARNESS-PID namespace|no-namespace
// with the shared region at descriptor 3 and the control channel at descriptor 4.
guard CommandLine.arguments.count == 3, let harness = Int32(CommandLine.arguments[1]) else {
  die("started by bindstorm only; it has no use of its own")
}
HostRole(harness: harness, allowNamespace: CommandLine.arguments[2] == "namespace").run()
