import GlissadeReports
import Testing

/// The page about a search.
struct SweepPageTests {
  private func figures(_ name: String = "optimizer", _ choice: String = "sgd") -> SweepFigures {
    var figures = SweepFigures(
      subject: "mlp on t.csv", strategy: "random: drawn", planned: 4, metric: "validation_accuracy", growsBetter: true, isShare: true)
    figures.dimensions = [
      .init(name: "lr", choices: nil, isLogarithmic: true), .init(name: name, choices: [choice, "adam"], isLogarithmic: false),
      .init(name: "momentum", choices: nil, isLogarithmic: false),
    ]
    func trial(_ number: Int, _ values: [String?], _ result: Double?, _ failure: String? = nil) -> SweepFigures.Trial {
      .init(
        number: number, run: "trial-00\(number)", values: values, result: result, status: failure == nil ? "done" : "failed", epochs: 3,
        bestEpoch: 2, failure: failure)
    }
    figures.trials = [
      trial(1, ["0.001", "adam", nil], 0.75), trial(2, ["0.1", choice, "0.9"], 0.8125),
      trial(3, ["1", choice, "0.5"], nil, "not <finite>"),
    ]
    (figures.best, figures.test) = (2, "test accuracy 80 %")
    return figures
  }

  @Test func everythingIsInThePage() {
    let html = SweepPage(figures()).html
    for text in [
      "Trial 2 is the best: validation accuracy 81.25 % with lr 0.1, optimizer sgd, momentum 0.9; test accuracy 80 %",
      "3 of 4 trials have come to something so far", "failed: not &lt;finite&gt;", "trial-002", "<th class=\"n\">momentum</th>",
      "validation accuracy against lr", "validation accuracy against momentum", "2 lines over lr, optimizer, momentum, validation accuracy",
    ] { #expect(html.contains(text), "\(text)") }
    #expect(!html.contains("{{") && html.contains("default-src 'none'"))
    for word in ["https:", "url(", "<link", "src="] { #expect(!html.contains(word.replacing("src=", with: " src=\"")), "\(word)") }
  }

  @Test func namesFromOutsideAreText() {
    let html = SweepPage(figures("<b>name", "<script>alert(1)</script>\u{202e}{{title}}")).html
    #expect(!html.contains("<script>alert") && !html.contains("<b>name") && !html.contains("\u{202e}"))
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
  }

  @Test func nothingIsThereYet() {
    var empty = figures()
    (empty.trials, empty.best) = ([], nil)
    let html = SweepPage(empty).html
    #expect(html.contains("0 of 4 trials") && !html.contains("{{") && !html.contains("<polyline"))
  }
}
