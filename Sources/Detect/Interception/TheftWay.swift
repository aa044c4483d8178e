/// What a thief does with a stolen port.
public enum TheftWay: String, Sendable, CaseIterable {
  /// Holds it: the re-bind fails with EADDRINUSE.
  case hold
  /// Joins it where the victim sets SO_REUSEPORT: both binds succeed, and the thief closes the connections it gets.
  case reuseport
  /// Takes a released number when somebody connects to it, and closes each connection.
  case answer
  /// Holds it and listens, and answers HTTP requests with 200, as the server of a stranger would.
  case stranger
}

/// The options of a socket that decide whether it can share a port.
struct SocketOptions {
  var reusesAddress = false
  var reusesPort = false

  static let none = SocketOptions()
}
