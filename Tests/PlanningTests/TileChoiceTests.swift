import Testing

@testable import GlissadePlanning

/// Which tile a product gets that nobody measured.
@Suite struct TileChoiceTests {
  private static let tiles = [
    LocalTile(128, 128, inner: 8, item: (8, 8)), LocalTile(64, 64, inner: 16, item: (4, 4)), LocalTile(32, 32, inner: 16, item: (4, 4)),
  ]
  private static let choice = TileChoice(tiles, units: 100)

  private func groups(_ tile: LocalTile, _ problem: ProductProblem, copies: Int = 1) -> Int {
    let tiles = tile.tiles(problem.rows, problem.columns) * copies
    return tiles * tile.splits(tiles: tiles, inner: problem.inner)
  }

  @Test func largeProductsGetTheLargestTileWhole() throws {
    let problem = ProductProblem(.matmul, rows: 4096, columns: 4096, inner: 4096)
    let tile = try #require(Self.choice.tile(for: problem))
    #expect(tile.rows == 128 && groups(tile, problem) == 32 * 32)
  }

  /// Batch 32 of resnet18's last stages and its first weight gradients, of efficientnet's last blocks, of a small network's layers.
  @Test(arguments: [
    ProductProblem(.convolution, rows: 1568, columns: 512, inner: 4608),
    ProductProblem(.inputGradient, rows: 1568, columns: 512, inner: 4608),
    ProductProblem(.weightGradient, rows: 64, columns: 576, inner: 100_352),
    ProductProblem(.convolution, rows: 1568, columns: 192, inner: 1152),
    ProductProblem(.matmul, rows: 256, columns: 512, inner: 4096),
  ])
  func noUnitIsIdleWhereThereIsWorkForAll(problem: ProductProblem) throws {
    let tile = try #require(Self.choice.tile(for: problem))
    #expect(groups(tile, problem) >= 90, "\(problem): \(groups(tile, problem)) groups of \(tile)")
  }

  /// A second launch is not worth it where the first does next to nothing.
  @Test func smallProductsAreNotCut() throws {
    let problem = ProductProblem(.matmul, rows: 32, columns: 10, inner: 256)
    let tile = try #require(Self.choice.tile(for: problem))
    #expect(tile.rows == 32 && groups(tile, problem) == 1)
  }

  /// A batch of products fills a device by itself.
  @Test func copiesAreNotCut() throws {
    let problem = ProductProblem(.matmul, rows: 64, columns: 64, inner: 1024)
    let tile = try #require(Self.choice.tile(for: problem, copies: 1000))
    #expect(tile.splits(tiles: tile.tiles(64, 64) * 1000, inner: 1024) == 1)
  }

  /// What was measured comes first, for its kind and what is like it.
  @Test func measurementsComeFirst() {
    let measured = ProductProblem(.matmul, rows: 512, columns: 512, inner: 512)
    let tuning = ProductTuning([.init(measured, .registers)], otherwise: Self.choice)
    #expect(tuning.variant(for: ProductProblem(.matmul, rows: 640, columns: 512, inner: 1000)) == .registers)
    #expect(tuning.variant(for: ProductProblem(.matmul, rows: 640, columns: 512, inner: 4096)) != .registers)
    #expect(tuning.variant(for: ProductProblem(.convolution, rows: 512, columns: 512, inner: 512)) != .registers)
    // Better what is far than nothing.
    #expect(ProductTuning(always: .local(LocalTile())).variant(for: ProductProblem(.matmul, rows: 1, columns: 1, inner: 1)) != .registers)
  }
}
