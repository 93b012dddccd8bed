import Foundation
import GlissadePlanning
import GlissadeTensors
import StepSupport
import Testing

@testable import ConformanceCases

/// Products and chains large enough for what small ones never take: packed factors, several panels and tiles in each direction, results that
/// are stored past the caches. Checked at some places.
struct LargeProductTests {
  private func run(on device: TestDevice, _ operands: [(shape: Shape, values: [Float])], _ build: ([Tensor]) -> Tensor) throws -> [Float] {
    let graph = Graph()
    let inputs = operands.enumerated().map { graph.input("x\($0)", shape: $1.shape) }
    var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
    request.outputs = ["y": build(inputs)]
    let runner = try StepRunner(request, on: device.device)
    try runner.run(Dictionary(uniqueKeysWithValues: operands.enumerated().map { ("x\($0)", .floats($1.values)) }))
    #expect(try runner.damage() == [], "\(device)")
    return try runner.output("y")
  }

  private func random(_ shape: Shape, _ dice: inout Dice) -> (shape: Shape, values: [Float]) {
    (shape, (0..<shape.count).map { _ in Float(Int64(bitPattern: dice.next() >> 40) - 1 << 23) / Float(1 << 23) })
  }

  @Test(arguments: [
    (300, 530, 520, false, false), (1024, 513, 520, true, false), (260, 515, 530, false, true), (1024, 520, 515, true, true),
  ])
  func matmul(rows: Int, columns: Int, inner: Int, transposesA: Bool, transposesB: Bool) throws {
    var dice = Dice("\(rows) \(columns) \(inner)")
    let a = random(transposesA ? [inner, rows] : [rows, inner], &dice)
    let b = random(transposesB ? [columns, inner] : [inner, columns], &dice)
    let corners = [(0, 0), (rows - 1, columns - 1), (0, columns - 1), (rows - 1, 0)]
    let places = corners + (0..<200).map { _ in (Int(dice.next() % UInt64(rows)), Int(dice.next() % UInt64(columns))) }
    let right = places.map { row, column in
      (0..<inner).reduce(0.0) { sum, k in
        let x = a.values[transposesA ? k * rows + row : row * inner + k]
        return sum + Double(x) * Double(b.values[transposesB ? column * inner + k : k * columns + column])
      }
    }
    for device in TestDevices.all {
      let result = try run(on: device, [a, b]) { $0[0].matmul($0[1], transposeSelf: transposesA, transposeOther: transposesB) }
      #expect(!result.contains { !$0.isFinite }, "\(device)")
      for (place, right) in zip(places, right) {
        let got = result[place.0 * columns + place.1]
        #expect(abs(Double(got) - right) < 5e-5, "\(device) at \(place): \(got) instead of \(right)")
      }
    }
  }

  @Test(arguments: [([2, 17, 18, 64], [130, 3, 3, 64], 1), ([3, 20, 20, 48], [96, 3, 3, 24], 2)] as [([Int], [Int], Int)])
  func convolution(image: [Int], weights: [Int], groups: Int) throws {
    var dice = Dice("\(image)")
    let (x, w) = (random(Shape(image), &dice), random(Shape(weights), &dice))
    let shape = Shape([image[0], image[1], image[2], weights[0]])
    let places = [0, shape.count - 1] + (0..<200).map { _ in Int(dice.next() % UInt64(shape.count)) }
    let right = places.map { position in
      let place = Numbers.places(position, shape)
      let first = place[3] / (weights[0] / groups) * weights[3]
      var sum = 0.0
      for ky in 0..<3 {
        for kx in 0..<3 {
          let (iy, ix) = (place[1] + ky - 1, place[2] + kx - 1)
          guard (0..<image[1]).contains(iy) && (0..<image[2]).contains(ix) else { continue }
          for c in 0..<weights[3] {
            let pixel = x.values[((place[0] * image[1] + iy) * image[2] + ix) * image[3] + first + c]
            sum += Double(pixel) * Double(w.values[((place[3] * 3 + ky) * 3 + kx) * weights[3] + c])
          }
        }
      }
      return sum
    }
    for device in TestDevices.all {
      let result = try run(on: device, [x, w]) { $0[0].convolved($0[1], padding: (1, 1), groups: groups) }
      #expect(!result.contains { !$0.isFinite }, "\(device)")
      for (place, right) in zip(places, right) {
        #expect(abs(Double(result[place]) - right) < 5e-5, "\(device) at \(place): \(result[place]) instead of \(right)")
      }
    }
  }

  /// A run that is compiled whole, one that is interpreted, and something after it that is no run.
  @Test func chains() throws {
    let (rows, columns) = (2100, 1001)
    var dice = Dice("large chains")
    let (x, dy) = (random([rows, columns], &dice), random([rows, columns], &dice))
    let (mean, scale) = (random([columns], &dice), random([columns], &dice))
    let places = [0, rows * columns - 1] + (0..<300).map { _ in Int(dice.next() % UInt64(rows * columns)) }
    let builds: [(build: ([Tensor]) -> Tensor, right: (Float, Float, Float, Float) -> Float)] = [
      ({ relu(($0[0] - $0[2]) * $0[3] + $0[2]) }, { x, _, mean, scale in max((x - mean) * scale + mean, 0) }),
      ({ $0[3] - ($0[0] - $0[1]) * $0[2] }, { x, dy, mean, scale in scale - (x - dy) * mean }),
      ({ tanh(($0[0] - $0[2]) * $0[3]) }, { x, _, mean, scale in Float(tanh(Double((x - mean) * scale))) }),
    ]
    for device in TestDevices.all {
      for (number, chain) in builds.enumerated() {
        let result = try run(on: device, [x, dy, mean, scale], chain.build)
        for place in places {
          let right = chain.right(x.values[place], dy.values[place], mean.values[place % columns], scale.values[place % columns])
          #expect(abs(result[place] - right) < 2e-6, "\(device), chain \(number) at \(place): \(result[place]) instead of \(right)")
        }
      }
    }
  }
}
