import Foundation

/// What the fixtures keep of a large gradient: its norm, its dot products with four streams, 64 of its elements.
struct GradientProbe {
  var norm: Double
  var projections: [Double]
  var samples: [Double]

  /// Of a gradient that was computed.
  init(of gradient: [Float], named name: String) {
    norm = Self.product(gradient, gradient).squareRoot()
    projections = (0..<4).map { Self.product(gradient, NamedStream.values("projection/\($0)/\(name)", count: gradient.count)) }
    samples = (0..<64).map { Double(gradient[$0 * 2_654_435_761 % gradient.count]) }
  }

  /// Of PyTorch's.
  init(_ fixture: Fixture, named name: String) throws {
    norm = try fixture.doubles("\(name)/gradient/norm").first ?? .nan
    projections = try fixture.doubles("\(name)/gradient/projections")
    samples = try fixture.doubles("\(name)/gradient/samples")
  }

  /// The largest difference in the README's measures: of the norm relative to itself, of projections relative to the norm, of samples
  /// relative to the root mean square. Infinite where something is not finite or not there.
  func difference(from expected: GradientProbe, count: Int) -> Double {
    guard expected.projections.count == projections.count, expected.samples.count == samples.count else { return .infinity }
    let deviation = expected.norm / Double(count).squareRoot()
    let differences =
      [abs(norm - expected.norm) / expected.norm] + zip(projections, expected.projections).map { abs($0 - $1) / expected.norm }
      + zip(samples, expected.samples).map { abs($0 - $1) / deviation }
    return differences.allSatisfy(\.isFinite) ? differences.max() ?? .infinity : .infinity
  }

  static func product(_ a: [Float], _ b: [Float]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var sum = 0.0
        var index = 0
        while index < a.count {
          sum += Double(a[index]) * Double(b[index])
          index &+= 1
        }
        return sum
      }
    }
  }
}
