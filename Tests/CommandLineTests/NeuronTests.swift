import Foundation
import GlissadeFormats
import Testing

/// Activations, first weights and losses by name.
struct NeuronTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two lengths, of which a sort, a sum, a difference and two marks follow.
  private func table() throws -> String {
    var state: UInt64 = 5
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 33) / 1_073_741_824 - 1
    }
    var text = "a,b,sum,difference,high,wide,sort\n"
    for _ in 0..<300 {
      let (a, b) = (uniform(), uniform())
      text += "\(a),\(b),\(100 + a + b),\(a - b),\(a > 0 ? 1 : 0),\(b > 0.3 ? 1 : 0),\(a > 0 ? "right" : b > 0 ? "up" : "down")\n"
    }
    let path = folder.path("table.csv")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func train(_ target: String, _ more: String..., out: String = "run") throws -> Outcome { try train(target, more, out: out) }

  private func train(_ target: String, _ more: [String], out: String = "run") throws -> Outcome {
    try glissade(
      [
        "train", "--data", try table(), "--target", target, "--ignore",
        "sum,difference,high,wide,sort".split(separator: ",")
          .filter { !target.split(separator: ",").contains($0) }.joined(separator: ","), "--hidden", "24,12", "--epochs", "15", "--lr",
        "1e-2",
        "--device", "cpu", "--out", folder.path(out),
      ] + more)
  }

  private func accuracy(_ outcome: Outcome) -> Double {
    guard let place = outcome.output.range(of: "test accuracy ") else { return .nan }
    return Double(outcome.output[place.upperBound...].prefix { $0.isNumber || $0 == "." }) ?? .nan
  }

  @Test(
    "Every loss of classes learns them, whatever their unit",
    arguments: [
      "cross_entropy", "nll", "bce", "mse", "mae", "huber(0.5)", "smooth_l1(0.3)", "hinge", "squared_hinge(0.5)", "focal", "focal(1,0.5)",
      "kl_div", "binary_hinge", "binary_hinge(0.5)", "bce(2)",
    ]) func losses(name: String) throws
  {
    let outcome = try train("sort", "--loss", name)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(accuracy(outcome) > 80, "\(name): \(outcome.output)")
    let recipe = try String(contentsOfFile: folder.path("run/recipe.yaml"), encoding: .utf8)
    #expect(recipe.contains("loss: \(name)") || recipe.contains("loss: \"\(name)\""), "\(recipe)")
  }

  @Test("Class weights go with every loss, smoothed labels only with distributions") func options() throws {
    let weighted = try train("sort", "--loss", "focal", "--class-weights", "balanced")
    #expect(weighted.status == 0 && accuracy(weighted) > 80, "\(weighted)")
    let smoothed = try train("sort", "--loss", "hinge", "--label-smoothing", "0.1")
    #expect(smoothed.status == 2 && smoothed.errors.contains("cross_entropy, nll, kl_div"), "\(smoothed)")
    let divergence = try train("sort", "--loss", "kl_div", "--label-smoothing", "0.1", "--class-weights", "balanced", out: "divergence")
    #expect(divergence.status == 0 && accuracy(divergence) > 80, "\(divergence)")
    for (weights, count) in [("1,2", "2 numbers"), ("1", "1 number"), ("1,2,3,4", "4 numbers")] {
      expectComplaint(
        try train("sort", "--class-weights", weights, out: "weights"), status: 2,
        "--class-weights is \(count), and there are 3 classes, each of which needs one: down, right, up")
    }
    for more in [["--class-weights", "1,2"], ["--sampling", "balanced"]] {
      expectComplaint(
        try train("sum", more[0], more[1], out: "numbers"), status: 2,
        "\(more[0]) is for classes, of which a row has one, and numbers are to be")
      expectComplaint(
        try train("high,wide", "--loss", "bce", more[0], more[1], out: "numbers"), status: 2, "\(more[0]) is for classes",
        "labels of yes or no")
    }
    for name in ["kl_div", "binary_hinge"] {
      expectComplaint(try train("sum", "--loss", name, out: "numbers"), status: 2, "--loss is \(name), a loss of classes, and numbers are")
    }
    let numbers = try train("sum", "--loss", "focal", out: "numbers")
    #expect(numbers.status == 2 && numbers.errors.contains("mse, mae, huber, smooth_l1"), "\(numbers)")
    let softened = try train("sum", "--label-smoothing", "0.1", out: "numbers")
    #expect(softened.status == 2 && softened.errors.contains("is for classes, and numbers are to be predicted"), "\(softened)")
    let unknown = try train("sort", "--loss", "focel")
    #expect(unknown.status == 2 && unknown.errors.contains("did you mean 'focal'"), "\(unknown)")
    let range = try train("sort", "--loss", "focal(-1)")
    #expect(range.status == 2 && range.errors.contains("gamma has to be at least 0"), "\(range)")
    let form = try train("sort", "--loss", "focal(1,2,3)")
    #expect(form.status == 2 && form.errors.contains("focal(gamma,alpha)"), "\(form)")
  }

  @Test("Activations by name, with the weights that suit them") func activations() throws {
    for (name, initialization) in [
      ("prelu", "he_normal"), ("prelu_per_channel(0.1)", "he_normal"), ("leaky_relu(0.2)", "he_normal"),
      ("hardtanh(-2,2)", "glorot_uniform"),
      ("selu", "lecun_normal"), ("tanh", "glorot_uniform"), ("relu", "pytorch"),
    ] {
      let outcome = try train("sort", "--activation", name, out: name)
      #expect(outcome.status == 0 && accuracy(outcome) > 80, "\(name): \(outcome)")
      let recipe = try String(contentsOfFile: folder.path(name + "/recipe.yaml"), encoding: .utf8)
      #expect(
        (recipe.contains("activation: \(name)") || recipe.contains("activation: \"\(name)\""))
          && recipe.contains("initialization: \(initialization)"), "\(recipe)")
      let again = try glissade("evaluate", "--run", folder.path(name), "--device", "cpu")
      #expect(again.status == 0, "\(name): \(again)")
    }
    // One slope for each feature of both hidden layers.
    let weights = try glissade("inspect", folder.path("prelu_per_channel(0.1)/model.safetensors")).output
    let other = try glissade("inspect", folder.path("prelu/model.safetensors")).output
    for (output, counts) in [(weights, ["24", "12"]), (other, ["1", "1"])] {
      let lines = output.split(separator: "\n").filter { $0.contains("activations") }
      #expect(lines.count == 2 && zip(lines, counts).allSatisfy { $0.contains("[\($1)]") || $0.contains(" \($1) ") }, "\(output)")
    }
    let usual = try train("sort", out: "usual")
    let named = try train("sort", "--activation", "relu", "--initialization", "pytorch", out: "named")
    #expect(usual.status == 0 && named.status == 0)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: folder.path("usual/model.safetensors")))
        == Data(contentsOf: URL(fileURLWithPath: folder.path("named/model.safetensors"))))
    let unknown = try train("sort", "--activation", "misch")
    #expect(unknown.status == 2 && unknown.errors.contains("did you mean 'mish'"), "\(unknown)")
    let elsewhere = try glissade("train", "--model", "resnet18", "--activation", "mish")
    #expect(elsewhere.status == 2 && elsewhere.errors.contains("mlp and lenet have it"), "\(elsewhere)")
  }

  @Test("A batch's losses are added up where somebody says so, and told as a mean") func reduction() throws {
    // A batch is 16 samples: a sixteenth of the rate goes as far.
    func weights(_ name: String) throws -> [Float] {
      let file = try WeightsFile(path: folder.path(name + "/model.safetensors"))
      return try file.tensors.flatMap { try file.floats(of: $0.name) }
    }
    let more = ["--optimizer", "sgd", "--batch-size", "16", "--epochs", "1", "--limit", "160", "--validation", "0"]
    let mean = try train("sort", more + ["--lr", "0.16"], out: "mean")
    let sum = try train("sort", more + ["--lr", "0.01", "--reduction", "sum"], out: "sum")
    #expect(mean.status == 0 && sum.status == 0, "\(mean) \(sum)")
    let (first, second) = (try weights("mean"), try weights("sum"))
    #expect(!first.isEmpty && first.count == second.count && zip(first, second).allSatisfy { abs($0 - $1) < 1e-5 })
    let losses = try ["mean", "sum"].map { try JSONValue.read(path: folder.path($0 + "/summary.json"))["train_loss"]?.doubleValue }
    #expect(abs(try #require(losses[0]) - #require(losses[1])) < 1e-5, "\(losses)")
  }

  @Test("Several numbers are predicted at once, each in its own unit") func severalNumbers() throws {
    let outcome = try train("sum,difference", "--epochs", "40")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    for name in ["sum", "difference"] {
      #expect(try #require(summary["test_values"]?[name]?["r2"]?.doubleValue) > 0.9, "\(outcome)")
    }
    let again = try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu", "--json")
    let values = try JSONValue.parse(Array(again.output.utf8))
    #expect(values["values"]?["sum"] == summary["test_values"]?["sum"])
    let rows = folder.path("rows.csv")
    try "a,b\n0.5,0.25\n-0.5,0.5\n".write(toFile: rows, atomically: true, encoding: .utf8)
    let predicted = try JSONValue.parse(
      Array(try glissade("predict", rows, "--run", folder.path("run"), "--device", "cpu", "--json").output.utf8))
    let first = try #require(predicted.arrayValue?.first?["values"])
    #expect(abs(try #require(first["sum"]?.doubleValue) - 100.75) < 0.3)
    #expect(abs(try #require(first["difference"]?.doubleValue) - 0.25) < 0.3)
    let export = try glissade("convert", folder.path("run"), folder.path("run.onnx"))
    #expect(export.status == 0, "\(export)")
  }

  @Test("Every loss of yes and no learns labels", arguments: ["focal", "hinge", "squared_hinge", "binary_hinge(0.5)"])
  func lossesOfLabels(name: String) throws {
    let outcome = try train("high,wide", "--loss", name, "--epochs", "40")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let found = try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu", "--json")
    let labels = try JSONValue.parse(Array(found.output.utf8))["labels"]
    #expect(try #require(labels?["micro_f1"]?.doubleValue ?? labels?["micro"]?["f1"]?.doubleValue) > 0.85, "\(found)")
  }

  @Test("Several labels of a row are probabilities each") func severalLabels() throws {
    let outcome = try train("high,wide", "--loss", "bce", "--epochs", "40")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    for name in ["high", "wide"] {
      #expect(try #require(summary["test_values"]?[name]?["mean_absolute_error"]?.doubleValue) < 0.15, "\(outcome)")
    }
    let rows = folder.path("rows.csv")
    try "a,b\n0.8,-0.5\n-0.8,0.9\n".write(toFile: rows, atomically: true, encoding: .utf8)
    let predicted = try JSONValue.parse(
      Array(try glissade("predict", rows, "--run", folder.path("run"), "--device", "cpu", "--json").output.utf8))
    let (first, second) = (predicted.arrayValue?.first?["values"], predicted.arrayValue?.last?["values"])
    #expect(try #require(first?["high"]?.doubleValue) > 0.8 && (try #require(first?["wide"]?.doubleValue)) < 0.2)
    #expect(try #require(second?["high"]?.doubleValue) < 0.2 && (try #require(second?["wide"]?.doubleValue)) > 0.8)
    let export = try glissade("convert", folder.path("run"), folder.path("run.onnx"))
    #expect(export.status == 0 && export.output.contains("its outputs are the probabilities of each label"), "\(export)")
    let weights = try glissade("convert", folder.path("run"), folder.path("run.safetensors"))
    #expect(weights.status == 0 && weights.errors.contains("gives logits, whose sigmoid is the probability of each label"), "\(weights)")
  }

  @Test("What cannot be predicted together is refused") func wrongTargets() throws {
    let words = try train("sum,sort")
    #expect(words.status != 0 && words.errors.contains("it holds words"), "\(words)")
    let numbers = try train("sum,high", "--loss", "bce")
    #expect(numbers.status != 0 && numbers.errors.contains("is 1 or 0"), "\(numbers)")
    let classes = try train("sum,high", "--task", "classification")
    #expect(classes.status == 2 && classes.errors.contains("several columns"), "\(classes)")
    let unknown = try train("sum,hihg")
    #expect(unknown.status != 0 && unknown.errors.contains("hihg"), "\(unknown)")
    expectComplaint(try train("sum,sum"), status: 2, "--target is 'sum,sum', which names 'sum' twice")
    expectComplaint(try train("sum,"), status: 2, "--target is 'sum,', with an empty name in it")
  }
}
