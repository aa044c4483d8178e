internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Thieves that listen and close each connection.
extension Supervisor {
  /// Lets a thief's socket listen; its connections are accepted in the loop.
  func answer(on socket: Int32) {
    guard Glibc.listen(socket, 128) == 0 else { return }
    // A client may be gone before its connection is accepted.
    let flags = fcntl(socket, F_GETFL)
    _ = fcntl(socket, F_SETFL, flags | O_NONBLOCK)
    answering.append(socket)
  }

  /// Accepts what waits, and closes it.
  func acceptConnections() {
    for socket in answering {
      while true {
        let connection = accept(socket, nil, nil)
        if connection < 0 { break }
        close(connection)
        observation.answered += 1
      }
    }
  }
}
