import GlissadeTensors

/// A function of two variables whose shape is known, to look at how optimizers find their way down it.
public struct Landscape: Sendable {
  /// What commands call it.
  public let name: String
  /// The height at (x, y), for people.
  public let formula: String
  /// What is hard about it, in a line.
  public let about: String
  /// Where descents begin unless told otherwise.
  public let start: LandscapePoint
  /// The part that is worth looking at.
  public let x: ClosedRange<Double>
  /// Likewise.
  public let y: ClosedRange<Double>
  /// The lowest places, all of one height.
  public let minima: [LandscapePoint]
  /// The height there.
  public let lowest: Double

  /// The height at a place, element by element; x and y have one shape.
  public let height: @Sendable (_ x: Tensor, _ y: Tensor) -> Tensor
}

/// A place in a landscape.
public struct LandscapePoint: Hashable, Sendable {
  public var x: Double
  public var y: Double

  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

extension Landscape {
  /// Those that are known by name.
  public static let all = [rosenbrock, ravine, saddle, himmelblau, beale, rastrigin]

  /// The one of a name; `nil` for an unknown name.
  public static func named(_ name: String) -> Landscape? { all.first { $0.name == name } }

  /// H. H. Rosenbrock, "An automatic method for finding the greatest or least value of a function", 1960.
  public static let rosenbrock = Landscape(
    name: "rosenbrock", formula: "(1 - x)² + 100 (y - x²)²", about: "a bent valley with a floor that hardly falls", start: .init(-1.2, 1),
    x: -2...2, y: -1...3, minima: [.init(1, 1)], lowest: 0,
    height: { x, y in
      let across = y - x * x
      return (1 - x) * (1 - x) + 100 * across * across
    })

  /// A quadratic of condition 100.
  public static let ravine = Landscape(
    name: "ravine", formula: "½ (x² + 100 y²)", about: "a hundred times as steep across as along", start: .init(-4, 0.6),
    x: -6...6, y: -1...1, minima: [.init(0, 0)], lowest: 0, height: { x, y in 0.5 * x * x + 50 * y * y })

  /// A saddle between two minima.
  public static let saddle = Landscape(
    name: "saddle", formula: "x² - y² + ¼ y⁴", about: "a saddle, which is nearly flat where a descent from its ridge comes to",
    start: .init(-1.8, 0.001), x: -2...2, y: -2...2, minima: [.init(0, 2.0.squareRoot()), .init(0, -2.0.squareRoot())], lowest: -1,
    height: { x, y in
      let square = y * y
      return x * x - square + 0.25 * square * square
    })

  /// D. M. Himmelblau, "Applied nonlinear programming", 1972.
  public static let himmelblau = Landscape(
    name: "himmelblau", formula: "(x² + y - 11)² + (x + y² - 7)²", about: "four minima, and small differences decide which is found",
    start: .init(-0.5, -1), x: -5...5, y: -5...5,
    minima: [
      .init(3, 2), .init(-2.8051180869527449, 3.1313125182505730), .init(-3.7793102533777469, -3.2831859912861694),
      .init(3.5844283403304917, -1.8481265269644034),
    ], lowest: 0,
    height: { x, y in
      let (a, b) = (x * x + y - 11, x + y * y - 7)
      return a * a + b * b
    })

  /// E. M. L. Beale, "On an iterative method for finding a local minimum of a function of more than one variable", 1958.
  public static let beale = Landscape(
    name: "beale", formula: "(1.5 - x + xy)² + (2.25 - x + xy²)² + (2.625 - x + xy³)²", about: "flat but for steep walls at the corners",
    start: .init(1, 1.5), x: -2...4, y: -2...2, minima: [.init(3, 0.5)], lowest: 0,
    height: { x, y in
      let (a, b, c) = (1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y)
      return a * a + b * b + c * c
    })

  /// L. A. Rastrigin, "Systems of extremal control", 1974.
  public static let rastrigin = Landscape(
    name: "rastrigin", formula: "20 + x² + y² - 10 cos 2πx - 10 cos 2πy", about: "a bowl full of pits, of which one is the deepest",
    start: .init(2.3, -1.7), x: -3...3, y: -3...3, minima: [.init(0, 0)], lowest: 0,
    height: { x, y in
      let turn = 2 * Float.pi
      return 20 + x * x + y * y - 10 * cos(turn * x) - 10 * cos(turn * y)
    })
}
