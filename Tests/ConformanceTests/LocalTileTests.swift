import GlissadePlanning
import Testing

/// Which tiles for products through local memory there can be.
struct LocalTileTests {
  /// Tiles that no kernel could be built for are refused before one is.
  @Test(arguments: [
    LocalTile(128, 32, item: (8, 8), loadVector: 1), LocalTile(64, 64, item: (3, 4)), LocalTile(64, 64, vector: 3),
    LocalTile(64, 64, inner: 6),
    LocalTile(64, 64, padding: 1), LocalTile(64, 64, stages: 3), LocalTile(0, 64), LocalTile(64, 64, padding: -4),
    LocalTile(256, 256, item: (32, 32)),
  ])
  func impossibleTilesAreRefused(tile: LocalTile) { #expect(tile.objection != nil, "\(tile)") }
}
