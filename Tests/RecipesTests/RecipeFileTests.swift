import Foundation
import GlissadeFormats
import Testing

@testable import GlissadeRecipes

/// Recipes as files: read, refused, written.
struct RecipeFileTests {
  private func read(_ text: String) -> (recipe: Recipe, problems: [String]) {
    let (recipe, problems) = Recipe.read(Array(text.utf8), path: "r.yaml")
    return (recipe, problems.map(\.description))
  }

  @Test func whatIsGivenIsInForce() throws {
    let text = """
      # JSON is YAML, too.
      glissade: 1
      epochs: 7
      batch-size: 12
      lr: &rate 3e-4
      backbone_lr: *rate
      pretrained: "weights.pth"
      exact: true
      limit: null
      class_weights: [1, 0.5]
      unfreeze_at: [3, "5:layer4,layer3"]
      schedule: "warmup(5 steps) then cosine(to: 1e-5)"
      classes: [cats, "dogs, wolves"]
      """
    let (recipe, problems) = read(text)
    #expect(problems.isEmpty)
    #expect(recipe.epochs == 7 && recipe.batchSize == 12 && recipe.exact && recipe.limit == nil)
    #expect(recipe.text(of: "lr") == "0.0003" && recipe.backboneLR == .absolute(3e-4) && recipe.pretrained == "weights.pth")
    #expect(recipe.classWeights == .given([1, 0.5]) && recipe.classes?.names == ["cats", "dogs, wolves"])
    #expect(recipe.unfreezeAt?.steps.map(\.epoch) == [3, 5])
    #expect(recipe.text(of: "schedule") == "warmup(5 steps) then cosine(to: 1e-05)")
    // The rest has its default.
    #expect(recipe.seed == 1 && recipe.model == "efficientnet-lite0" && recipe.validation == 0.2)
    #expect(try Recipe(yaml: Array(#"{"glissade": 1, "epochs": 3}"#.utf8), path: "r.json").epochs == 3)
  }

  @Test(arguments: [
    ("glissade: 1\nepoch: 3\n", "r.yaml:2:1: unknown option 'epoch'; did you mean 'epochs'?"),
    ("glissade: 1\nfrobnicate: 3\n", "r.yaml:2:1: unknown option 'frobnicate'"),
    ("glissade: 1\n\nepochs:  [3]\n", "r.yaml:3:10: epochs is a list, and it has to be a whole number"),
    ("glissade: 1\nepochs: {a: 3}\n", "r.yaml:2:9: epochs is a mapping of keys, and it has to be a whole number"),
    ("glissade: 1\nepochs: many\n", "r.yaml:2:9: the value 'many' is invalid for 'epochs': it has to be a whole number"),
    ("glissade: 1\nexact: maybe\n", "r.yaml:2:8: the value 'maybe' is invalid for 'exact': it has to be true or false"),
    ("glissade: 1\noptimizer: admaw\n", "r.yaml:2:12: unknown optimizer 'admaw'; did you mean 'adamw'?"),
    ("glissade: 1\nclasses: [a, [b]]\n", "r.yaml:2:14: classes has a list in its list"),
    ("glissade: 1\nepochs: 3.5\n", "r.yaml:2:9: the value '3.5' is invalid for 'epochs': it has to be a whole number"),
    ("glissade: 1\nseed: -1\n", "r.yaml:2:7: the value '-1' is invalid for 'seed': it has to be a whole number of at least 0"),
    ("glissade: 1\nlr: 1e999\n", "r.yaml:2:5: lr is 1e999, and no number may be larger than 3.4028235e+38"),
    ("glissade: 1\nclasses: &a [a, b]\nlimit: *a\n", "r.yaml:3:1: limit is a list, and it has to be a whole number"),
    ("glissade: 1\nbatch_size: 3\nbatch-size: 4\n", "r.yaml:3:1: 'batch-size' is given here, and before in line 2"),
    ("glissade: 1\n? [a, b]\n: 3\n", "r.yaml:2:3: has a list for a key, and a key is a word"),
    ("glissade: 1\n<<: {epochs: 3}\n", "r.yaml:2:1: unknown option '<<'"),
    ("glissade: [1]\n", "r.yaml:1:11: 'glissade' has to be the version of recipes, 1"),
    ("glissade: 0\n", "r.yaml:1:11: 'glissade' has to be the version of recipes, 1"),
    ("just text\n", "r.yaml:1:1: a single value and no recipe"),
    ("glissade: 1\nepochs: 3\n...\nmore\n", "r.yaml:4:1: this is no YAML"),
    ("{\"glissade\": 1, \"epochs\": 0}\n", "r.yaml:1:27: epochs is 0, and it has to be from 1 to 1000000"),
    ("glissade: 1\nepochs: 3\nepochs: 4\n", "r.yaml:2:1: 'epochs' is given here, and again further down"),
    ("glissade: 1\nclasses:\n\t- a\n", "r.yaml:3:1: there is a tab, and YAML is indented by blanks"),
    ("", "r.yaml: is empty, and a recipe begins with 'glissade: 1'"),
    ("# nothing\n", "r.yaml: is empty"),
    ("glissade: 1\n---\nepochs: 3\n", "r.yaml:3:1: holds a second document"),
    ("glissade: 2\nepochs: 3\n", "r.yaml:1:11: it is a recipe of version 2, and this version of glissade knows 1"),
    ("epochs: 3\n", "r.yaml: does not say which version of recipes it is"),
    ("- epochs\n", "r.yaml:1:1: a list and no recipe"),
    ("glissade: 1\nepochs: [3\n", "r.yaml:3:1: this is no YAML"),
    ("glissade: 1\nschedule: cosine(to: 0)\n", "r.yaml:2:20: this is no YAML: mapping values are not allowed in this context; a text"),
    ("glissade: 1\nfreeze: **.bias\n", "r.yaml:2:10: this is no YAML"),
    ("glissade: 1\nepochs: *none\n", "r.yaml:2:9: this is no YAML"),
    ("glissade: 1\nschedule: cosin\n", "r.yaml:2:11: schedule 'cosin': there is no schedule 'cosin'"),
  ])
  func mistakesAreNamedWithTheirPlace(_ text: String, _ message: String) {
    let problems = read(text).problems
    #expect(problems.count == 1 && problems[0].hasPrefix(message), "\(problems)")
  }

  @Test func otherEncodingsAreRefused() throws {
    func problem(_ bytes: [UInt8]) -> String { Recipe.read(bytes, path: "r.yaml").problems.first?.description ?? "" }
    let text = "glissade: 1\nepochs: 3\n"
    #expect(
      problem([0xff, 0xfe] + text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }) == "r.yaml:1:1: is UTF-16, and a recipe is UTF-8")
    #expect(problem(Array(text.utf8) + [0xe9]) == "r.yaml: is not UTF-8, as a recipe has to be")
    #expect(problem(text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }).hasPrefix("r.yaml:1:2: has a zero byte in it"))
    #expect(Recipe.read(Array("glissade: 1\r\nepochs: 3\r\n".utf8), path: "r.yaml").problems.isEmpty)
    #expect(problem(Array(text.utf8) + [0]) == "r.yaml:3:1: has a zero byte in it, which no text has")
    #expect(Recipe.read([0xef, 0xbb, 0xbf] + Array(text.utf8), path: "r.yaml").problems.isEmpty)
  }

  @Test func smallFilesStaySmall() {
    var laughs = "a: &a [x, x, x]\n"
    for (one, next) in zip("abcdefghi", "bcdefghij") { laughs += "\(next): &\(next) [*\(one), *\(one), *\(one)]\n" }
    #expect(read("glissade: 1\n" + laughs).problems.first?.contains("has more than 20 aliases") == true)
    let deep = "glissade: 1\nclasses: " + String(repeating: "[", count: 100_000)
    #expect(read(deep).problems.first?.hasPrefix("r.yaml:2:30: is nested too deeply") == true)
    let indented = "glissade: 1\nclasses:\n  " + String(repeating: "- ", count: 50_000) + "a\n"
    #expect(!read(indented).problems.isEmpty)
    let long = "glissade: 1\n# " + String(repeating: "x", count: 2 << 20)
    #expect(read(long).problems.first?.contains("and a recipe has at most 1048576") == true)
  }

  @Test func allMistakesAreToldAtOnce() {
    let problems = read("glissade: 1\nepochs: 0\nlr: fast\nkeep: 0\n").problems
    #expect(problems.map { $0.prefix(8) } == ["r.yaml:2", "r.yaml:3", "r.yaml:4"], "\(problems)")
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    var recipe = Recipe()
    recipe.data = "a folder/with #odd: \"names\"\\ \u{1}\t\u{85}\u{feff}é"
    recipe.pretrained = "null"
    recipe.prefix = "- x"
    recipe.key = "'"
    recipe.classes = NameList(["a, b", "[c]", "#", "~", "true", "1e5", "ü\u{2028}", "x: y", "*a", "c\u{10ff00}"])
    recipe.classWeights = .given([0.1, 1.0 / 3])
    recipe.seed = .max
    recipe.labelSmoothing = 0.1
    recipe.unfreezeAt = try Unfreezing(recipeText: "4:a.0-5,8:**.bias")
    recipe.limit = nil
    recipe.categorical = NameList([])
    let text = recipe.text(heading: ["What this is."])
    let again = try Recipe(yaml: Array(text.utf8), path: "again.yaml")
    #expect(again == recipe && again.text(heading: ["What this is."]) == text)
    #expect(text.hasPrefix("# What this is.\n\nglissade: 1\n"))
    #expect(again.differences(from: recipe).isEmpty)
  }

  @Test func optionsOfVersion010AreRead() throws {
    let text = """
      {"data": "t.csv", "model": "mlp", "epochs": 4, "optimizer": "sgd", "lr": 0.1, "momentum": 0.5, "dampening": 0, "nesterov": false,
       "weight_decay": 0.0, "kfold": 3, "fold": 2, "schedule": "constant", "clip_norm": null, "batch_size": 8, "seed": "18446744073709551615",
       "validation": 0.3333333333333333, "hidden": [8, 4], "classes": ["a", "b"], "input": [2], "class_weights": [1.5, 1.0],
       "command": "train", "arguments": ["--data", "t.csv", "--target=t", "--nesterov", "--hidden", "8,4", "--ignore", "x,y"],
       "glissade_version": "0.1.0"}
      """
    let (recipe, problems) = read(text)
    #expect(problems.isEmpty)
    #expect(recipe.data == "t.csv" && recipe.epochs == 4 && recipe.seed == .max && recipe.hidden?.sizes == [8, 4])
    #expect(recipe.text(of: "momentum") == "0.5" && recipe.target == "t" && recipe.ignore?.names == ["x", "y"])
    // What the run noted is in force, and its classes are facts of the data.
    #expect(recipe.text(of: "nesterov") == "false" && recipe.classes == nil && recipe.chosenFold?.number == 2)
    #expect(!recipe.isGiven("validation") && recipe.clipNorm == nil && recipe.isGiven("batch_size"))
    try recipe.check()
  }

  /// What an audit found: each was taken, or told of only after the data was read.
  @Test func whatMakesNoSenseIsNamedInRecipes() throws {
    func problems(_ file: String) throws -> String {
      let (recipe, problems) = Recipe.read(Array("glissade: 1\n\(file)".utf8), path: "r.yaml")
      return (problems + (try recipe.problems())).map(\.description).joined(separator: " | ")
    }
    #expect(try problems("loss: focal(2,1.5)\n").contains("alpha"))
    #expect(try problems("loss: focal(2,1)\n") == "")
    #expect(try problems("augment: rotation,resized-crop\n").contains("the first that changes the picture's part"))
    #expect(try problems("micro_batch: 0\n").contains("micro_batch is 0, and it has to be at least 1"))
    // Names of other libraries.
    for (line, meant) in [("activation: swish", "silu"), ("optimizer: l_bfgs", "lbfgs"), ("loss: bce_with_logits", "bce")] {
      #expect(try problems("\(line)\n").contains("did you mean '\(meant)'?"), "\(line)")
    }
    // Its batch is all of the data.
    #expect(Recipe.read(Array("glissade: 1\noptimizer: lbfgs\n".utf8), path: "r.yaml").recipe.microBatch == 1000)
    #expect(Recipe.read(Array("glissade: 1\n".utf8), path: "r.yaml").recipe.microBatch == nil)
  }
}
