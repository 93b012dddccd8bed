import Glibc

/// A mutex with a condition variable. `Synchronization.Mutex` has no way to wait, and a loader must not spin.
///
/// Unchecked because the compiler cannot see that POSIX mutexes and condition variables may be used from any thread; both live at a fixed
/// address for the life of the object.
final class Monitor: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  init() {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func lock() { pthread_mutex_lock(mutex) }
  func unlock() { pthread_mutex_unlock(mutex) }

  /// Releases the lock, sleeps until notified, and takes it again; may return early, so callers test their condition in a loop.
  func wait() { pthread_cond_wait(condition, mutex) }
  func notifyAll() { pthread_cond_broadcast(condition) }
}
