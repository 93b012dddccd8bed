import GlissadePlanning
import Testing

/// Which register tile a plan's products are cut for.
@Suite struct RegisterTileTests {
  private static let usual = RegisterTile(rows: 8, columns: 32)
  private static let wide = RegisterTile(rows: 6, columns: 64)
  private static let compiled = DeviceProfile(style: .cpu, tile: usual, wideTile: wide, shares: 64, workers: 2)

  /// 784, 512 and 256 columns fill wide tiles; so do 64 to 512 channels.
  @Test func productsOfManyColumnsGetTheWideTile() throws {
    #expect(try Planner(profile: Self.compiled).plan(TrainingPlans.mlp).tile == Self.wide)
    #expect(try Planner(profile: Self.compiled).plan(TrainingPlans.resnet).tile == Self.wide)
  }

  /// With 64 columns, half the work of LeNet's products with 32 channels would be thrown away.
  @Test func productsOfFewColumnsKeepTheUsualOne() throws {
    #expect(try Planner(profile: Self.compiled).plan(TrainingPlans.lenet).tile == Self.usual)
  }

  /// Natively the tile is compiled in.
  @Test func withoutAWideTileThereIsNoChoice() throws {
    #expect(try Planner(profile: TrainingPlans.cpu).plan(TrainingPlans.mlp).tile == Self.usual)
  }

  /// The tile decides how factors are packed: what a plan reserves and what its kernels are told have to agree with it.
  @Test func launchesAreCutForThePlansTile() throws {
    let plan = try Planner(profile: Self.compiled).plan(TrainingPlans.mlp)
    let same = try Planner(profile: DeviceProfile(style: .cpu, tile: Self.wide, shares: 64, workers: 2)).plan(TrainingPlans.mlp)
    #expect(plan.launches.map(\.parameters) == same.launches.map(\.parameters))
    #expect(plan.activationsSize == same.activationsSize)
  }
}
