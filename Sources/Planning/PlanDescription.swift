extension Plan {
  /// What is told of each launch beside what it is.
  public struct Column: Sendable {
    public var title: String
    /// One for each launch.
    public var cells: [String]
    public var isRightAligned: Bool

    public init(_ title: String, _ cells: [String], isRightAligned: Bool = true) {
      self.title = title
      self.cells = cells
      self.isRightAligned = isRightAligned
    }
  }

  /// The plan for people: the launches in order, each with its kernel, layer, operation, result, bytes moved and floating-point operations;
  /// then totals and memory.
  public var table: String { table(beside: []) }

  /// The same with more columns.
  public func table(beside columns: [Column]) -> String {
    let header = ["", "kernel", "layer", "operation", "shape", "bytes", "FLOPs"] + columns.map(\.title)
    let rows = launches.enumerated().map { index, launch in
      [
        "\(index + 1)", launch.kernelName, launch.note.path, launch.note.operation, "\(launch.note.shape)",
        Self.scaled(launch.byteCount, 1024),
        launch.note.flops == 0 ? "" : Self.scaled(launch.note.flops, 1000),
      ] + columns.map { index < $0.cells.count ? $0.cells[index] : "" }
    }
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    let rightAligned = Set([0, 5, 6] + columns.indices.filter { columns[$0].isRightAligned }.map { 7 + $0 })
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return rightAligned.contains(column) ? space + cell : cell + space
      }
      var text = padded.joined(separator: "  ")[...]
      while text.last == " " { text.removeLast() }
      return String(text)
    }
    let totals = [
      "\(launches.count) launches, \(Self.scaled(byteCount, 1024))B moved, \(Self.scaled(flops, 1000))FLOP",
      "arena \(Self.scaled(4 * activationsSize, 1024))B\(cut); without sharing it would be \(Self.scaled(4 * unsharedSize, 1024))B",
    ]
    return (([header] + rows).map(line) + [""] + totals).joined(separator: "\n") + "\n"
  }

  private var cut: String { activationSizes.count == 1 ? "" : " in \(activationSizes.count) buffers" }

  /// Which convolutions mix pixels, and what that does, for people; `nil` where none does.
  public var mixingNote: String? {
    let layers = mixingLayers
    guard let first = layers.first, let last = layers.last else { return nil }
    let names = layers.count == 1 ? first : "\(layers.count) layers, \(first) to \(last),"
    return
      "\(names) mix\(layers.count == 1 ? "es" : "") the pixels of tiles of 6×6 (Winograd's F(4×4, 3×3)): rounding errors are about 3e-6, of "
      + "weight gradients up to 1e-5, of the largest in the tile, and an infinity spoils all of it; --exact does without"
  }

  /// A number with a binary (1024) or decimal (1000) prefix, and one digit after the point.
  private static func scaled(_ value: Int, _ base: Int) -> String {
    var value = Double(value)
    for prefix in base == 1024 ? ["", "Ki", "Mi", "Gi"] : ["", "k", "M", "G"] {
      if value < Double(base) { return prefix.isEmpty ? "\(Int(value)) " : "\((value * 10).rounded() / 10) \(prefix)" }
      value /= Double(base)
    }
    return "\((value * 10).rounded() / 10) \(base == 1024 ? "Ti" : "T")"
  }
}
