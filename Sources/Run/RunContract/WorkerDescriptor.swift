/// Descriptors with which a worker host is started.
public enum WorkerDescriptor {
  /// The shared region's file.
  public static let region: Int32 = 3
  /// The control channel; in an API server that was started by exec, its channel to the launcher.
  public static let control: Int32 = 4
  /// The run's private folder.
  public static let scratch: Int32 = 5
  /// In an API server that was started by exec, the sockets that it was handed.
  public static let handedInput: Int32 = 6
  public static let handedOutput: Int32 = 7
  /// In the same API server, its launch's HTTP listener and the pipe whose end starts the measurement.
  public static let httpListener: Int32 = 8
  public static let measurement: Int32 = 9
}

/// How a run is isolated from the host.
public enum Isolation: Int64, Sendable, Codable {
  /// A network namespace made as root.
  case namespace = 1
  /// A network namespace inside an unprivileged user namespace.
  case userNamespace = 2
  /// None: trials run among the host's own ports.
  case none = 3
}
