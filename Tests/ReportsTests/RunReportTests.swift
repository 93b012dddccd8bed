import GlissadeFormats
import GlissadeReports
import GlissadeTraining
import TestSupport
import Testing

/// Pages about runs, made from what folders hold.
struct RunReportTests {
  private let folder: TemporaryFolder
  private var run: RunFolder { RunFolder(folder.path) }

  init() throws { folder = try TemporaryFolder() }

  private static let metrics =
    "epoch,step,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy\n1,5,0.1,1.5,0.3,1.25,0.4\n2,10,0.1,0.75,0.7,0.5,0.8\n3,15,0.1,0.5,0.9,0.625,0.75\n"

  private func write(metrics: String = metrics, recipe: String = "glissade: 1\nmodel: mlp\nlr: 0.1\n", _ summary: JSONValue? = nil) throws {
    _ = try folder.put("metrics.csv", Array(metrics.utf8))
    _ = try folder.put("recipe.yaml", Array(recipe.utf8))
    if let summary { _ = try folder.put("summary.json", Array(summary.text().utf8)) }
  }

  /// A summary of some classes.
  private func summary(_ classes: [String], data: String = "d", mistake: String = "file.png") -> JSONValue {
    let count = classes.count
    return [
      "model": "mlp", "dataset": .string(data), "epochs": 3, "best_epoch": 2, "tested_epoch": 2, "test_loss": 0.5, "test_accuracy": 0.8125,
      "reported_on": "test", "glissade_version": "1", "advice": ["try <more> & better"],
      "report": [
        "classes": .array(classes.map { ["name": .string($0), "precision": 0.5, "recall": 0.25, "f1": 0.375, "support": 4] }),
        "macro_f1": 0.375,
        "confusion_matrix": count > 200 ? .null : .array((0..<count).map { row in .array((0..<count).map { $0 == row ? 3 : 1 }) }),
        "confusions": [["class": .string(classes[0]), "taken_for": .string(classes[1]), "count": 1, "share": 0.25]],
        "mistakes": [
          [
            "sample": 7, "name": .string(mistake), "class": .string(classes[0]), "taken_for": .string(classes[1]), "confidence": 0.75,
            "picture": "/9j/",
          ]
        ],
      ],
    ]
  }

  /// Nothing that makes a browser ask for anything.
  private func expectNothingFromElsewhere(_ html: String, location: SourceLocation = #_sourceLocation) {
    let text = html.replacing("http://www.w3.org/2000/svg", with: "")
    for word in ["http:", "https:", "url(", "<link", "<iframe", "@import", "src=\"/", "srcset", "fetch("] {
      #expect(!text.contains(word), "\(word)", sourceLocation: location)
    }
    #expect(html.contains("default-src 'none'"), sourceLocation: location)
    #expect(html.components(separatedBy: "<script").count == 2, sourceLocation: location)
  }

  @Test func aStepsTimeByKindOfKernel() throws {
    let kernels: [JSONValue] = (1...10).map { ["kind": .string("kind<\($0)>"), "launches": 2, "seconds": .number(0.001 / Double($0))] }
    try write(["model": "mlp", "step_times": ["steps": 3, "kernels": .array(kernels)]])
    let html = try RunReport(of: run).html
    for text in ["A training step on the device", "kind&lt;1&gt; (2)", "kind&lt;8&gt; (2)", "others (4)"] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(!html.contains("kind&lt;9"))
  }

  @Test func everythingIsInThePage() throws {
    try write(summary(["cat", "dog"]))
    let html = try RunReport(of: run).html
    for text in [
      "mlp on d", "test accuracy 81.25 %, test loss 0.5 with the model of epoch 2", "try &lt;more&gt; &amp; better", "37.5 %", "taken for",
      "file.png", "data:image/jpeg;base64,/9j/", "lr: 0.1", "The dot marks the best epoch, 2.",
    ] { #expect(html.contains(text), "\(text)") }
    expectNothingFromElsewhere(html)
    #expect(!html.contains("{{") && !html.contains("Every threshold"))
  }

  @Test func curvesAreThoseOfTheTable() throws {
    try write(summary(["cat", "dog"]))
    let html = try RunReport(of: run).html
    #expect(html.contains("train: from 1.5 at 1 to 0.5 at 3; validation: from 1.25 at 1 to 0.625 at 3"))
    // The loss' picture: heights in the ratio of the values, whatever the scale.
    let lines = html.components(separatedBy: "points=\"").dropFirst().prefix(2).map { line in
      line.prefix { $0 != "\"" }.split(separator: " ").compactMap { Double($0.split(separator: ",")[1]) }
    }
    let (drawn, values) = (lines.flatMap { $0 }, [1.5, 0.75, 0.5, 1.25, 0.5, 0.625])
    #expect(drawn.count == values.count)
    let unit = (drawn[2] - drawn[0]) / (values[0] - values[2])
    for (height, value) in zip(drawn, values) { #expect(abs(height - (drawn[2] - (value - values[2]) * unit)) < 0.2) }
  }

  @Test func namesFromOutsideAreText() throws {
    let names = ["<script>alert(1)</script>", "\u{202e}\u{1b}[31m\"'&{{title}}", String(repeating: "x", count: 4000), "🦊 雪"]
    try write(
      recipe: "glissade: 1\nmodel: mlp\ndata: \"</pre><img src=x onerror=alert(2)>\"\n",
      summary(names, data: "</title><b>", mistake: "\" onerror=\"alert(3)"))
    let html = try RunReport(of: run).html
    expectNothingFromElsewhere(html)
    for text in ["<script>alert", "<img src=x", "</title><b>", "\" onerror", "\u{202e}", "\u{1b}", String(repeating: "x", count: 300)] {
      #expect(!html.contains(text), "\(text)")
    }
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && html.contains("🦊 雪") && html.contains("{{title}}"))
  }

  private static let health =
    "epoch,step,layer,activation,gradient_norm,largest_gradient_norm,weight_norm,update_ratio,activation_mean,activation_deviation,dead_units,saturated\n"
    + "1,5,conv1,relu,0.25,0.5,2,0.001,0.5,1,0.125,\n1,5,\"<b>, fc\",output,4,8,2,0.002,0,1,,\n"
    + "2,10,conv1,relu,0.125,0.5,2,0.0005,0.5,1,0.375,\n2,10,\"<b>, fc\",output,2,8,2,0.001,0,1,,\n"

  @Test func whatTheMonitorFound() throws {
    var summary = summary(["cat", "dog"])
    if let members = summary.members {
      summary = .object(members + [JSONMember("warnings", [["kind": "dead_units", "epoch": 2, "step": 9, "text": "Dead <units>"]])])
    }
    try write(summary)
    #expect(try !RunReport(of: run).html.contains("Every layer"))
    _ = try folder.put("health.csv", Array(Self.health.utf8))
    let html = try RunReport(of: run).html
    expectNothingFromElsewhere(html)
    for text in [
      "gradient norm by layer", "conv1: from 0.25 at 1 to 0.125 at 2; &lt;b&gt;, fc: from 4 at 1 to 2 at 2", "update ratio by layer",
      "conv1: from 0.001 at 1 to 0.0005 at 2", "Every layer in epoch 2", "<td class=\"n\">37.5 %</td>", "<bdi>&lt;b&gt;, fc</bdi>",
      "Epoch 2, step 9: Dead &lt;units&gt;",
    ] { #expect(html.contains(text), "\(text)") }
    #expect(!html.contains("<td class=\"n\">12.5 %</td>") && !html.contains("{{"))
    // Of many layers some are drawn, the first and the last among them.
    let rows = (0..<20).map { "1,5,block\($0),relu,1,1,1,0.001,0,1,,\n" }.joined()
    _ = try folder.put("health.csv", Array((Self.health.prefix { $0 != "\n" } + "\n" + rows).utf8))
    let many = try RunReport(of: run).html
    #expect(many.contains("The curves are of 6 of 20 layers") && many.contains("block0: from") && many.contains("block19: from"))
    #expect(!many.contains("block1: from") && many.contains("<bdi>block1</bdi>"))
    _ = try folder.put("health.csv", Array((Self.health + "3,15,conv1,relu,x,,,,,,,\n").utf8))
    let error = #expect(throws: FormatError.self) { try RunReport(of: run) }
    #expect(error?.description.contains("health.csv") == true && error?.description.contains("'x' is no number") == true)
  }

  @Test func aThousandClassesFit() throws {
    try write(summary((0..<1000).map { "class \($0)" }))
    let html = try RunReport(of: run).html
    #expect(html.utf8.count < 1 << 20 && html.contains("class 999") && !html.contains("What is taken for what"))
    try write(summary((0..<120).map { "class \($0)" }))
    #expect(try RunReport(of: run).html.contains("Of 120 classes these are the 25 with the lowest F1"))
  }

  @Test func aRunThatGoesOnSaysSo() throws {
    try write()
    let html = try RunReport(of: run).html
    #expect(html.contains("This run has no summary") && html.contains("validation accuracy 80 %, validation loss 0.5 after epoch 2"))
    try write(metrics: "epoch,step\n")
    #expect(try RunReport(of: run).html.contains("no epoch is over"))
  }

  @Test(arguments: [
    ("epoch,step,train_loss\n1,5,abc\n", "line 2: 'abc' is no number"),
    ("epoch,train_loss\n1,2,3\n", "3 fields where the first line has 2"),
    ("what,is,this\n", "line 1: a table of epochs begins with 'epoch'"), ("epoch,a,a\n1,2,3\n", "two columns have the same name"),
  ])
  func aDamagedTable(text: String, message: String) throws {
    try write(metrics: text)
    let error = #expect(throws: FormatError.self) { try RunReport(of: run) }
    #expect(
      error?.description.contains("metrics.csv") == true && error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test func severalRuns() throws {
    try write(summary(["cat", "dog"]))
    let other = try TemporaryFolder()
    _ = try other.put("recipe.yaml", Array("glissade: 1\nmodel: lenet\nlr: 0.2\n".utf8))
    _ = try other.put("metrics.csv", Array(Self.metrics.utf8))
    _ = try other.put("summary.json", Array(summary(["cat", "dog"]).text().utf8))
    let html = try RunComparison(of: [run, RunFolder(other.path)]).html
    expectNothingFromElsewhere(html)
    #expect(html.contains("<td>lr</td><td class=\"t\"><bdi>0.1</bdi></td><td class=\"t\"><bdi>0.2</bdi></td>"))
    #expect(html.contains("Which is better where") && !html.contains("class=\"warn\"") && !html.contains("{{"))

    _ = try other.put("metrics.csv", Array("epoch,step,train_loss,train_mean_absolute_error\n1,5,0.5,3\n".utf8))
    _ = try other.put("summary.json", Array(#"{"dataset": "another"}"#.utf8))
    let mixed = try RunComparison(of: [run, RunFolder(other.path)]).html
    #expect(mixed.contains("some answer with classes, some with values") && mixed.contains("These runs are of different data"))
  }
}
