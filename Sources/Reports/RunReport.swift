import GlissadeCharts
import GlissadeFormats
import GlissadeTraining

/// A page about one run: what was trained on what and what came of it, curves, classes or values, time, what to try next, and the recipe. One file
/// of HTML that loads nothing, made from the run's folder alone: `summary.json`, `metrics.csv`, `health.csv` and `recipe.yaml`.
public struct RunReport {
  /// The page.
  public let html: String

  /// - Parameter folder: the run's, be it one that goes on.
  /// - Throws: `FormatError` for a summary or a table of epochs that is damaged.
  public init(of folder: RunFolder) throws(FormatError) { html = Self.page(try RunFigures(folder)) }

  /// Writes it, whole or not at all.
  /// - Throws: `FormatError`.
  public func write(to path: String) throws(FormatError) { try AtomicFile.write(path: path, text: html) }

  private static func page(_ run: RunFigures) -> String {
    var context: [String: Any] = [
      "title": "\(run.subject) – \(run.name)", "subject": run.subject, "result": run.result, "warnings": run.warnings,
      "advice": (run.summary["advice"]?.arrayValue ?? []).compactMap { $0.stringValue.map { printable($0, limit: 600) } },
      "epoch_charts": CurveCharts.of(run), "facts": facts(run), "recipe": printableLines(run.recipeText),
      "values": run.labels == nil ? ValuePart.contexts(run.summary["predictions"]) : [],
    ]
    if let labels = run.labels { context["labels"] = LabelPart.context(labels) }
    for key in ["advice", "epoch_charts"] where (context[key] as? [Any])?.isEmpty == false { context["has_\(key)"] = true }
    if let best = run.bestEpoch { context["best"] = Figure.text(best) }
    context["has_best_place"] = run.bestPlace != nil
    if let classes = ClassPart(run.summary["report"]) {
      context["classes"] = classes.context.merging(["on": run.text("reported_on") ?? "test"]) { $1 }
    }
    if let health = run.health?.context { context["health"] = health }
    let noticed = (run.summary["warnings"]?.arrayValue ?? []).map { warning in
      [
        "epoch": Figure.text(warning["epoch"]?.doubleValue), "step": Figure.text(warning["step"]?.doubleValue),
        "text": printable(warning["text"]?.stringValue ?? "", limit: 600),
      ]
    }
    if !noticed.isEmpty { (context["noticed"], context["has_noticed"]) = (noticed, true) }
    if let chart = times(run) { context["times"] = chart }
    if run.number("device_seconds") != nil { context["has_device_time"] = true }
    if let chart = stepTimes(run) { context["step_times"] = chart }
    context["on"] = run.summary["predictions"]?["on"]?.stringValue ?? "test"
    if let version = run.text("glissade_version") { context["version"] = printable(version) }
    return Page.html(template, context)
  }

  /// A text of several lines, each fit for a page.
  private static func printableLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0), limit: 4000) }.joined(separator: "\n")
  }

  private static func facts(_ run: RunFigures) -> [[String: String]] {
    let rows: [(String, String?)] = [
      ("run", printable(path: run.folder.path)), ("model", run.text("model") ?? run.recipe?.model),
      ("parameters", run.number("parameters").map { Figure.text($0) }), ("data", run.text("dataset") ?? run.recipe?.data),
      ("loss", run.loss),
      ("epochs", run.number("epochs").map { Figure.text($0) } ?? "\(run.metrics.epochs.count)"),
      ("best epoch", run.bestEpoch.map { Figure.text($0) }),
      ("device", run.text("device").map { device in run.text("device_reason").map { "\(device) (\($0))" } ?? device }),
      ("seed", run.summary["seed"]?.integerValue.map(String.init) ?? run.text("seed")),
      ("speed", run.metrics.epochs.isEmpty ? nil : run.number("samples_per_second").map { "\(Figure.text($0)) samples per second" }),
      ("a step", run.metrics.epochs.isEmpty ? nil : run.number("step_milliseconds_median").map { "\(Figure.text($0)) ms" }),
      ("to the first step", run.number("first_step_seconds").map { Figure.seconds($0) }),
      ("memory for tensors", run.number("peak_arena_bytes").map { Figure.bytes($0) }),
      ("waited for data", run.number("data_wait_share").map { Figure.percent($0) }),
      ("Glissade", run.text("glissade_version")),
    ]
    return rows.compactMap { name, value in value.map { ["name": name, "value": printable($0, limit: 400)] } }
  }

  /// Where the time went: each second in one bar.
  private static func times(_ run: RunFigures) -> String? {
    let epochs = run.metrics["seconds"].filter(\.isFinite).reduce(0, +)
    guard epochs > 0, run.isFinished else { return nil }
    func seconds(_ key: String) -> Double { run.number(key) ?? 0 }
    let waited = seconds("data_wait_seconds")
    let (ofFeatures, ofValidation) = (seconds("feature_wait_seconds"), seconds("validation_wait_seconds"))
    let steps = max(epochs - max(waited - ofFeatures - ofValidation, 0), 0)
    var parts = [
      ("reading data before", seconds("preparation_seconds")), ("features", max(seconds("feature_seconds") - ofFeatures, 0)),
    ]
    if let device = run.number("device_seconds"), let host = run.number("host_seconds") {
      parts += [("steps, device", device), ("steps, host", host)]
    } else {
      parts.append(("training steps", steps))
    }
    parts += [("waiting for data", waited), ("validation", max(seconds("validation_seconds") - ofValidation, 0))]
    let bars = parts.map { BarChart.Bar($0.0, $0.1) }
    return BarChart("", label: "", values: Axis("seconds"), isLying: true, bars).inline(height: 240)
  }

  /// Where a step's time goes on the device, by kind of kernel; the small ones together.
  private static func stepTimes(_ run: RunFigures) -> String? {
    let kernels = run.summary["step_times"]?["kernels"]?.arrayValue ?? []
    let parts = kernels.compactMap { kernel -> (kind: String, seconds: Double, launches: Int)? in
      guard let kind = kernel["kind"]?.stringValue, let seconds = kernel["seconds"]?.doubleValue, seconds.isFinite else { return nil }
      return (kind, seconds, kernel["launches"]?.integerValue ?? 0)
    }
    guard !parts.isEmpty else { return nil }
    let shown = 8
    var bars = parts.prefix(shown).map { part in
      BarChart.Bar(printable("\(part.kind) (\(part.launches))", limit: 40), part.seconds * 1000)
    }
    let rest = parts.dropFirst(shown)
    if !rest.isEmpty {
      bars.append(.init("others (\(rest.reduce(0) { $0 &+ $1.launches }))", rest.reduce(0) { $0 + $1.seconds } * 1000))
    }
    return BarChart("", label: "", values: Axis("milliseconds of a step"), isLying: true, bars).inline(height: 240)
  }

  private static let template = """
    <main>
    <h1><bdi>{{subject}}</bdi></h1>
    <p class="result">{{result}}</p>
    {{#warnings}}<p class="warn">{{.}}</p>
    {{/warnings}}
    {{#has_advice}}<h2>What to try next</h2>
    {{#advice}}<p class="tip">{{.}}</p>
    {{/advice}}{{/has_advice}}
    {{#has_epoch_charts}}<h2>Curves</h2>
    <p class="note">By epoch, from metrics.csv; dashed is training.{{#has_best_place}} The dot marks the best epoch, {{best}}.{{/has_best_place}}</p>
    <div class="charts">
    {{#epoch_charts}}{{{.}}}{{/epoch_charts}}
    </div>{{/has_epoch_charts}}
    {{#health}}<h2>Layers</h2>
    <p class="note">What the monitor found, as means over each epoch's measured steps, from health.csv: norms of the loss's gradients, and by how much a step changed weights, relative to their norm. {{note}}</p>
    <div class="charts">
    {{#charts}}{{{.}}}{{/charts}}
    </div>
    <details><summary>Every layer in epoch {{epoch}}</summary>
    <div class="wide"><table class="sortable"><thead><tr><th>layer</th><th>activation</th>{{#columns}}<th class="n">{{.}}</th>{{/columns}}</tr></thead><tbody>
    {{#rows}}<tr><td class="t"><bdi>{{layer}}</bdi></td><td>{{activation}}</td>{{#figures}}<td class="n">{{.}}</td>{{/figures}}</tr>
    {{/rows}}</tbody></table></div></details>{{/health}}
    {{#has_noticed}}<h3>What the monitor noticed, and when</h3>
    {{#noticed}}<p class="warn">Epoch {{epoch}}, step {{step}}: {{text}}</p>
    {{/noticed}}{{/has_noticed}}
    {{#classes}}
    <h2>Classes</h2>
    <p class="note">On the {{on}} data; the mean of the classes' F1 is {{macro}}.</p>
    <div class="wide"><table class="sortable"><thead><tr><th>class</th><th class="n">precision</th><th class="n">recall</th><th class="n">F1</th><th class="n">samples</th></tr></thead><tbody>
    {{#scores}}<tr><td class="t"><bdi>{{name}}</bdi></td><td class="n">{{precision}}</td><td class="n">{{recall}}</td><td class="n">{{f1}}</td><td class="n">{{support}}</td></tr>
    {{/scores}}</tbody></table></div>
    {{#matrix}}<h2>What is taken for what</h2>
    <p class="note">{{note}}</p>
    <div class="wide"><table class="matrix glissade-chart"><thead><tr><th>class</th>{{#names}}<th title="{{.}}"><span><bdi>{{.}}</bdi></span></th>{{/names}}{{#has_others}}<th><span>any other</span></th>{{/has_others}}<th><span>mistakes</span></th><th><span>samples</span></th></tr></thead><tbody>
    {{#rows}}<tr><th scope="row" title="{{name}}"><bdi>{{name}}</bdi></th>{{#cells}}<td{{#kind}} class="{{kind}}" style="--s:{{depth}}"{{/kind}}>{{#kind}}{{count}} <small>{{share}}</small>{{/kind}}</td>{{/cells}}<td>{{mistakes}}</td><td>{{samples}}</td></tr>
    {{/rows}}</tbody></table></div>{{/matrix}}
    {{#has_confusions}}<h3>Most frequent confusions</h3>
    <div class="wide"><table class="sortable"><thead><tr><th>class</th><th>taken for</th><th class="n">samples</th><th class="n">share of the class</th></tr></thead><tbody>
    {{#confusions}}<tr><td class="t"><bdi>{{meant}}</bdi></td><td class="t"><bdi>{{said}}</bdi></td><td class="n">{{count}}</td><td class="n">{{share}}</td></tr>
    {{/confusions}}</tbody></table></div>{{/has_confusions}}
    {{#has_mistakes}}<h2>The mistakes that the model is surest of</h2>
    <ul class="pictures">
    {{#mistakes}}<li>{{#picture}}<img alt="" src="data:image/jpeg;base64,{{picture}}">{{/picture}}<div><bdi>{{meant}}</bdi>, taken for <b><bdi>{{said}}</bdi></b> with {{sure}}</div><div class="note"><bdi>{{sample}}</bdi></div></li>
    {{/mistakes}}</ul>{{/has_mistakes}}
    {{#calibration}}<h2>How far its probabilities can be believed</h2>
    <p class="note">Expected calibration error {{error}} (0 is honest), Brier score {{brier}} (0 is perfect, 2 the worst). Below the diagonal the model is surer than it is right.</p>
    <div class="charts">
    {{#charts}}{{{.}}}{{/charts}}
    </div>{{/calibration}}
    {{#thresholds}}<h2>Every threshold</h2>
    <p class="note">For the class <bdi>{{class}}</bdi>: area below the receiver's curve {{area}}, average precision {{precision}}.</p>
    <div class="charts">
    {{#charts}}{{{.}}}{{/charts}}
    </div>{{/thresholds}}
    {{/classes}}
    {{#labels}}<h2>Labels</h2>
    <p class="note">On the {{on}} data, of which a sample may have any number of labels: mean average precision {{map}}, F1 {{micro}}, the mean of the labels' F1 {{macro}}; {{accuracy}} of the labels are told rightly, and of {{exact}} of the samples all are. A label is there from a probability of {{threshold}} on.</p>
    <div class="wide"><table class="sortable"><thead><tr><th>label</th><th class="n">accuracy</th><th class="n">precision</th><th class="n">recall</th><th class="n">F1</th><th class="n">average precision</th><th class="n">samples</th></tr></thead><tbody>
    {{#rows}}<tr><td class="t"><bdi>{{name}}</bdi></td><td class="n">{{accuracy}}</td><td class="n">{{precision}}</td><td class="n">{{recall}}</td><td class="n">{{f1}}</td><td class="n">{{average}}</td><td class="n">{{support}}</td></tr>
    {{/rows}}</tbody></table></div>{{/labels}}
    {{#values}}<h2>Predictions of <bdi>{{name}}</bdi></h2>
    <p class="note">On the {{on}} data.</p>
    <div class="charts">
    {{#charts}}{{{.}}}{{/charts}}
    </div>
    {{#has_parts}}<h3>Error by part of the range</h3>
    <div class="wide"><table class="sortable"><thead><tr><th class="n">from</th><th class="n">to</th><th class="n">samples</th><th class="n">mean absolute error</th></tr></thead><tbody>
    {{#parts}}<tr><td class="n">{{from}}</td><td class="n">{{to}}</td><td class="n">{{samples}}</td><td class="n">{{error}}</td></tr>
    {{/parts}}</tbody></table></div>{{/has_parts}}
    <h3>Worst predictions</h3>
    <div class="wide"><table class="sortable"><thead><tr><th>sample</th><th class="n">true</th><th class="n">predicted</th><th class="n">error</th></tr></thead><tbody>
    {{#worst}}<tr><td class="t"><bdi>{{place}}</bdi></td><td class="n">{{value}}</td><td class="n">{{prediction}}</td><td class="n">{{error}}</td></tr>
    {{/worst}}</tbody></table></div>
    {{/values}}
    {{#times}}<h2>Where the time went</h2>
    <p class="note">Each second stands in one place: features and validation are without what they waited for data.{{#has_device_time}} What the device takes for a training step is that of the steps below; what is left of the epochs is the host's.{{/has_device_time}}</p>
    <div class="map small">{{{times}}}</div>{{/times}}
    {{#step_times}}<h3>A training step on the device</h3>
    <p class="note">By kind of kernel, with the number of launches: the mean of a few steps that were timed launch by launch.</p>
    <div class="map small">{{{step_times}}}</div>{{/step_times}}
    <h2>The run</h2>
    <dl>
    {{#facts}}<dt>{{name}}</dt><dd><bdi>{{value}}</bdi></dd>
    {{/facts}}</dl>
    <details><summary>Its recipe, recipe.yaml</summary><pre>{{recipe}}</pre></details>
    </main>
    <footer>Written by Glissade{{#version}} {{version}}{{/version}}. Everything in here is also in summary.json, metrics.csv, recipe.yaml and, of a monitored run, health.csv.</footer>
    """
}
