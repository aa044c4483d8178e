internal import CLinuxShims
internal import Glibc
internal import PlanModel
internal import Syscalls

/// How an adapter is started: its pipes, and what its child process does until it executes the program.
extension AdapterProcess {
  /// Descriptors in one direction.
  typealias Pipe = (read: Int32, write: Int32)

  static func pipe(_ opened: inout [Int32]) throws(SystemError) -> Pipe {
    var ends: (Int32, Int32) = (-1, -1)
    let result = withUnsafeMutableBytes(of: &ends) {
      bs_pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    guard result == 0 else { throw SystemError("pipe2", code: result) }
    opened += [ends.0, ends.1]
    return (ends.0, ends.1)
  }

  /// In the keeper's child: executes the program.
  static func become(
    _ command: AdapterCommand, _ ends: AdapterKeeper.Ends, forced: ForcedProgram?, isLaunch: Bool
  ) -> Never {
    _ = dup2(ends.error, 2)
    func fail(_ what: String) -> Never {
      let line = "cannot start \(command.words[0]): \(what)\n"
      _ = write(2, line, line.utf8.count)
      _exit(127)
    }
    guard chdir(command.folder) == 0 else {
      fail("\(command.folder): \(ErrorNumber.text(errno))")
    }
    if let forced {
      let nothing = open("/dev/null", O_RDONLY)
      let from =
        isLaunch
        ? [nothing, ends.error, ends.error, -1]
        : [ends.input, ends.output, ends.error, ends.listeners]
      if !isLaunch {
        setenv(AdapterProtocol.versionVariable, "\(AdapterProtocol.version)", 1)
      }
      let code = bs_keep_descriptors(from, [0, 1, 2, AdapterProtocol.listenerDescriptor], 4)
      guard code == 0 else { fail(ErrorNumber.text(code)) }
      forced.run()
    }
    setenv(AdapterProtocol.versionVariable, "\(AdapterProtocol.version)", 1)
    var vector = command.words.map { strdup($0) }
    vector.append(nil)
    let code = bs_exec_with_descriptors(
      command.words[0], vector, [ends.input, ends.output, ends.error, ends.listeners],
      [0, 1, 2, AdapterProtocol.listenerDescriptor], 4)
    fail(ErrorNumber.text(code))
  }
}
