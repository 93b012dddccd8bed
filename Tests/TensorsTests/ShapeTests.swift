import GlissadeTensors
import Testing

struct ShapeTests {
  @Test func extents() {
    let shape: Shape = [2, 3, 5]
    #expect(shape.rank == 3)
    #expect(shape.count == 30)
    #expect(shape[0] == 2)
    #expect(shape[-1] == 5)
    #expect(shape[-3] == 2)
    #expect(shape.strides == [15, 5, 1])
    #expect(shape.description == "[2, 3, 5]")
  }

  @Test func scalar() {
    let shape: Shape = []
    #expect(shape.rank == 0)
    #expect(shape.count == 1)
    #expect(shape.strides == [])
    #expect(shape.isUsable)
    #expect(shape.description == "[]")
  }

  /// An axis that is not there is no trap.
  @Test func absentAxes() {
    let shape: Shape = [2, 3]
    #expect(shape[2] == 0)
    #expect(shape[-3] == 0)
    #expect(Shape([])[-1] == 0)
  }

  @Test func sizesThatKernelsCannotIndex() {
    #expect(Shape([Int.max, 2]).count == .max)
    #expect(!Shape([1 << 16, 1 << 16]).isUsable)
    #expect(Shape([Int(Int32.max)]).isUsable)
    #expect(!Shape([Int(Int32.max) + 1]).isUsable)
    #expect(!Shape([3, 0]).isUsable)
    #expect(!Shape([3, -1]).isUsable)
  }

  @Test(
    arguments: [
      ([2, 3], [2, 3], [2, 3]), ([2, 3], [3], [2, 3]), ([2, 3], [], [2, 3]), ([2, 1], [1, 3], [2, 3]), ([5, 1, 7], [4, 1], [5, 4, 7]),
      ([1], [1, 1], [1, 1]), ([], [], []),
    ] as [([Int], [Int], [Int])])
  func broadcasting(a: [Int], b: [Int], result: [Int]) {
    #expect(Shape(a).broadcast(with: Shape(b)) == Shape(result))
    #expect(Shape(b).broadcast(with: Shape(a)) == Shape(result))
  }

  @Test(arguments: [([2, 3], [2]), ([2, 3], [3, 3]), ([4, 1, 2], [3, 3])] as [([Int], [Int])])
  func shapesThatDoNotBroadcast(a: [Int], b: [Int]) {
    #expect(Shape(a).broadcast(with: Shape(b)) == nil)
    #expect(Shape(b).broadcast(with: Shape(a)) == nil)
  }

  @Test func spreadOverACanvas() {
    func access(_ shape: Shape, _ result: Shape) -> BroadcastAccess? { shape.access(in: result)?.access }
    #expect(access([4, 5], [4, 5]) == .full)
    #expect(access([1, 4, 5], [4, 5]) == .full)
    #expect(access([], [4, 5]) == .scalar)
    #expect(access([1, 1], [4, 5]) == .scalar)
    #expect(access([5], [4, 5]) == .column)
    #expect(access([3, 5], [4, 3, 5]) == .column)
    #expect(access([4, 1], [4, 5]) == .row)
    #expect(access([4, 3, 1], [4, 3, 5]) == .row)
    #expect(access([4, 1, 5], [4, 3, 5]) == nil)
    #expect(access([1, 3, 1], [4, 3, 5]) == nil)
    #expect(Shape([3, 5]).access(in: [4, 3, 5])?.columns == 15)
    #expect(Shape([4, 1, 1]).access(in: [4, 3, 5])?.columns == 15)
  }
}
