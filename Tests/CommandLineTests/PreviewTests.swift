import Foundation
import Glissade
import GlissadeData
import GlissadePictures
import TestSupport
import Testing

/// Pages about trainings that have not begun.
struct PreviewTests {
  private let folder: CommandLineTests.TemporaryFolder

  init() throws { folder = try CommandLineTests.TemporaryFolder() }

  private func put(_ name: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: folder.path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// A folder of pictures, as many of each class; all of a class are of one colour.
  private func pictures(_ classes: [String], each: Int, side: Int = 12, noise: Bool = false) throws -> Recipe {
    for (place, name) in classes.enumerated() {
      var state = UInt32(place)
      let pixels = (0..<3 * side * side).map { index -> UInt8 in
        guard noise else { return UInt8(truncatingIfNeeded: 40 * place + index % 97) }
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
      }
      let bytes = HandmadePicture.png(width: side, height: side, pixels: pixels)
      for number in 0..<each { try put("data/\(name)/\(number).png", bytes) }
    }
    var recipe = Recipe()
    (recipe.data, recipe.model, recipe.size, recipe.device) = (folder.path("data"), "mlp", side, .cpu)
    return recipe
  }

  /// How many pictures a page holds.
  private func count(_ html: String) -> Int { html.components(separatedBy: "data:image/jpeg;base64,").count - 1 }

  private func expectNothingFromElsewhere(_ html: String, location: SourceLocation = #_sourceLocation) {
    let text = html.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
    for word in ["http:", "https:", "url(", "<link", "<iframe", "@import", "src=\"/", "srcset", "fetch(", "{{"] {
      #expect(!text.contains(word), "\(word)", sourceLocation: location)
    }
    #expect(html.contains("default-src 'none'"), sourceLocation: location)
    #expect(html.components(separatedBy: "<script").count == 2, sourceLocation: location)
  }

  @Test func picturesAreThoseOfTheTraining() throws {
    var recipe = try pictures(["<b>dark", "\"light\" & 'so' ‮🦊"], each: 8)
    try recipe.set("augment", to: .one("flip,crop,color-jitter(0.4)"), from: .program)
    let html = try RecipePreview(of: recipe).html
    expectNothingFromElsewhere(html)
    // Three samples of each class, in four epochs.
    #expect(count(html) == 24)
    let training = try #require(try Trainer(recipe).data?.training as? PictureDataset)
    for epoch in 0..<4 {
      let seen = try #require(training.illustration(ofSample: 0, epoch: epoch, normalizedBy: training.pipeline.normalization, side: 128))
      #expect(html.contains(Data(seen).base64EncodedString()))
    }
    let later = try #require(training.illustration(ofSample: 0, epoch: 4, normalizedBy: training.pipeline.normalization, side: 128))
    #expect(!html.contains(Data(later).base64EncodedString()))
    for text in ["&lt;b&gt;dark", "&quot;light&quot; &amp;", "🦊", "\\u{202e}", ".png", "flip,crop,color-jitter(0.4)"] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(!html.contains("<b>dark") && !html.contains("\u{202e}"))
    #expect(!FileManager.default.fileExists(atPath: "runs"))
  }

  @Test func picturesOfSeveralLabelsStandWithEach() throws {
    var recipe = try pictures(["x"], each: 20)
    let rows = (0..<20).map { "x/\($0).png,\($0 % 2 == 0 ? "red" : "")\($0 % 4 == 0 ? ";blue" : "")\n" }
    try put("labels.csv", Array(("file,labels\n" + rows.joined()).utf8))
    (recipe.labels, recipe.multiLabel, recipe.validation, recipe.test) = (folder.path("labels.csv"), true, 0, 0)
    let html = try RecipePreview(of: recipe).html
    #expect(html.contains("20 training, 0 validation and 0 test samples, 2 labels"))
    #expect(
      html.contains("<h3><bdi>red</bdi> <span class=\"note\">10 to train on")
        && html.contains("<h3><bdi>blue</bdi> <span class=\"note\">5 to"))
    // Eight of the red ones, and all that are blue.
    #expect(count(html) == 13 && html.contains("A sample may have several labels"))
  }

  @Test func imagesAreShownAndMixed() throws {
    let data = try PictureFolder()
    var recipe = Recipe()
    (recipe.data, recipe.model, recipe.device, recipe.batchSize) = (data.path, "lenet", .cpu, .samples(10))
    let plain = try RecipePreview(of: recipe).html
    expectNothingFromElsewhere(plain)
    #expect(count(plain) == 80 && plain.contains("Samples are the same in every epoch") && !plain.contains("mixed</h2>"))
    #expect(plain.contains("270 training, 30 validation and 50 test samples, 10 classes"))
    for text in [
      "<td>conv1</td><td>Conv2D</td><td>[10, 12, 12, 32]</td><td class=\"n\">320</td><td>yes</td>",
      "<td>fc2</td><td>Dense</td><td>[10, 10]</td><td class=\"n\">1290</td><td>yes</td>", "optimizer state", "Memory of a step: ",
    ] { #expect(plain.contains(text), "\(text)") }

    // What the monitor takes is told, as what is trained takes as much once more.
    let compared = "what the monitor compares with"
    recipe.monitor = true
    let watched = try RecipePreview(of: recipe).html
    #expect(!plain.contains(compared) && watched.contains(compared))
    recipe.monitor = false

    try recipe.set("augment", to: .one("cutmix"), from: .program)
    let mixed = try RecipePreview(of: recipe).html
    #expect(mixed.contains("The first batch, mixed") && count(mixed) == 90)
    let samples = try Trainer(recipe).firstSamples(of: try #require(try Trainer(recipe).data?.training), count: 3)
    #expect(samples.count == 3 && samples.allSatisfy { abs($0.classes.reduce(0) { $0 + $1.share } - 1) < 1e-5 })
    #expect(samples.contains { $0.classes.count == 2 })
  }

  @Test func whatIsFrozenIsNotTrained() throws {
    let data = try PictureFolder()
    let run = folder.path("run")
    var recipe = Recipe()
    (recipe.data, recipe.model, recipe.device, recipe.epochs, recipe.limit) = (data.path, "mlp", .cpu, 1, 60)
    try Trainer(recipe).fit(out: run)
    (recipe.pretrained, recipe.limit) = (run, nil)
    try recipe.set("freeze", to: .one("layers.0"), from: .program)
    let html = try RecipePreview(of: recipe).html
    #expect(html.contains("<td>layers.0</td><td>Dense</td><td>[32, 512]</td><td class=\"n\">74240</td><td>no</td>"))
    #expect(html.contains("<td>layers.2</td><td>Dense</td><td>[32, 10]</td><td class=\"n\">2570</td><td>yes</td>"))
    #expect(html.contains("the weights of \(run)"))
  }

  @Test func columnsOfATable() throws {
    var text = "size,colour,\"<i>&\",y\n"
    for row in 0..<60 { text += "\(row % 10 == 0 ? "" : "\(row % 5)"),\(["red", "green", "{{blue}}"][row % 3]),\(row),\(100 + row)\n" }
    try put("t.csv", Array(text.utf8))
    var recipe = Recipe()
    (recipe.data, recipe.target, recipe.device, recipe.missing) = (folder.path("t.csv"), "y", .cpu, .mean)
    let html = try RecipePreview(of: recipe).html
    expectNothingFromElsewhere(html.replacingOccurrences(of: "{{blue}}", with: ""))
    #expect(
      html.contains(
        "<bdi>size</bdi></td><td>numbers</td><td class=\"t\"><bdi>0 to 4.000, mean 2.222</bdi></td><td class=\"n\">6</td><td class=\"n\">10 %</td>"
      ))
    for text in [
      "3 words: red (20), green (20), {{blue}} (20)", "3 features, 1 for the row", "; 0 where it is missing",
      "what is predicted, a value: (x − ",
      "&lt;i&gt;&amp;", "values of y", "has a whole number of its own in every row", "Learning rate",
    ] { #expect(html.contains(text), "\(text)") }
    #expect(count(html) == 0 && !html.contains("Pictures as"))

    (recipe.target, recipe.kfold) = ("colour", 3)
    let classes = try RecipePreview(of: recipe).html
    #expect(
      classes.contains("3 trainings, one for each fold. This is of the first.") && classes.contains("what is predicted, one of 3 classes"))
    #expect(classes.contains("<th class=\"n\">validation</th>"))
  }

  @Test func manyLargePicturesHaveABound() throws {
    let recipe = try pictures((0..<60).map { "class \($0)" }, each: 6, side: 96, noise: true)
    let html = try RecipePreview(of: recipe).html
    #expect(html.utf8.count < 2_000_000, "\(html.utf8.count)")
    #expect(html.contains("40 of 60 classes are shown") && (40...240).contains(count(html)), "\(count(html))")
    // All that are shown have some.
    #expect(html.components(separatedBy: "<h3><bdi>").count == 41)
  }

  @Test func theCommandWritesOneFile() throws {
    try put("t.csv", Array(("a,b,c\n" + (0..<40).map { "\($0),\($0 % 7),\($0 % 2 == 0 ? "x" : "y")\n" }.joined()).utf8))
    let data = ["--data", folder.path("t.csv"), "--target", "c", "--device", "cpu"]
    let outcome = try Command(["preview", "--out", "p.html"] + data, directory: folder.path).finish()
    #expect(outcome.status == 0 && outcome.output == "saved in p.html\n", "\(outcome)")
    #expect(folder.names() == ["p.html", "t.csv"])
    let other = try Command(["preview", "--out", "p.html", "--as", "h100"] + data, directory: folder.path).finish()
    let page = try String(contentsOfFile: folder.path("p.html"), encoding: .utf8)
    #expect(other.status == 0 && page.contains("by published figures") && page.contains("MFLOP, at least 0."), "\(other)")
    expectComplaint(
      try glissade(["preview", "--out", folder.path("p.html"), "--as", "h1000"] + data), status: 2, "unknown published device")
    expectComplaint(try glissade(["preview"] + data), status: 2, "--out")
    expectComplaint(try glissade(["preview", "--out", folder.path("t.csv")] + data), status: 2, "which would be overwritten")
    expectComplaint(try glissade(["preview", "--out", folder.path] + data), status: 2, "is a folder")
    expectComplaint(try glissade(["preview", "--out", folder.path("no/p.html")] + data), status: 1, "there is no folder")
    expectComplaint(try glissade(["preview", "--out", folder.path("p.html"), "--epochs", "0"] + data), status: 2, "--epochs is 0")
    expectComplaint(
      try glissade("preview", "--out", folder.path("p.html"), "--data", folder.path("none.csv"), "--target", "c"), status: 1, "none.csv")
  }
}
