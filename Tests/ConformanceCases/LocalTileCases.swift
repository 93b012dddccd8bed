import GlissadeDevices
import GlissadePlanning
import GlissadeTensors
import StepSupport

/// Products through local memory with tiles that are nobody's default, on OpenCL devices that are planned for as GPUs.
extension Check {
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
  static var someProducts: Table {
    let tables: [(Table, Int, Int)] = [
      (.matmul, 9, 60), (.matmulEpilogues, 11, 60), (.convolution, 4, 16), (.groupedConvolution, 4, 16), (.convolutionEpilogues, 9, 20),
    ]
    return Table(
      name: "products",
      cases: tables.flatMap { table, step, end in stride(from: 0, to: min(table.cases.count, end), by: step).map { table.cases[$0] } })
  }

  /// The device once more, with a tile for all its products; `nil` for the processor and what is planned for like one.
  private static func reopened(_ device: TestDevice, with tile: LocalTile) throws -> OpenCLDevice? {
    guard device.device.profile.style == .gpu, device.device is OpenCLDevice else { return nil }
    let identifier = device.device.information.identifier
    guard let candidate = OpenCLDiscovery().candidates.first(where: { $0.information.identifier == identifier }) else { return nil }
    return try OpenCLDevice(candidate, style: .gpu, products: ProductTuning(always: .local(tile)))
  }

  static var localTiles: [Check] {
    (tiles + [subgroups]).map { tile in
      Check("local tiles, \(tile)") { device in
        guard tile.subgroup == 0 || device.device.information.hasSubgroups, let opened = try reopened(device, with: tile) else { return [] }
        return try Conformance(someProducts, elements: 3).failures(on: TestDevice(name: "\(tile)", device: opened)).map {
          Problem("\($0.row): \($0.problem)", excess: $0.excess)
        }
      }
    } + [halfPrecision]
  }

  /// Half-precision tiles round each factor to 11 bits: a result is off by at most 2^-10 of the sum of its products' magnitudes, and a bit
  /// for the sum itself.
  private static var halfPrecision: Check {
    Check("half-precision tiles") { device in
      var tile = LocalTile(32, 32, inner: 8, item: (4, 4))
      tile.storesHalf = true
      guard let opened = try reopened(device, with: tile) else { return [] }
      var dice = Dice("half")
      let (rows, columns, inner) = (37, 45, 130)
      let a = (0..<rows * inner).map { _ in Float(dice.uniform(-1...1)) }
      let b = (0..<inner * columns).map { _ in Float(dice.uniform(-1...1)) }
      let graph = Graph()
      let (x, y) = (graph.input("a", shape: [rows, inner]), graph.input("b", shape: [inner, columns]))
      var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
      request.outputs = ["c": x.matmul(y)]
      let runner = try StepRunner(request, on: opened)
      // A driver that runs no group of that size has nothing to round with.
      guard runner.plan.launches.contains(where: { if case .local = $0.kernel { true } else { false } }) else { return [] }
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
      if worst <= 1e-5 { return [Problem("nothing is rounded: \(worst)")] }
      return worst < 1.0 / 1024 + 1e-6 ? [] : [Problem("products are off", deviation: worst, allowed: 1.0 / 1024)]
    }
  }
}
