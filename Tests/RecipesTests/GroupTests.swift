import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadeTraining
import Testing

@testable import GlissadeRecipes

/// Parameters that have something for themselves: by path, by depth, by kind.
struct GroupTests {
  private func recipe(_ options: (String, String)...) throws -> Recipe {
    var recipe = Recipe()
    for (name, text) in options { try recipe.set(name, to: .one(text), from: .commandLine) }
    return recipe
  }

  private let lenet = LeNet(input: [8, 8, 1], classes: 3)
  private let resnet = ResNet(channels: 3, classes: 10)

  /// The group that trains a parameter.
  private func group(of path: String, in groups: [ParameterGroup]) throws -> ParameterGroup {
    try #require(groups.first { $0.takes(path) }, "\(path)")
  }

  private func rates(_ recipe: Recipe, _ model: any Layer) throws -> [String: Double] {
    let groups = try recipe.groups(of: model).first
    let paths = LayerPath.parameters(of: model).filter { $0.parameter.role == .weight }.map(\.path)
    return Dictionary(uniqueKeysWithValues: try paths.map { ($0, try group(of: $0, in: groups).optimizer.learningRate) })
  }

  @Test func whatNobodyDividesIsOneGroup() throws {
    let (first, later) = try recipe(("optimizer", "sgd"), ("lr", "0.3"), ("schedule", "cosine(to: 0)")).groups(of: resnet)
    #expect(first.count == 1 && later.isEmpty)
    #expect((first[0].optimizer as? SGD)?.learningRate == 0.3 && "\(first[0].schedule)" == "cosine(to: 0.0)")
    #expect(LayerPath.parameters(of: resnet).allSatisfy { $0.parameter.role != .weight || first[0].takes($0.path) })
  }

  @Test func pathsHaveWhatIsSaidOfThem() throws {
    let recipe = try recipe(
      ("optimizer", "adamw"), ("lr", "0.01"), ("weight_decay", "0.1"),
      ("group", "backbone.**:lr=0.1x,weight_decay=0; **.bias : lr=3e-4, beta1=0.5 ;fc1.bias:optimizer=sgd,lr=2x,momentum=0.9,nesterov"))
    let groups = try recipe.groups(of: lenet).first
    #expect(groups.count == 5)
    let conv = try #require(try group(of: "conv1.weight", in: groups).optimizer as? AdamW)
    #expect(conv.learningRate == 0.1 * 0.01 && conv.weightDecay == 0 && conv.beta1 == 0.9)
    let bias = try #require(try group(of: "conv2.bias", in: groups).optimizer as? AdamW)
    #expect(bias.learningRate == 3e-4 && bias.weightDecay == 0 && bias.beta1 == 0.5)
    let head = try #require(try group(of: "fc2.weight", in: groups).optimizer as? AdamW)
    #expect(head.learningRate == 0.01 && head.weightDecay == 0.1)
    // Of the head's bias only the second is said.
    #expect((try group(of: "fc2.bias", in: groups).optimizer as? AdamW)?.weightDecay == 0.1)
    // Another optimizer has its own numbers, and a multiple is of its own rate.
    let other = try #require(try group(of: "fc1.bias", in: groups).optimizer as? SGD)
    #expect(other.learningRate == 0.2 && other.momentum == 0.9 && other.isNesterov && other.weightDecay == 0)
    for path in LayerPath.parameters(of: lenet).map(\.path) { #expect(groups.filter { $0.takes(path) }.count == 1, "\(path)") }
  }

  @Test func matricesAndAllElseHaveTheirOwnOptimizers() throws {
    let recipe = try recipe(
      ("optimizer", "muon"), ("lr", "0.05"), ("others_lr", "0.003"), ("weight_decay", "0.1"), ("decay_biases", "false"),
      ("group", "conv1:lr=0.5x;conv2:momentum=0.8;fc2:optimizer=adam"))
    let groups = try recipe.groups(of: lenet).first
    func rule(_ path: String) throws -> any Optimizer { try group(of: path, in: groups).optimizer }
    let first = try #require(try rule("conv1.weight") as? Muon)
    #expect(first.learningRate == 0.025 && first.weightDecay == 0.1 && first.momentum == 0.95)
    // A multiple is of a weight's own rate, and what only matrices have is no matter for vectors.
    #expect((try rule("conv1.bias") as? AdamW)?.learningRate == 0.0015)
    #expect((try rule("conv2.weight") as? Muon)?.momentum == 0.8)
    let bias = try #require(try rule("conv2.bias") as? AdamW)
    #expect(bias.learningRate == 0.003 && bias.weightDecay == 0)
    #expect(try rule("fc2.weight") is Adam && rule("fc2.bias") is Adam)
    #expect(try rule("fc1.weight") is Muon)
    #expect(try self.recipe(("optimizer", "muon"), ("group", "conv1:dampening=0.5")).problems().count == 1)
    // Of a group by another name, too.
    let other = try self.recipe(("group", "conv1:optimizer=muon,lr=0.1x")).groups(of: lenet).first
    #expect((try group(of: "conv1.weight", in: other).optimizer as? Muon)?.learningRate == 0.1 * 0.02)
    #expect((try group(of: "conv1.bias", in: other).optimizer as? AdamW)?.learningRate == 0.1 * 1e-3)
    // The rate of what is no matrix is said by its own name.
    let rates = try self.recipe(("group", "conv1:optimizer=muon,others_lr=1e-4;conv2:lr=0.5")).groups(of: lenet).first
    #expect((try group(of: "conv1.bias", in: rates).optimizer as? AdamW)?.learningRate == 1e-4)
    #expect((try group(of: "conv1.weight", in: rates).optimizer as? Muon)?.learningRate == 0.02)
  }

  @Test func whatLargeWeightsCostIsForSomeOrAll() throws {
    let recipe = try recipe(
      ("l1", "0.1"), ("l2", "0.2"), ("max_norm", "3"), ("decay_biases", "false"), ("group", "fc2:l1=0.5,max_norm=1;fc1.bias:l2=0.7"))
    let groups = try recipe.groups(of: lenet).first
    func penalty(_ path: String) throws -> WeightPenalty { try group(of: path, in: groups).penalty }
    #expect(try penalty("conv1.weight") == WeightPenalty(l1: 0.1, l2: 0.2) && penalty("conv1.bias") == WeightPenalty())
    #expect(try penalty("fc2.weight") == WeightPenalty(l1: 0.5, l2: 0.2) && penalty("fc2.bias") == WeightPenalty(l1: 0.5))
    #expect(try penalty("fc1.bias") == WeightPenalty(l2: 0.7))
    #expect(try group(of: "conv1.weight", in: groups).maximumNorm == 3 && group(of: "fc2.weight", in: groups).maximumNorm == 1)
    #expect(groups.count == 5)
  }

  @Test func blocksAreCountedFromTheHead() {
    let distances = LayerPath.distancesFromHead(of: resnet)
    #expect(distances["fc.weight"] == 0 && distances["fc.bias"] == 0)
    #expect(distances["layer4.1.bn2.bias"] == 1 && distances["layer4.0.downsample.1.weight"] == 2)
    // A norm behind a convolution is no block of its own.
    #expect(distances["layer1.0.conv1.weight"] == 8 && distances["bn1.weight"] == 9 && distances["conv1.weight"] == 9)
    #expect(distances.count == LayerPath.parameters(of: resnet).filter { $0.parameter.role == .weight }.count)
    let lite = LayerPath.distancesFromHead(of: EfficientNetLite(.lite0, classes: 5))
    #expect(Set(lite.values) == Set(0...18))
    #expect(
      LayerPath.distancesFromHead(of: MLP([4, 8, 6, 2])) == [
        "layers.0.weight": 2, "layers.0.bias": 2, "layers.1.weight": 1, "layers.1.bias": 1, "layers.2.weight": 0, "layers.2.bias": 0,
      ])
    // Vectors in front of everything.
    let inner = Sequential(BatchNorm(4), Dense(4, 3), Dense(3, 2))
    #expect(LayerPath.distancesFromHead(of: inner)["0.weight"] == 1 && LayerPath.distancesFromHead(of: inner)["1.bias"] == 1)
  }

  @Test func ratesFallFromBlockToBlock() throws {
    let rates = try rates(try recipe(("lr", "0.01"), ("layer_decay", "0.5"), ("group", "layer2.0:lr=0.3;layer3.0:lr=2x")), resnet)
    #expect(rates["fc.weight"] == 0.01 && rates["layer4.1.conv1.weight"] == 0.005 && rates["conv1.weight"] == 0.01 / 512)
    // A rate that is given is that, a multiple falls like the others.
    #expect(rates["layer2.0.conv1.weight"] == 0.3 && rates["layer3.0.conv1.weight"] == 0.02 / 16)
    #expect(try recipe(("layer_decay", "0.5")).groups(of: resnet).first.count == 10)
    // The backbone's own rate is no longer a tenth then.
    let tuned = try self.rates(try recipe(("pretrained", "w.pth"), ("lr", "0.01"), ("layer_decay", "0.5")), lenet)
    #expect(tuned["fc2.weight"] == 0.01 && tuned["fc1.weight"] == 0.005 && tuned["conv1.bias"] == 0.00125)
    #expect(try self.rates(try recipe(("pretrained", "w.pth"), ("lr", "0.01")), lenet)["conv1.bias"] == 0.001)
  }

  @Test func vectorsNeedNotDecay() throws {
    let groups = try recipe(("weight_decay", "0.1"), ("decay_biases", "false"), ("group", "fc.bias:weight_decay=0.2")).groups(of: resnet)
      .first
    func decay(_ path: String) throws -> Double? { (try group(of: path, in: groups).optimizer as? Adam)?.weightDecay }
    #expect(try decay("conv1.weight") == 0.1 && decay("bn1.weight") == 0 && decay("layer1.0.bn1.bias") == 0)
    #expect(try decay("fc.weight") == 0.1 && decay("fc.bias") == 0.2 && groups.count == 3)
    // Without any decay there is nothing to divide.
    #expect(try recipe(("decay_biases", "false")).groups(of: resnet).first.count == 1)
  }

  @Test func withoutAnyDecayNothingIsKeptFromIt() throws {
    func problem(_ options: (String, String)...) throws -> String? {
      var recipe = try recipe(("decay_biases", "false"))
      for (name, text) in options { try recipe.set(name, to: .one(text), from: .commandLine) }
      return try recipe.problems().first?.description
    }
    let adam = "--no-decay-biases has no effect without a decay that biases and norms would have: --weight-decay is 0 with adam"
    #expect(try problem()?.hasPrefix(adam) == true)
    #expect(try problem(("optimizer", "sgd"), ("group", "conv1:weight_decay=0.1"))?.contains("is 0 with sgd") == true)
    #expect(try problem(("optimizer", "adamw"), ("weight_decay", "0"))?.contains("is 0 with adamw") == true)
    #expect(try problem(("weight_decay", "0.1")) == nil && problem(("l1", "1e-4")) == nil && problem(("l2", "1e-4")) == nil)
    // A decay that is usual counts, be it of another optimizer.
    #expect(try problem(("optimizer", "adamw")) == nil && problem(("group", "fc1:optimizer=lamb")) == nil)
    #expect(try recipe(("decay_biases", "true")).problems().isEmpty)
    // A file may leave it for another time.
    var file = Recipe()
    try file.set("decay_biases", to: .one("false"), from: .file("x.yaml", line: 1, column: 1))
    #expect(try file.problems().isEmpty)
  }

  @Test func headAndBackboneAreApartInPhases() throws {
    let recipe = try recipe(
      ("pretrained", "w.pth"), ("lr", "0.01"), ("freeze", "backbone"), ("unfreeze_at", "3:fc1;5"), ("stay_close", "0.5"),
      ("group", "conv1:stay_close=0"))
    let (first, later) = try recipe.groups(of: lenet)
    #expect(first.count == 1 && first[0].takes("fc2.bias") && !first[0].takes("fc1.bias") && first[0].stayClose == 0)
    #expect(later.map(\.firstEpoch) == [3, 5] && later.map(\.groups.count) == [2, 4])
    #expect(later[1].groups.map(\.stayClose) == [0, 0.5, 0, 0.5] && later[1].groups[2].takes("conv1.weight"))
    #expect(later[0].groups[1].optimizer.learningRate == 0.001 && recipe.drawsToStart)
    #expect(try self.recipe(("pretrained", "w"), ("group", "fc1:stay_close=0.1")).drawsToStart)
    #expect(try !self.recipe(("pretrained", "w"), ("group", "fc1:stay_close=0")).drawsToStart)
  }

  @Test(arguments: [
    ("backbone", "is 'backbone', and it has to be parameters, a colon and what they have"),
    ("backbone:", "is 'backbone:', and it has to be parameters, a colon and what they have"),
    ("backbone:lr", "'backbone:lr' does not say what lr is"),
    ("backbone:rate=1", "'backbone:rate=1': parameters have no 'rate' of their own"),
    ("backbone:weigth_decay=0", "did you mean 'weight_decay'?"),
    ("backbone:lr=-1", "'backbone:lr=-1': lr is -1, and it has to be a number above 0"),
    ("backbone:lr=0x", "'backbone:lr=0x': lr is '0x', and it has to be a learning rate"),
    ("backbone:beta1=1", "beta1 is 1, and it has to be at least 0 and below 1"),
    ("backbone:lr=1e-3,lr=1e-2", "says lr twice"), ("backbone:lr=1e-3,", "there is nothing between its commas"),
    ("backbone:optimizer=admaw", "unknown optimizer 'admaw'; did you mean 'adamw'?"),
    ("a b c:lr", "'a b c:lr' does not say what lr is"),
  ])
  func mistakesInATextAreNamed(_ text: String, _ message: String) throws {
    var recipe = Recipe()
    let error = #expect(throws: RecipeError.self) { try recipe.set("group", to: .one(text), from: .commandLine) }
    let said = try #require(error).description
    #expect(said.hasPrefix("--group ") && said.contains(message), "\(said)")
    let (_, problems) = Recipe.read(Array("glissade: 1\ngroup: [\"\(text)\"]\n".utf8), path: "r.yaml")
    #expect(problems.map(\.description) == ["r.yaml:2:8: " + said.dropFirst(2)])
  }

  @Test func whatFitsNoModelIsNamedBeforeDataIsRead() throws {
    func problems(_ file: String) throws -> String {
      let (recipe, problems) = Recipe.read(Array("glissade: 1\n\(file)".utf8), path: "r.yaml")
      return (problems + (try recipe.problems())).map(\.description).joined(separator: " | ")
    }
    #expect(
      try problems("group: ['conv9:lr=1']\n").hasPrefix(
        "r.yaml:2:8: parameters 'conv9': the pattern matches no parameter of the model; did"))
    #expect(try problems("model: resnet18\ngroup: ['layer1, backbone.**.bias: lr=0.5x', 'head: weight_decay=1']\n") == "")
    #expect(
      try problems("group: ['conv1:momentum=0.9']\n")
        == "r.yaml:2:8: group says momentum, which is no option of adam; sgd, momentum, nesterov, rmsprop, lars and muon have it")
    #expect(try problems("group: ['conv1:optimizer=sgd,momentum=0.9,nesterov']\n") == "")
    #expect(try problems("group: ['conv1:optimizer=sgd,nesterov']\n").contains("momentum is 0, and it has to be above 0 for Nesterov"))
    #expect(try problems("group: ['conv1:stay_close=1']\n").contains("stay_close, which is for pretrained weights"))
    #expect(
      try problems("pretrained: w\nmodel: lenet\nfreeze: layer1\n").contains("r.yaml:4:9: parameters 'layer1': the pattern matches no"))
    #expect(try problems("pretrained: w\nmodel: lenet\nunfreeze_at: ['2:layer1']\n").contains("'layer1': the pattern matches no parameter"))
    #expect(try problems("pretrained: w\nmodel: resnet18\nhead: 16\nfreeze: fc.0\n") == "")
    #expect(try problems("data: t.csv\ntarget: y\ngroup: ['layers.0:lr=2x', 'layers.2:lr=3x']\n") == "")
    #expect(try problems("layer_decay: 1.5\n").contains("r.yaml:2:14: layer_decay is 1.5, and it has to be above 0 and at most 1"))
  }

  @Test func rulesAreReadAgainAsWritten() throws {
    let rules = try GroupRules(recipeText: "a.*,b : lr=0.10x , weight-decay=0;**.bias:nesterov,optimizer=sgd")
    #expect(rules.recipeText == "a.*,b:lr=0.1x,weight_decay=0.0;**.bias:nesterov=true,optimizer=sgd")
    #expect(try GroupRules(recipeText: rules.recipeText) == rules && GroupRules(recipeList: rules.recipeList ?? []) == rules)
    var recipe = Recipe()
    recipe.group = rules
    #expect(try Recipe(yaml: Array(recipe.text().utf8), path: "r.yaml") == recipe)
  }
}
