internal import Glibc

/// A thread of this process that runs a body to its end (pthread_create(3)). For work that blocks in the kernel: tasks of
/// Swift's concurrency share a few threads and must not block.
public struct BlockingThread: ~Copyable {
  private let handle: pthread_t

  /// Starts the thread.
  /// - Throws: the error of pthread_create(3): a limit of the host.
  public init(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Body(run: body))
    let code = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    guard code == 0 else {
      box.release()
      throw SystemError("pthread_create", code: code)
    }
    handle = thread
  }

  /// Waits until the body has returned.
  public consuming func join() { pthread_join(handle, nil) }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }
}
