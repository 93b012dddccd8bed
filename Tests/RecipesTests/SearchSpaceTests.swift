import Testing

@testable import GlissadeRecipes

/// What a search varies: how it is read, what it comes to, and what is refused.
struct SearchSpaceTests {
  private func values(_ text: String) throws -> SearchDimension.Values { try SearchDimension(text).values }

  @Test func rangesAndChoices() throws {
    #expect(try values("lr=1e-4..1e-2:log") == .range(low: 1e-4, high: 1e-2, isLogarithmic: true, isWhole: false))
    #expect(try values("learning-rate=0.1..1") == .range(low: 0.1, high: 1, isLogarithmic: false, isWhole: false))
    #expect(try values("batch-size=16..256:log") == .range(low: 16, high: 256, isLogarithmic: true, isWhole: true))
    #expect(try values("clip_norm=1..2") == .range(low: 1, high: 2, isLogarithmic: false, isWhole: false))
    #expect(try values("lr=1e-4..1e-2:log:3") == .choices(["0.0001", "0.001", "0.01"]))
    #expect(try values("epochs=1..9:linear:3") == .choices(["1", "5", "9"]))
    #expect(try values("optimizer=sgd, adam") == .choices(["sgd", "adam"]))
    #expect(try values("clip-norm=none,1,5.0") == .choices(["none", "1.0", "5.0"]))
    #expect(try values("hidden=64|128,64") == .choices(["64", "128,64"]))
    #expect(try values("schedule=constant,one-cycle(high-momentum: 0.95, low-momentum: 0.85)").choiceCount == 2)
    #expect(try SearchDimension("learning-rate=0.1..1").name == "lr")
  }

  @Test(arguments: [
    ("lr", "joined by ="), ("lrr=1,2", "unknown option 'lrr'; did you mean 'lr'?"), ("optimizer=sgd,adm", "did you mean 'adam'?"),
    ("lr=0..1", "lr is 0, and it has to be"), ("lr=1..0.1", "goes from 1 to 0.1"), ("lr=0.1..1:lag", "':lag' behind its range"),
    ("dropout=0..0.5:log", "a logarithm is of what is above 0"), ("dropout=0.1,1.5", "dropout is 1.5, and it has to be"),
    ("lr=0.1,0.10", "names 0.1 twice"), ("lr=0.1", "has one value"), ("hidden=64,128", "separate them by |"),
    ("batch_size=0..8", "batch_size is 0"), ("seed=0..18446744073709551615", "below 2^53"), ("lr=1..2:log:1", "from 2 to 1000"),
    ("lr=a..b", "the value 'a' is invalid for 'lr'"),
  ])
  func whatMakesNoSense(text: String, message: String) {
    let error = #expect(throws: SearchSpaceError.self) { try SearchDimension(text) }
    #expect(
      error?.description.hasPrefix("--vary \(text): ") == true && error?.description.contains(message) == true,
      "\(error?.description ?? "")")
  }

  @Test func drawsFollowFromSeedAndNumber() throws {
    let space = try SearchSpace(["lr=1e-4..1e-1:log", "batch_size=8..12", "optimizer=sgd,adam,lion"])
    var recipe = Recipe()
    recipe.seed = 7
    let points = try space.draws(200, in: recipe, .images)
    #expect(try space.draws(90, in: recipe, .images).map(\.values) == points.prefix(90).map(\.values))
    recipe.seed = 8
    #expect(try space.draws(200, in: recipe, .images).map(\.values) != points.map(\.values))
    let rates = points.compactMap { $0.values[0].flatMap { Double($0) } }
    #expect(rates.count == 200 && rates.allSatisfy { (1e-4...1e-1).contains($0) })
    // A third of them in each decade, four digits each.
    #expect((45...90).contains(rates.filter { $0 < 1e-3 }.count) && (45...90).contains(rates.filter { $0 > 1e-2 }.count))
    #expect(points.allSatisfy { ($0.values[0] ?? "").filter(\.isNumber).drop { $0 == "0" }.count <= 6 })
    #expect(Set(points.map { $0.values[1] }) == ["8", "9", "10", "11", "12"] && Set(points.map { $0.values[2] }).count == 3)
    #expect(points.allSatisfy { $0.recipe.text(of: "lr").flatMap { Double($0) } == $0.values[0].flatMap { Double($0) } })
    // What another dimension does changes nothing of it.
    let fewer = try SearchSpace(["lr=1e-4..1e-1:log"])
    recipe.seed = 7
    #expect(try fewer.draws(20, in: recipe, .images).map { $0.values[0] } == points.prefix(20).map { $0.values[0] })
  }

  @Test func whatOnlySomeHaveIsVariedInThese() throws {
    let space = try SearchSpace(["optimizer=sgd,adam", "momentum=0.5,0.9"])
    var recipe = Recipe()
    try recipe.set("nesterov", to: .one("true"), from: .commandLine)
    try space.check(in: recipe)
    let points = try #require(try space.combinations(in: recipe, .images, limit: 100))
    #expect(points.map(\.values) == [["sgd", "0.5"], ["sgd", "0.9"], ["adam", nil]])
    #expect(points[0].recipe.isGiven("nesterov") && !points[2].recipe.isGiven("nesterov") && !points[2].recipe.isGiven("momentum"))
    #expect(try points.flatMap { try $0.recipe.problems() }.isEmpty)
    // Each once, in random order; no more than there are.
    #expect(Set(try space.draws(20, in: recipe, .images).map(\.values)) == Set(points.map(\.values)))
    let alone = try SearchSpace(["momentum=0.5..0.9"])
    let error = #expect(throws: SearchSpaceError.self) { try alone.check(in: Recipe()) }
    #expect(error?.description.contains("momentum is no option of adam; sgd, momentum") == true)
    #expect(throws: SearchSpaceError.self) { try SearchSpace(["optimizer=adam,lion", "momentum=0.5..0.9"]).check(in: Recipe()) }
    #expect(throws: SearchSpaceError.self) { try SearchSpace(["lr=1..2", "learning_rate=1..2"]) }
    #expect(throws: SearchSpaceError.self) { try SearchSpace([]) }
  }
}

extension SearchDimension.Values {
  fileprivate var choiceCount: Int { if case .choices(let list) = self { list.count } else { 0 } }
}
