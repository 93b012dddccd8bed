import FoundationEssentials
import GlissadeCharts
import GlissadeFormats

/// What a page shows of a training that has not begun. Names and numbers are as the data has them; the page makes them fit for people.
package struct PreviewPage {
  /// A sample in pictures.
  package struct Sample {
    /// Where people find it.
    package var name: String?
    /// It as JPEG, in one epoch after another where it changes.
    package var draws: [[UInt8]]

    package init(name: String?, draws: [[UInt8]]) { (self.name, self.draws) = (name, draws) }
  }

  /// A class.
  package struct Class {
    package var name: String
    /// Samples in each part; `nil` for a part that is not there.
    package var training: Int
    package var validation: Int?
    package var test: Int?
    /// Some of those that are trained on, in pictures.
    package var samples: [Sample] = []

    package init(name: String, training: Int, validation: Int? = nil, test: Int? = nil) {
      (self.name, self.training, self.validation, self.test) = (name, training, validation, test)
    }
  }

  /// A table's column.
  package struct Column: Sendable {
    package var name: String
    /// `numbers` or `categories`.
    package var kind: String
    /// Its range, or its words.
    package var values: String
    /// Rows that lack it.
    package var missing: Int
    /// All rows.
    package var rows: Int
    /// What it becomes.
    package var becomes: String

    package init(name: String, kind: String, values: String, missing: Int, rows: Int, becomes: String) {
      (self.name, self.kind, self.values, self.missing, self.rows, self.becomes) = (name, kind, values, missing, rows, becomes)
    }
  }

  /// A layer of the model.
  package struct Layer {
    package var path: String
    package var type: String
    /// What it gives.
    package var shape: String
    package var parameters: Int
    package var trained: Int
    /// Of what it gives for a batch.
    package var bytes: Int
    /// Floating-point operations of a step.
    package var flops: Int

    package init(path: String, type: String, shape: String, parameters: Int, trained: Int, bytes: Int, flops: Int) {
      (self.path, self.type, self.shape, self.parameters) = (path, type, shape, parameters)
      (self.trained, self.bytes, self.flops) = (trained, bytes, flops)
    }
  }

  /// `lenet on fashion-mnist`.
  package var subject: String
  /// What is trained with how much, in a line.
  package var summary = ""
  /// What people should know, each a sentence.
  package var notes: [String] = []
  /// What keeps the training from beginning.
  package var warnings: [String] = []
  package var classes: [Class] = []
  /// What is said of the pictures.
  package var pictureNote = ""
  /// Whether pictures are so small that their pixels are to be seen.
  package var hasSmallPictures = false
  /// Samples of the first batch where these are mixed, as JPEG with what each is called.
  package var mixed: [(picture: [UInt8], name: String)] = []
  package var columns: [Column] = []
  /// Values that are predicted, in their own units: some of the training samples.
  package var values: [(name: String, values: [Double])] = []
  /// The learning rate by epoch.
  package var rates: [(x: Double, y: Double)] = []
  package var layers: [Layer] = []
  /// Bytes, by what they are for.
  package var memory: [(what: String, bytes: Int)] = []
  /// What else there is to say, by what it is called.
  package var facts: [(name: String, value: String)] = []
  /// With everything in force.
  package var recipe = ""
  package var version = ""

  package init(subject: String) { self.subject = subject }

  /// Classes that a chart has room for.
  private static let shownClasses = 40
  private static let classRows = 1000
  private static let columnRows = 1000

  /// The page.
  package var html: String {
    var context: [String: Any] = [
      "title": "\(printable(subject)), before training", "subject": printable(subject), "summary": printable(summary, limit: 600),
      "notes": notes.map { printable($0, limit: 1000) }, "warnings": warnings.map { printable($0, limit: 1000) },
      "facts": facts.map { ["name": $0.name, "value": printable($0.value, limit: 400)] }, "recipe": printableLines(recipe),
      "version": printable(version), "picture_note": printable(pictureNote, limit: 600),
    ]
    if !notes.isEmpty { context["has_notes"] = true }
    let strips = strips
    if !strips.isEmpty { (context["has_pictures"], context["strips"]) = (true, strips) }
    if hasSmallPictures { context["small"] = " small" }
    if !mixed.isEmpty {
      context["has_mixed"] = true
      context["mixed"] = mixed.map { ["picture": Self.text($0.picture), "name": printable($0.name)] }
    }
    if !classes.isEmpty { context["balance"] = balance }
    if !columns.isEmpty { context["columns"] = ["rows": columnRows, "count": "\(columns.count)"] as [String: Any] }
    if !values.isEmpty {
      context["has_values"] = true
      context["value_charts"] = values.map {
        BarChart.histogram(of: $0.values, "values of \(printable($0.name))", of: printable($0.name)).inline()
      }
    }
    if !rates.isEmpty {
      let chart = LineChart("", x: .epoch, y: Axis("learning rate", includes: [0]), [.init("learning rate", rates)])
      context["rates"] = chart.inline()
    }
    if !layers.isEmpty { context["model"] = model }
    return Page.html(Self.template, context)
  }

  private static func text(_ picture: [UInt8]) -> String { Data(picture).base64EncodedString() }

  private func printableLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0), limit: 4000) }.joined(separator: "\n")
  }

  /// The pictures, class by class.
  private var strips: [[String: Any]] {
    classes.filter { !$0.samples.isEmpty }.map { each in
      [
        "name": printable(each.name), "count": Figure.text(Double(each.training)),
        "samples": each.samples.map { sample in
          var cells: [String: Any] = [
            "draws": sample.draws.enumerated().map { ["picture": Self.text($0.element), "alt": "in epoch \($0.offset + 1)"] }
          ]
          if let name = sample.name { cells["place"] = printable(path: name) }
          return cells
        },
      ]
    }
  }

  private var balance: [String: Any] {
    var shown = Array(classes.indices)
    var note = ""
    if shown.count > Self.shownClasses {
      // The largest and the smallest, in their order.
      let sorted = shown.sorted { (classes[$0].training, $1) > (classes[$1].training, $0) }
      shown = (sorted.prefix(Self.shownClasses / 2) + sorted.suffix(Self.shownClasses / 2)).sorted()
      note =
        "Of \(Figure.text(Double(classes.count))) classes the chart has the \(Self.shownClasses / 2) largest and as many of the smallest."
    }
    let bars = shown.map { BarChart.Bar(printable(classes[$0].name), Double(classes[$0].training)) }
    let chart = BarChart("", label: "class", values: Axis("training samples"), isLying: true, bars)
    let total = classes.reduce(0) { $0 + $1.training }
    var context: [String: Any] = [
      "chart": chart.inline(height: 84 + 22 * bars.count),
      "rows": classes.prefix(Self.classRows).map { each in
        var cells = [
          "name": printable(each.name), "training": "\(each.training)",
          "share": Figure.percent(total > 0 ? Double(each.training) / Double(total) : nil),
        ]
        if let validation = each.validation { cells["validation"] = "\(validation)" }
        if let test = each.test { cells["test"] = "\(test)" }
        return cells
      },
    ]
    if !note.isEmpty { context["note"] = note }
    if classes.contains(where: { $0.validation != nil }) { context["has_validation"] = true }
    if classes.contains(where: { $0.test != nil }) { context["has_test"] = true }
    return context
  }

  private var columnRows: [[String: String]] {
    columns.prefix(Self.columnRows).map { column in
      [
        "name": printable(column.name), "kind": column.kind, "values": printable(column.values, limit: 600), "missing": "\(column.missing)",
        "share": Figure.percent(column.rows > 0 ? Double(column.missing) / Double(column.rows) : nil),
        "becomes": printable(column.becomes, limit: 600),
      ]
    }
  }

  private var model: [String: Any] {
    let total = memory.reduce(0) { $0 + $1.bytes }
    // As bars in one unit.
    let (divisor, unit) = total < 1 << 20 ? (1024.0, "KiB") : total < 1 << 34 ? (1_048_576.0, "MiB") : (1_073_741_824.0, "GiB")
    let bars = memory.map { BarChart.Bar($0.what, Double($0.bytes) / divisor) }
    return [
      "rows": layers.map { layer in
        [
          "path": printable(layer.path.isEmpty ? "(the model)" : layer.path), "type": printable(layer.type), "shape": layer.shape,
          "parameters": layer.parameters == 0 ? "" : "\(layer.parameters)",
          "trained": layer.parameters == 0
            ? "" : layer.trained == layer.parameters ? "yes" : layer.trained == 0 ? "no" : "\(layer.trained)",
          "bytes": Figure.bytes(Double(layer.bytes)), "flops": layer.flops == 0 ? "" : Figure.text(Double(layer.flops) / 1e6),
        ]
      },
      "chart": BarChart("", label: "", values: Axis(unit), isLying: true, bars).inline(height: 84 + 26 * bars.count),
      "total": Figure.bytes(Double(total)),
    ]
  }

  private static let template = """
    <main>
    <h1><bdi>{{subject}}</bdi></h1>
    <p class="result">{{summary}}</p>
    <p class="note">Before training: this is what a training by this recipe gets. Nothing was trained.</p>
    {{#warnings}}<p class="warn">{{.}}</p>
    {{/warnings}}
    {{#has_pictures}}<h2>Pictures as the model sees them</h2>
    <p class="note">{{picture_note}}</p>
    {{#strips}}<h3><bdi>{{name}}</bdi> <span class="note">{{count}} to train on</span></h3>
    <div class="samples">{{#samples}}<figure><div class="strip{{small}}">{{#draws}}<img alt="{{alt}}" src="data:image/jpeg;base64,{{picture}}">{{/draws}}</div>{{#place}}<figcaption class="note"><bdi>{{place}}</bdi></figcaption>{{/place}}</figure>
    {{/samples}}</div>
    {{/strips}}{{/has_pictures}}
    {{#has_mixed}}<h2>The first batch, mixed</h2>
    <p class="note">The beginning of the batch that the first step gets. Each sample is blended with another one, and counts for each class as much as there is of it.</p>
    <ul class="pictures">
    {{#mixed}}<li><img alt="" src="data:image/jpeg;base64,{{picture}}"><bdi>{{name}}</bdi></li>
    {{/mixed}}</ul>{{/has_mixed}}
    {{#columns}}<h2>Columns</h2>
    <p class="note">Ranges, words and what is missing are of all rows; what a column becomes is learnt from those that are trained on.</p>
    <div class="wide"><table class="sortable"><thead><tr><th>column</th><th>what</th><th>values</th><th class="n">missing</th><th class="n">share</th><th>becomes</th></tr></thead><tbody>
    {{#rows}}<tr><td class="t"><bdi>{{name}}</bdi></td><td>{{kind}}</td><td class="t"><bdi>{{values}}</bdi></td><td class="n">{{missing}}</td><td class="n">{{share}}</td><td class="t"><bdi>{{becomes}}</bdi></td></tr>
    {{/rows}}</tbody></table></div>{{/columns}}
    {{#has_values}}<h2>Values to be predicted</h2>
    <div class="charts">
    {{#value_charts}}{{{.}}}{{/value_charts}}
    </div>{{/has_values}}
    {{#balance}}<h2>Classes</h2>
    {{#note}}<p class="note">{{note}}</p>{{/note}}
    <div class="map small">{{{chart}}}</div>
    <details><summary>As a table</summary><div class="wide"><table class="sortable"><thead><tr><th>class</th><th class="n">training</th><th class="n">share</th>{{#has_validation}}<th class="n">validation</th>{{/has_validation}}{{#has_test}}<th class="n">test</th>{{/has_test}}</tr></thead><tbody>
    {{#rows}}<tr><td class="t"><bdi>{{name}}</bdi></td><td class="n">{{training}}</td><td class="n">{{share}}</td>{{#validation}}<td class="n">{{validation}}</td>{{/validation}}{{#test}}<td class="n">{{test}}</td>{{/test}}</tr>
    {{/rows}}</tbody></table></div></details>{{/balance}}
    {{#rates}}<h2>Learning rate</h2>
    <div class="map small">{{{rates}}}</div>{{/rates}}
    {{#model}}<h2>The model</h2>
    <div class="wide"><table class="sortable"><thead><tr><th>layer</th><th>what</th><th>gives</th><th class="n">parameters</th><th>trained</th><th class="n">of a batch</th><th class="n">MFLOP</th></tr></thead><tbody>
    {{#rows}}<tr><td>{{path}}</td><td>{{type}}</td><td>{{shape}}</td><td class="n">{{parameters}}</td><td>{{trained}}</td><td class="n">{{bytes}}</td><td class="n">{{flops}}</td></tr>
    {{/rows}}</tbody></table></div>
    <p class="note">What a layer gives for a batch is shared with others in memory, so that all of a step takes less than their sum; operations are those of a step, forward and backward, as far as they belong to one layer.</p>
    <h3>Memory of a step: {{total}}</h3>
    <div class="map small">{{{chart}}}</div>{{/model}}
    <h2>The training</h2>
    <dl>
    {{#facts}}<dt>{{name}}</dt><dd><bdi>{{value}}</bdi></dd>
    {{/facts}}</dl>
    {{#has_notes}}<h3>What there is to know of it</h3>
    {{#notes}}<p class="tip">{{.}}</p>
    {{/notes}}{{/has_notes}}
    <details><summary>The recipe, with everything in force</summary><pre>{{recipe}}</pre></details>
    </main>
    <footer>Written by Glissade {{version}}.</footer>
    """
}
