import CExecutor
import GlissadeData

/// Threads that share the pictures of a batch. They sleep between batches.
final class PictureThreads: @unchecked Sendable {
  // Unchecked because the pool is a C pointer: it may be called from any thread, and is destroyed with the last reference.
  private let executor: OpaquePointer

  /// - Parameter count: how many threads, the calling one included; nil for as many as there are processors.
  init(_ count: Int?) throws(DataError) {
    guard let executor = executor_create(Int32(clamping: count ?? 0)) else {
      throw .outOfMemory(what: "the threads that load pictures", bytes: 0)
    }
    self.executor = executor
  }

  deinit { executor_destroy(executor) }

  /// Calls `body` for 0 ..< count, each on some thread, and returns when all are done.
  func each(_ count: Int, _ body: (Int) -> Void) {
    guard count > 0 else { return }
    withoutActuallyEscaping(body) { body in
      let work = Work(body)
      withExtendedLifetime(work) {
        var launch = ExecutorLaunch()
        launch.run = { _, parameters, item in
          guard let parameters, let item else { return }
          let work = Unmanaged<Work>.fromOpaque(parameters).takeUnretainedValue()
          work.body(item.assumingMemoryBound(to: ExecutorItem.self).pointee.id.0)
        }
        launch.parameters = UnsafeRawPointer(Unmanaged.passUnretained(work).toOpaque())
        launch.size = (count, 1, 1)
        launch.chunk = 1
        executor_run(executor, &launch, 1)
      }
    }
  }

  private final class Work {
    let body: (Int) -> Void
    init(_ body: @escaping (Int) -> Void) { self.body = body }
  }
}
