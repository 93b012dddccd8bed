import GlissadeDevices
import GlissadePlanning
import GlissadeTensors
import StepSupport
import Testing

@testable import ConformanceCases

/// Products through local memory with tiles that are nobody's default, on every OpenCL device.
struct LocalTileTests {
  /// Every width, padding and number of stages that the default tiles do not have, and both ways to cut the inner dimension.
  static let tiles = [
    LocalTile(32, 16, inner: 4, item: (4, 2), vector: 1, loadVector: 1, padding: 1, stages: 1, unroll: 1, groups: 1),
    LocalTile(16, 64, inner: 8, item: (2, 8), vector: 2, loadVector: 2, padding: 0, stages: 2, unroll: 8, groups: 500),
  ]

  /// For devices whose drivers know sub-groups and let kernels choose their size.
  static var subgroups: LocalTile {
    var tile = LocalTile(32, 64, inner: 16, item: (4, 4))
    tile.subgroup = 16
    return tile
  }

  /// Some rows of each table with products, as one plan: kernels are built once.
  private static var table: Table {
    let tables: [(Table, Int, Int)] = [
      (.matmul, 9, 60), (.matmulEpilogues, 11, 60), (.convolution, 4, 16), (.groupedConvolution, 4, 16), (.convolutionEpilogues, 9, 20),
    ]
    return Table(
      name: "products",
      cases: tables.flatMap { table, step, end in stride(from: 0, to: min(table.cases.count, end), by: step).map { table.cases[$0] } })
  }

  @Test func otherTilesAgreeWithTheReference() throws {
    let conformance = Conformance(Self.table, elements: 3)
    for candidate in OpenCLDiscovery().candidates {
      for tile in Self.tiles + (candidate.information.hasSubgroups ? [Self.subgroups] : []) {
        #expect(tile.objection == nil)
        let device = try OpenCLDevice(candidate, style: .gpu, products: ProductTuning(always: .local(tile)))
        let failures = try conformance.failures(on: TestDevice(name: "\(tile)", device: device))
        #expect(failures.isEmpty, "\(failures.map(\.description).joined(separator: "\n"))")
      }
    }
  }

  /// Half-precision tiles round each factor to 11 bits: a result is off by at most 2^-10 of the sum of its products' magnitudes, and a bit
  /// for the sum itself.
  @Test func halfPrecisionKeepsItsPromise() throws {
    var dice = Dice("half")
    let (rows, columns, inner) = (37, 45, 130)
    let a = (0..<rows * inner).map { _ in Float(dice.uniform(-1...1)) }
    let b = (0..<inner * columns).map { _ in Float(dice.uniform(-1...1)) }
    var tile = LocalTile(32, 32, inner: 8, item: (4, 4))
    tile.storesHalf = true
    for candidate in OpenCLDiscovery().candidates {
      let device = try OpenCLDevice(candidate, style: .gpu, products: ProductTuning(always: .local(tile)))
      let graph = Graph()
      let (x, y) = (graph.input("a", shape: [rows, inner]), graph.input("b", shape: [inner, columns]))
      var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
      request.outputs = ["c": x.matmul(y)]
      let runner = try StepRunner(request, on: device)
      try runner.run(["a": .floats(a), "b": .floats(b)])
      let result = try runner.output("c")
      var worst = 0.0
      for row in 0..<rows {
        for column in 0..<columns {
          var (sum, magnitude) = (0.0, 0.0)
          for k in 0..<inner {
            let product = Double(a[row * inner + k]) * Double(b[k * columns + column])
            sum += product
            magnitude += abs(product)
          }
          worst = max(worst, abs(Double(result[row * columns + column]) - sum) / magnitude)
        }
      }
      // Some of it has to be there: otherwise these are float tiles.
      #expect(worst < 1.0 / 1024 + 1e-6 && worst > 1e-5, "\(worst)")
    }
  }

  /// Tiles that no kernel could be built for are refused before one is.
  @Test(arguments: [
    LocalTile(128, 32, item: (8, 8), loadVector: 1), LocalTile(64, 64, item: (3, 4)), LocalTile(64, 64, vector: 3),
    LocalTile(64, 64, inner: 6),
    LocalTile(64, 64, padding: 1), LocalTile(64, 64, stages: 3), LocalTile(0, 64), LocalTile(64, 64, padding: -4),
    LocalTile(256, 256, item: (32, 32)),
  ])
  func impossibleTilesAreRefused(tile: LocalTile) { #expect(tile.objection != nil, "\(tile)") }
}
