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
  }

  /// What is not damaged is shown.
  @Test func aDamagedTableOfLayers() throws {
    try write(summary(["cat", "dog"]))
    _ = try folder.put("health.csv", Array((Self.health + "3,15,conv1,relu,<x>,,,,,,,\n").utf8))
    let html = try RunReport(of: run).html
    for text in ["What the monitor found is left out: ", "health.csv", "&#39;&lt;x&gt;&#39; is no number", "test accuracy 81.25 %"] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(!html.contains("Every layer"))
    #expect(try RunComparison(of: [run, run]).html.contains("What the monitor found is left out"))
  }

  @Test func aThousandClassesFit() throws {
    try write(summary((0..<1000).map { "class \($0)" }))
    let html = try RunReport(of: run).html
    #expect(html.utf8.count < 1 << 20 && html.contains("class 999") && !html.contains("What is taken for what"))
    try write(summary((0..<120).map { "class \($0)" }))
    #expect(try RunReport(of: run).html.contains("Of 120 classes these are the 40 between which the most frequent confusions are"))
  }

  /// Counts and shares of the fields, row by row, as they stand there.
  private func matrix(_ html: String) -> [[String]] {
    guard let begin = html.firstRange(of: "<table class=\"matrix") else { return [] }
    let body = html[begin.upperBound...].components(separatedBy: "</table>")[0].components(separatedBy: "<tbody>")[1]
    return body.components(separatedBy: "</tr>").dropLast().map { row in
      row.components(separatedBy: "<td").dropFirst().map { cell in
        let text = String(cell.drop { $0 != ">" }.dropFirst())
        return text.replacing("<small>", with: "").replacing("</small>", with: "").replacing("</td>", with: "").replacing("&lt;", with: "<")
      }
    }
  }

  @Test func theMatrixHasCountsAndShares() throws {
    var members = try #require(summary(["cat", "<dog>", "cow"]).members)
    func report(_ more: [JSONMember]) throws -> JSONValue {
      let old = try #require(summary(["cat", "<dog>", "cow"])["report"]?.members)
      return .object(old.filter { member in !more.contains { $0.key == member.key } } + more)
    }
    func write(_ more: [JSONMember]) throws -> String {
      members.removeAll { $0.key == "report" }
      try self.write(.object(members + [JSONMember("report", try report(more))]))
      return try RunReport(of: run).html
    }
    let whole = try write([JSONMember("confusion_matrix", [[3, 1, 0], [0, 0, 0], [1, 0, 999]])])
    #expect(matrix(whole) == [["3 75 %", "1 25 %", "", "1", "4"], ["", "", "", "0", "0"], ["1 <1 %", "", "999 100 %", "1", "1000"]])
    #expect(whole.contains("<th scope=\"row\" title=\"&lt;dog&gt;\"><bdi>&lt;dog&gt;</bdi></th>") && !whole.contains("any other"))
    #expect(whole.components(separatedBy: "class=\"right\"").count == 3 && whole.components(separatedBy: "class=\"wrong\"").count == 3)
    let most = try write([
      JSONMember("confusion_matrix", .null),
      JSONMember("most_confused", ["classes": ["<dog>", "cow"], "counts": [[2, 1], [0, 4]], "others": [7, 0]]),
    ])
    #expect(matrix(most) == [["2 20 %", "1 10 %", "7 70 %", "8", "10"], ["", "4 100 %", "", "0", "4"]])
    #expect(most.contains("any other") && most.contains("Of 3 classes these are the 2 between which the most frequent confusions are"))
    // What does not fit together is no matrix.
    let wrong = try write([
      JSONMember("confusion_matrix", .null),
      JSONMember("most_confused", ["classes": ["cow"], "counts": [[2, 1], [0, 4]], "others": [7, 0]]),
    ])
    #expect(matrix(wrong).isEmpty && wrong.contains("test accuracy"))
  }

  /// No second in two bars.
  @Test func whereTheTimeWent() throws {
    func bars(_ more: JSONValue) throws -> String {
      try write(
        metrics: "epoch,step,train_loss,seconds\n1,5,1,4\n2,10,1,6\n",
        .object(
          [
            JSONMember("model", "mlp"), JSONMember("preparation_seconds", 2), JSONMember("feature_seconds", 3),
            JSONMember("validation_seconds", 5), JSONMember("data_wait_seconds", 6), JSONMember("feature_wait_seconds", 1),
            JSONMember("validation_wait_seconds", 4),
          ] + (more.members ?? [])))
      return try RunReport(of: run).html
    }
    let html = try bars([:])
    #expect(html.contains("reading data before: 2; features: 2; training steps: 9; waiting for data: 6; validation: 1"))
    #expect(!html.contains("is the host"))
    let divided = try bars(["device_seconds": 7, "host_seconds": 2])
    #expect(divided.contains("reading data before: 2; features: 2; steps, device: 7; steps, host: 2; waiting for data: 6; validation: 1"))
    #expect(divided.contains("what is left of the epochs is the host"))
  }

  @Test func filesOfLongFoldersAreTold() throws {
    try write(summary(["cat", "dog"], mistake: String(repeating: "long folder ", count: 40) + "/file <7>.png"))
    let html = try RunReport(of: run).html
    #expect(html.contains("long folder /file &lt;7&gt;.png</bdi>") && !html.contains(String(repeating: "long folder ", count: 20)))
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
    ("epoch,train_loss\n1,3\n3,2\n1,3\n", "line 4: epoch '1' after epoch 3: epochs rise from line to line"),
    ("epoch,train_loss\n,3\n", "line 2: epoch '': epochs rise"),
    ("what,is,this\n", "line 1: a table of epochs begins with 'epoch'"), ("epoch,a,a\n1,2,3\n", "two columns have the same name"),
  ])
  func aDamagedTable(text: String, message: String) throws {
    try write(metrics: text)
    let error = #expect(throws: FormatError.self) { try RunReport(of: run) }
    #expect(
      error?.description.contains("metrics.csv") == true && error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test func aTableWithoutItsLastEpochs() throws {
    try write(metrics: "epoch,step,train_loss,validation_loss\n1,5,1.5,1.25\n", summary(["cat", "dog"]))
    let html = try RunReport(of: run).html
    #expect(html.contains("metrics.csv has 1 of the 3 epochs that were trained: the curves are not whole."))
    #expect(!html.contains("The dot marks"))
    try write(summary(["cat", "dog"]))
    #expect(try !RunReport(of: run).html.contains("not whole") && RunReport(of: run).html.contains("The dot marks the best epoch, 2."))
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

  /// Several runs, by what is in their folders.
  private func compared(_ runs: [(recipe: String, metrics: String, summary: JSONValue)]) throws -> String {
    let folders = try runs.map { run in
      let folder = try TemporaryFolder()
      _ = try folder.put("recipe.yaml", Array(run.recipe.utf8))
      _ = try folder.put("metrics.csv", Array(run.metrics.utf8))
      _ = try folder.put("summary.json", Array(run.summary.text().utf8))
      return folder
    }
    return try withExtendedLifetime(folders) { try RunComparison(of: folders.map { RunFolder($0.path) }).html }
  }

  /// The rows of a table with this heading, cell by cell.
  private func rows(below heading: String, _ html: String) -> [[String]] {
    guard let begin = html.firstRange(of: "<h2>\(heading)</h2>") else { return [] }
    let body = html[begin.upperBound...].components(separatedBy: "</tbody>")[0].components(separatedBy: "<tbody>")[1]
    return body.components(separatedBy: "</tr>").dropLast().map { row in
      row.components(separatedBy: "<td").dropFirst().map { cell in
        cell.drop { $0 != ">" }.dropFirst().components(separatedBy: "</td>")[0].replacing("<bdi>", with: "").replacing("</bdi>", with: "")
      }
    }
  }

  private static let errors = "epoch,step,train_loss,train_mean_absolute_error,validation_loss\n1,5,0.5,3,0.5\n2,10,0.4,2,0.4\n"

  /// A table of values, of which a run knows one with errors in two parts of its range.
  private func values(_ loss: String, _ whole: Double, _ parts: [Double], on part: String = "test", to end: Double = 9) -> JSONValue {
    [
      "model": "mlp", "dataset": "d", "loss": .string(loss),
      "predictions": [
        "on": .string(part),
        "values": [
          "<y>": [
            "mean_absolute_error": .number(whole),
            "parts": [
              ["from": 1, "to": 4, "samples": 5, "mean_absolute_error": .number(parts[0])],
              ["from": 5, "to": .number(end), "samples": 5, "mean_absolute_error": .number(parts[1])],
            ],
          ]
        ],
      ],
    ]
  }

  /// An option that one has not and of which the other says that there is none is no difference; a loss that follows from the data is one.
  @Test func differencesAreInWhatIsInForce() throws {
    let html = try compared([
      ("glissade: 1\nmodel: mlp\nlr: 0.1\nloss: null\ntask: null\nignore: null\n", Self.errors, values("mse", 2, [1, 3])),
      ("glissade: 1\nmodel: mlp\nlr: 0.1\nloss: mae\n", Self.errors, values("mae", 2, [1, 3])),
    ])
    #expect(rows(below: "What differs in their recipes", html) == [["loss", "mse", "mae"]])
    #expect(html.contains("These runs minimise different losses (mse, mae)"))
    // Each loss by itself, errors together.
    for title in ["train loss, mse: ", "train loss, mae: ", "validation loss, mae: ", "train mean absolute error</title>"] {
      #expect(html.components(separatedBy: "<title>\(title)").count == 2, "\(title)")
    }
    // A run has its colour in every chart.
    let alone = html.components(separatedBy: "<title>train loss, mae: ").last?.components(separatedBy: "</svg>")[0] ?? ""
    #expect(alone.contains("\"curve c1\"") && !alone.contains("\"curve c0\""))
    let same = try compared([
      ("glissade: 1\nmodel: mlp\nloss: null\n", Self.errors, values("mse", 2, [1, 3])),
      ("glissade: 1\nmodel: mlp\nloss: mse\n", Self.errors, values("mse", 2, [1, 3])),
    ])
    #expect(!same.contains("What differs") && !same.contains("class=\"warn\"") && same.contains("<title>train loss</title>"))
  }

  @Test func whichIsBetterWhereValuesArePredicted() throws {
    let recipe = "glissade: 1\nmodel: mlp\n"
    func better(_ other: JSONValue) throws -> [[String]] {
      rows(
        below: "Which is better where",
        try compared([(recipe, Self.errors, values("mse", 2, [1, 3])), (recipe, Self.errors, other)])
      )
      .map { row in [row[0], row[1], row[2]] + [row[3].split(separator: "-").last.map(String.init) ?? ""] }
      .map { Array($0.prefix(3)) + [$0[3] == "–" ? "–" : "one"] }
    }
    #expect(
      try better(values("mse", 1.5, [1, 2])) == [
        ["&lt;y&gt;", "2", "1.5", "one"], ["&lt;y&gt; from 1 to 4", "1", "1", "–"], ["&lt;y&gt; from 5 to 9", "3", "2", "one"],
      ])
    // Of other samples, only the whole.
    #expect(try better(values("mse", 1.5, [1, 2], to: 8)) == [["&lt;y&gt;", "2", "1.5", "one"]])
    let unlike = try compared([
      (recipe, Self.errors, values("mse", 2, [1, 3])), (recipe, Self.errors, values("mse", 2, [1, 3], on: "validation")),
    ])
    #expect(!unlike.contains("Which is better where") && unlike.contains("measured on different data (test, validation)"))
  }

  @Test func whichIsBetterWhereLabelsAreTold() throws {
    func labels(_ scores: [Double]) -> JSONValue {
      [
        "model": "mlp", "dataset": "d", "predictions": ["on": "test"],
        "labels": ["labels": .array(zip(["red", "blue"], scores).map { ["label": .string($0), "f1": .number($1)] })],
      ]
    }
    let recipe = "glissade: 1\nmodel: mlp\n"
    let html = try compared([(recipe, Self.errors, labels([0.5, 0.75])), (recipe, Self.errors, labels([0.5, 0.25]))])
    let found = rows(below: "Which is better where", html)
    #expect(found.map { Array($0.prefix(3)) } == [["red", "50 %", "50 %"], ["blue", "75 %", "25 %"]])
    #expect(found.map { $0[3] == "–" } == [true, false] && html.contains("F1 of each label. On the test data."))
  }
}
