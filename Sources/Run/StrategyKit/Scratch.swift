internal import RunContract

/// Names in the run's private folder.
public enum Scratch {
  /// The path of a file there; the same file in every worker.
  public static func path(_ name: String) -> String {
    "/proc/self/fd/\(WorkerDescriptor.scratch)/\(name)"
  }
}
