import ArgumentParser
import Glissade
import GlissadeLayers
import GlissadeModels

/// `glissade layers`.
struct LayersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers", abstract: "List the layers that a network can be made of, or what such a network makes of a sample.",
    discussion: "Nothing is trained. Without layers, lists what there is.")

  @Argument(help: "A network, as --layers of 'glissade train' takes it.", completion: .of("layers"))
  var layers: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("A sample: height, width and channels of pictures, or the number of a row's features.", valueName: "h,w,c|n"))
  var input = "28,28,1"

  @Option(parsing: .unconditional, help: ArgumentHelp("Classes, or numbers to be predicted.", valueName: "n"))
  var outputs = 10

  func run() throws {
    guard let layers else { return try Terminal.print(LayerKinds.help + "\n") }
    let axes = input.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let sizes = axes.compactMap { $0 }
    guard sizes.count == axes.count, [1, 3].contains(sizes.count), sizes.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw Misuse("--input is '\(input)', and it has to be three whole numbers, as 28,28,1, or one, from 1 to \(1 << 20)")
    }
    guard (1...1 << 20).contains(outputs) else { throw Misuse("--outputs is \(outputs), and it has to be from 1 to \(1 << 20)") }
    let rows: [LayerRow]
    do throws(LayerListError) { rows = try LayerList(layers).rows(input: Shape(sizes), outputs: outputs) } catch {
      throw Misuse("\(error)")
    }
    let table = [["", "LAYER", "MAKES", "PARAMETERS"]] + rows.map { [$0.path, $0.text, "\($0.output)", "\($0.parameters)"] }
    try Terminal.print(Self.aligned(table) + "\(rows.reduce(0) { $0 + $1.parameters }) parameters\n")
  }

  /// Columns as wide as their widest text, numbers at the right.
  private static func aligned(_ table: [[String]]) -> String {
    let widths = (0..<4).map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { row in
      let cells = row.enumerated().map { column, text in
        let blanks = String(repeating: " ", count: widths[column] - text.count)
        return column == 3 ? blanks + text : text + blanks
      }
      return cells.joined(separator: "  ") + "\n"
    }.joined()
  }
}
