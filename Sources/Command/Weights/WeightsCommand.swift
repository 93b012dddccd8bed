import ArgumentParser
import Glissade
import GlissadeFormats

/// `glissade weights`.
struct WeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights", abstract: "List the weights that are published for models, and fetch them.",
    discussion: """
      Lists which models have published weights, under what name '--pretrained' takes them, what of them is here, and on what terms they \
      are published. 'train', 'finetune' and 'predict' fetch what they need themselves.
      """)

  @Argument(
    help: "Models whose weights are to be fetched, unless they are here; where the files are is printed.",
    completion: .of("model"))
  var models: [String] = []

  @Option(help: "Which of a model's weights, by their name.")
  var name = PublishedWeights.standardName

  @Flag(help: "Print the list as JSON.")
  var json = false

  func run() throws {
    let all = try PublishedWeights.all()
    let cache = try WeightsCache.standard()
    guard models.isEmpty else {
      if json { throw Misuse("--json is for the list, and models are given") }
      return try fetch(all)
    }
    try Terminal.print(json ? Self.json(all, cache).text(pretty: true) : Self.list(all, cache))
  }

  private func fetch(_ all: [PublishedWeights]) throws {
    if !all.contains(where: { $0.name == name }) { throw Misuse.unknown("name of weights", name, among: all.map(\.name).unique) }
    var chosen: [PublishedWeights] = []
    for model in models {
      guard ModelZoo.names.contains(model) || all.contains(where: { $0.model == model }) else {
        throw Misuse.unknown("model", model, among: all.map(\.model).unique)
      }
      do { try PublishedWeights.named(name, for: model).map { chosen.append($0) } } catch let error as UnpublishedWeights {
        throw Misuse("--name \(error.objection)")
      }
    }
    for weights in chosen { try Terminal.print(try FetchReport().file(of: weights) + "\n") }
  }

  private static func list(_ all: [PublishedWeights], _ cache: WeightsCache) -> String {
    var rows = [["MODEL", "NAME", "SIZE", "TOP-1", "HERE", "PUBLISHED BY"]]
    for weights in all {
      let size = weights.fetched.size.approximate
      let here =
        switch cache.state(of: weights) {
        case .absent: "no"
        case .partly(let bytes): Text.percent(Double(bytes) / Double(max(size, 1)), 0)
        case .here: "yes"
        }
      rows.append([
        printable(weights.model), printable(weights.name), Text.bytes(UInt64(size)), weights.accuracy.map { Text.percent($0, 1) } ?? "-",
        here, printable(weights.publisher),
      ])
    }
    let widths = Text.widths(of: rows)
    var lines = rows.map { row in
      let cells = row.indices.map { Text.column(row[$0], widths[$0], right: (2...3).contains($0)) }
      return Text.trimmed(cells.joined(separator: "  "))
    }
    lines.append("kept in \(printable(cache.folder))")
    for weights in all where lines.allSatisfy({ $0 != licence(of: weights) }) { lines.append(licence(of: weights)) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func licence(of weights: PublishedWeights) -> String {
    "\(printable(weights.publisher)): \(printable(weights.licence, limit: 400))"
  }

  private static func json(_ all: [PublishedWeights], _ cache: WeightsCache) -> JSONValue {
    .array(
      all.map { weights in
        let bytes: Int? =
          switch cache.state(of: weights) {
          case .absent: 0
          case .partly(let bytes): bytes
          case .here: nil
          }
        return [
          "model": .string(weights.model), "name": .string(weights.name), "address": .string(weights.address),
          "bytes": .integer(Int64(weights.fetched.size.approximate)), "sha256": .string(weights.fetched.digest.digits),
          "accuracy": weights.accuracy.map { .number($0) } ?? .null, "publisher": .string(weights.publisher),
          "licence": .string(weights.licence), "path": .string(cache.path(of: weights)), "here": .bool(bytes == nil),
          "fetched_bytes": bytes.map { .integer(Int64($0)) } ?? .null,
        ]
      })
  }
}

extension [String] {
  /// Each once, in the order in which they come.
  fileprivate var unique: [String] { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}
