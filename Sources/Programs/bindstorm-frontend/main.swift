internal import CLinuxShims
internal import Glibc
internal import StartupProtocol

// Started only by bindstorm-worker: by an API server to answer HTTP for it, or by a launcher to send requests. The
// channel to the process that started it and the shared listener have fixed descriptors, see
// `FrontEndCommand.Descriptor`.
//
// Not CommandLine.arguments, which is empty if /proc cannot be read.
var count: Int32 = 0
let vector = bs_arguments(&count)
let arguments = (0..<Int(count)).compactMap { vector[$0].map { String(cString: $0) } }
switch FrontEndCommand(arguments.dropFirst()) {
case .serve(let launch, let server): Gateway.run(launch: launch, server: server)
case .ask(let questions): Asker.run(questions)
case nil:
  let line = "bindstorm-frontend: started by bindstorm only; it has no use of its own\n"
  _ = write(2, line, line.utf8.count)
  exit(64)
}
