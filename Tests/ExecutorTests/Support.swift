import CExecutor
import Foundation
import Testing

/// An executor that is destroyed with its last reference.
final class Pool: @unchecked Sendable {
  let pointer: OpaquePointer

  init(_ threads: Int32) throws { pointer = try #require(executor_create(threads)) }

  deinit { executor_destroy(pointer) }

  func run(_ launches: [ExecutorLaunch]) { executor_run(pointer, launches, launches.count) }
}

/// Zeroed memory that kernels read and write.
final class Cells: @unchecked Sendable {
  let base: UnsafeMutablePointer<UInt32>
  let count: Int

  init(_ count: Int) {
    self.count = count
    base = .allocate(capacity: count)
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }

  subscript(index: Int) -> UInt32 {
    get { base[index] }
    set { base[index] = newValue }
  }

  var values: [UInt32] { (0..<count).map { base[$0] } }
}

/// Two rings that launches compute from one another, each cell from its neighbours.
struct Rings: Sendable {
  let count: Int
  let even: Cells
  let odd: Cells

  init(count: Int) {
    self.count = count
    even = Cells(count)
    odd = Cells(count)
  }

  func launches(_ rounds: Int) -> [ExecutorLaunch] {
    (0..<rounds).map { launch(addNeighbours, $0 % 2 == 0 ? [even, odd] : [odd, even], size: [count, 1, 1], chunk: $0 % 4) }
  }

  func result(_ rounds: Int) -> [UInt32] { rounds % 2 == 0 ? even.values : odd.values }

  static func expected(count: Int, rounds: Int) -> [UInt32] {
    var ring = [UInt32](repeating: 0, count: count)
    for _ in 0..<rounds {
      ring = ring.indices.map { neighbours(left: ring[($0 + count - 1) % count], right: ring[($0 + 1) % count], index: $0) }
    }
    return ring
  }
}

/// What an observer was told, and what it saw in the first cell.
final class Record {
  let cells: Cells
  let thread = pthread_self()
  var indices: [Int] = []
  var nanoseconds: [UInt64] = []
  var firstCell: [UInt32] = []
  var onCallingThread = true

  init(_ cells: Cells) { self.cells = cells }

  func note(_ index: Int, _ nanoseconds: UInt64) {
    indices.append(index)
    self.nanoseconds.append(nanoseconds)
    firstCell.append(cells[0])
    if pthread_equal(thread, pthread_self()) == 0 { onCallingThread = false }
  }
}

typealias Kernel = @convention(c) (UnsafePointer<UnsafeMutableRawPointer?>?, UnsafeRawPointer?, UnsafeRawPointer?) -> Void

func launch(_ kernel: @escaping Kernel, _ buffers: [Cells], size: [Int], chunk: Int = 0) -> ExecutorLaunch {
  var launch = ExecutorLaunch()
  launch.run = kernel
  launch.size = (size[0], size[1], size[2])
  launch.chunk = chunk
  withUnsafeMutableBytes(of: &launch.buffers) { slots in
    let slots = slots.bindMemory(to: UnsafeMutableRawPointer?.self)
    for (index, cells) in buffers.enumerated() { slots[index] = UnsafeMutableRawPointer(cells.base) }
  }
  return launch
}

// MARK: - Kernels

private func cells(_ buffers: UnsafePointer<UnsafeMutableRawPointer?>?, _ index: Int) -> UnsafeMutablePointer<UInt32> {
  buffers![index]!.assumingMemoryBound(to: UInt32.self)
}

private func item(_ pointer: UnsafeRawPointer?) -> ExecutorItem { pointer!.load(as: ExecutorItem.self) }

private func neighbours(left: UInt32, right: UInt32, index: Int) -> UInt32 { left &* 3 &+ right &+ UInt32(index) }

/// Adds the item's linear number plus one to its cell.
let countVisit: Kernel = { buffers, _, pointer in
  let item = item(pointer)
  let place = item.id.0 + item.size.0 * (item.id.1 + item.size.1 * item.id.2)
  cells(buffers, 0)[place] &+= UInt32(place) + 1
}

let increment: Kernel = { buffers, _, pointer in cells(buffers, 0)[item(pointer).id.0] += 1 }

let scale: Kernel = { buffers, parameters, pointer in
  cells(buffers, 0)[item(pointer).id.0] *= parameters!.load(as: UInt32.self)
}

/// Adds the 600 cells of buffer 0 to the only cell of buffer 1.
let addAll: Kernel = { buffers, _, _ in
  for index in 0..<600 { cells(buffers, 1)[0] += cells(buffers, 0)[index] }
}

let addNeighbours: Kernel = { buffers, _, pointer in
  let item = item(pointer)
  let from = cells(buffers, 0)
  let (index, count) = (item.id.0, item.size.0)
  cells(buffers, 1)[index] = neighbours(left: from[(index + count - 1) % count], right: from[(index + 1) % count], index: index)
}

let nap: Kernel = { _, _, _ in usleep(20_000) }

/// Sleeps, and writes which thread it ran on.
let napAndSign: Kernel = { buffers, _, pointer in
  usleep(5_000)
  cells(buffers, 0)[item(pointer).id.0] = threadNumber()
}

func threadNumber() -> UInt32 { UInt32(truncatingIfNeeded: UInt(pthread_self()) >> 12) }
