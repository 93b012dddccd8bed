import GlissadeFormats
import GlissadeOptimizers
import Testing

@testable import GlissadeRecipes

/// Recipes as values, and what makes sense together.
struct RecipeTests {
  @Test func defaultsDependOnTheRest() {
    var recipe = Recipe()
    #expect(recipe.model == "lenet" && recipe.epochs == 5 && recipe.batchSize == 128 && recipe.validation == 0.1)
    recipe.data = "table.csv"
    #expect(recipe.model == "mlp" && recipe.test == 0.2)
    recipe.kfold = 4
    #expect(recipe.validation == 0.25 && recipe.test == 0)
    recipe = Recipe()
    recipe.pretrained = "w.pth"
    #expect(recipe.model == "efficientnet-lite0" && recipe.epochs == 10 && recipe.batchSize == 32 && recipe.size == 224)
    recipe.model = "resnet18"
    #expect(recipe.size == 32)
  }

  @Test func theOptimizerHasItsNumbers() throws {
    var recipe = Recipe()
    let rates = [("sgd", 0.1), ("momentum", 0.1), ("adadelta", 1), ("lion", 1e-4), ("rmsprop", 0.001), ("adam", 0.001), ("adamw", 0.001)]
    for (optimizer, rate) in rates {
      recipe.optimizer = optimizer
      #expect(try recipe.rule().learningRate == rate)
    }
    try recipe.set("weight_decay", to: .one("0.25"), from: .program)
    try recipe.set("amsgrad", to: .one("true"), from: .program)
    let rule = try #require(try recipe.rule() as? AdamW)
    #expect(rule.weightDecay == 0.25 && rule.isAMSGrad && rule.beta2 == 0.999)
  }

  @Test func whatDoesNotFitIsNamedWhereItWasGiven() throws {
    func problem(_ options: [(String, String)], in file: String = "") throws -> String {
      var (recipe, problems) = Recipe.read(Array("glissade: 1\n\(file)".utf8), path: "r.yaml")
      #expect(problems.isEmpty)
      for (name, text) in options { try recipe.set(name, to: .one(text), from: .commandLine) }
      recipe.dropWhatDoesNotFit()
      problems = try recipe.problems()
      return problems.map(\.description).joined(separator: " | ")
    }
    #expect(
      try problem([("momentum", "0.9")]) == "--momentum is no option of adam; sgd, momentum, nesterov, rmsprop, lars and muon have it")
    #expect(
      try problem([], in: "nesterov: true\n") == "r.yaml:2:11: nesterov is no option of adam; sgd, momentum, nesterov and muon have it")
    #expect(try problem([("dropout", "0.1"), ("model", "resnet18")]) == "--dropout is no option of resnet18; mlp and lenet have it")
    for name in ["norm", "dropconnect", "dropout", "spatial_dropout", "pool", "squeeze_excitation"] {
      let value = ["norm": "batch", "pool": "average", "squeeze_excitation": "4"][name] ?? "0.1"
      #expect(try problem([(name, value)]) == "")
      #expect(try problem([(name, value), ("model", "vgg11_bn")]).contains("is no option of vgg11_bn; "), "\(name)")
      let isOfPictures = ["spatial_dropout", "pool", "squeeze_excitation"].contains(name)
      #expect(try problem([(name, value), ("model", "mlp")]).hasSuffix(isOfPictures ? "is no option of mlp; lenet has it" : ""), "\(name)")
    }
    #expect(try problem([("norm", "instance"), ("model", "mlp")]).contains("none, batch, layer, group, rms"))
    #expect(try problem([("freeze", "backbone")]) == "--freeze is for --pretrained, and that is not given")
    #expect(try problem([("target", "y")]).hasPrefix("--target is for tables, and --data fashion-mnist is none"))
    #expect(try problem([], in: "size: 32\n") == "r.yaml:2:7: size is for folders of pictures, and data fashion-mnist is none")
    #expect(try problem([("augment", "flip")]) == "")
    #expect(
      try problem([("augment", "flip"), ("data", "t.csv"), ("target", "y")]) == "--augment is for pictures, and --data t.csv is a table")
    #expect(try problem([("kfold", "3"), ("fold", "4")]) == "--fold is 4, and it has to be from 1 to 3, the number of folds")
    #expect(try problem([("optimizer", "sgd"), ("nesterov", "true")]).contains("momentum is 0, and it has to be above 0 for Nesterov"))
    // A switch that is off is off for all, and what a file says falls away where the command line decides otherwise.
    #expect(try problem([("nesterov", "false")]) == "")
    // Whoever asks for what goes with a switch wants the switch to be on.
    #expect(try problem([("monitor_every", "5")]) == "--monitor-every is for --monitor, and that is not given")
    #expect(try problem([("monitor_every", "5")], in: "monitor: false\n") == "--monitor-every is for --monitor, and that is off")
    #expect(try problem([("monitor", "false"), ("monitor_every", "5")]) == "--monitor-every is for --monitor, and that is off")
    #expect(try problem([("monitor_every", "5"), ("monitor", "true")], in: "monitor: false\n") == "")
    #expect(
      try problem([], in: "monitor: false\nmonitor_every: 5\n") == "" && problem([("monitor_every", "5")], in: "monitor: true\n") == "")
    #expect(try problem([("monitor", "false")], in: "monitor: true\nmonitor_every: 5\n") == "")
    // Of what excludes each other, too: a run's recipe says everything that was in force.
    #expect(try problem([("kfold", "3")], in: "validation: 0.1\n") == "")
    #expect(try problem([("kfold", "3")], in: "validation: 0.1\nensemble: 4\nmember: 2\n") == "")
    #expect(try problem([("ensemble", "3")], in: "kfold: 4\nfold: 2\n") == "")
    #expect(try problem([("ema", "0.99")], in: "swa: 2\n") == "" && problem([("swa", "2")], in: "ema: 0.99\n") == "")
    #expect(try problem([("optimizer", "lbfgs")], in: "batch_size: 128\n") == "")
    #expect(
      try problem([("kfold", "3"), ("validation", "0.1")]) == "--validation cannot be given with --kfold, which holds out 1/3 of the data")
    #expect(try problem([], in: "kfold: 3\nvalidation: 0.1\n").contains("validation cannot be given with kfold"))
    #expect(try problem([("validation", "0.1")], in: "kfold: 3\n").contains("--validation cannot be given with --kfold"))
    // What a step does.
    let cycle = "one-cycle(high-momentum: 0.95, low-momentum: 0.85)"
    #expect(try problem([("schedule", cycle)]) == "" && problem([("schedule", cycle), ("optimizer", "lion")]) == "")
    for optimizer in ["sgd", "adagrad", "adadelta", "rmsprop", "nadam", "lbfgs"] {
      #expect(
        try problem([("schedule", cycle), ("optimizer", optimizer)])
          == "--schedule moves momentum, and \(optimizer) has none, or is set to have none")
    }
    #expect(try problem([("ema", "0.9"), ("swa", "2")]) == "--swa cannot be given with --ema: there is one average of weights")
    #expect(try problem([("swa", "6")]) == "--swa is 6, which comes after the last epoch, 5" && problem([("swa", "5")]) == "")
    #expect(try problem([("drop_path", "0.1")]).hasPrefix("--drop-path is no option of lenet; resnet18, "))
    #expect(try problem([("drop_path", "0.1"), ("model", "resnet34")]) == "")
    #expect(try problem([("optimizer", "lbfgs")]) == "" && problem([("optimizer", "lbfgs"), ("batch_size", "all")]) == "")
    #expect(
      try problem([("optimizer", "lbfgs"), ("batch_size", "64")]).hasPrefix(
        "--batch-size is 64, and it has to be all with lbfgs, unless --mini-batches is given: on batches that change,"))
    #expect(try problem([("optimizer", "lbfgs"), ("batch_size", "64"), ("mini_batches", "true")]) == "")
    #expect(try problem([], in: "optimizer: lbfgs\nclip_norm: 1\n").hasPrefix("r.yaml:3:12: clip_norm is not for lbfgs, whose line search"))
    // L-BFGS goes by one function of all parameters together.
    let whole = ("optimizer", "lbfgs")
    #expect(try problem([whole, ("group", "fc2.**:weight_decay=0,l1=0.1")]) == "" && problem([whole, ("dropout", "0")]) == "")
    #expect(try problem([whole], in: "dropout: 0.3\n") == "")
    #expect(
      try problem([], in: "optimizer: lbfgs\ndropout: 0.3\n").hasPrefix(
        "r.yaml:3:10: dropout is not for lbfgs, unless mini_batches is given: what it"))
    let changing = [
      ("dropout", "0.1"), ("dropconnect", "0.1"), ("spatial_dropout", "0.1"), ("pool", "fractional"), ("augment", "flip"),
      ("augment", "mixup"), ("sampling", "balanced"),
    ]
    for option in changing {
      let name = "--" + option.0.replacing("_", with: "-")
      #expect(
        try problem([whole, option]).hasPrefix("\(name) is not for lbfgs, unless --mini-batches is given: what it remembers"), "\(option)")
      #expect(try problem([whole, option, ("mini_batches", "true")]) == "", "\(option)")
    }
    for option in [("layer_decay", "0.5"), ("group", "fc2.**:lr=0.1x"), ("group", "fc2.**:optimizer=sgd"), ("group", "fc2.**:max_norm=1")] {
      #expect(try problem([whole, option]).contains("steps are those of all parameters together"), "\(option)")
    }
    #expect(try problem([("group", "fc2.**:optimizer=lbfgs")]).contains("says optimizer lbfgs, whose steps are those of all parameters"))
    let zeros = #expect(throws: RecipeError.self) { try problem([("class_weights", "0,0")]) }
    #expect(try #require(zeros).description == "--class-weights is '0,0', and one number has to be above 0")
    // What would have no effect beside something else.
    let weights = [("pretrained", "somewhere"), ("model", "lenet")]
    #expect(try problem(weights + [("initialization", "he_normal")]).contains("--initialization has no effect beside --pretrained"))
    #expect(try problem(weights + [("dropout", "0.1"), ("head", "64,dropout(0.2)")]).contains("--dropout has no effect beside --head"))
    #expect(try problem(weights + [("dropout", "0.1"), ("head", "64")]) == "")
    let sgd = "optimizer: sgd\nmomentum: 0.9\n"
    #expect(try problem([], in: sgd) == "" && problem([("optimizer", "adam")], in: sgd) == "")
  }

  /// Once more of what is complete, as a run's recipe is when it is fed back, is the same.
  @Test func whatIsCompleteStaysAsItIs() {
    let complete = Recipe().completed(for: .pictures)
    #expect(complete.text(of: "monitor") == "false" && complete.origin(of: "monitor_every") == nil)
    #expect(complete.completed(for: .pictures).differences(from: complete).isEmpty)
  }

  @Test func aBatchIsSoManySamplesOrAll() throws {
    var recipe = Recipe()
    for (text, count) in [("all", 500), ("1", 1), ("32", 32)] {
      try recipe.set("batch_size", to: .one(text), from: .commandLine)
      #expect(recipe.batchSize.count(of: 500) == count && recipe.text(of: "batch_size") == text)
    }
    for text in ["0", "-1", "0.5", "every", "none"] {
      #expect(throws: RecipeError.self, "\(text)") { try recipe.set("batch_size", to: .one(text), from: .commandLine) }
    }
    recipe = Recipe()
    recipe.optimizer = "lbfgs"
    #expect(recipe.batchSize == .all)
  }

  @Test func unknownNamesHaveNeighbours() {
    var recipe = Recipe()
    let error = #expect(throws: RecipeError.self) { try recipe.set("lable_smoothing", to: .one("0"), from: .commandLine) }
    #expect(error?.description == "unknown option 'lable_smoothing'; did you mean 'label_smoothing'?")
    #expect(error?.isOfArguments == true)
  }

  @Test func differencesAreInWhatIsInForce() {
    var one = Recipe()
    var other = Recipe()
    other.epochs = 9
    one.clipNorm = 1
    let found = one.completed(for: .images).differences(from: other.completed(for: .images))
    #expect(found.map { "\($0.name): \($0.one) \($0.other)" } == ["epochs: 5 9", "clip_norm: 1.0 none"])
  }
}
