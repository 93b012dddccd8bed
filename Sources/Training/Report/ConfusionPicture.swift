import GlissadeFormats

extension ClassificationReport {
  /// The matrix as a picture: a row for each class, a column for what it was taken for; the darker a cell, the larger its share of the row. Right
  /// answers are blue, mistakes orange. `nil` for so many classes that cells would be smaller than a pixel.
  package var picture: PNG? {
    let count = classNames.count
    let (largest, smallest) = (512, 1)
    guard count > 0, count <= largest else { return nil }
    let cell = max(largest / max(count, 16), smallest)
    let width = count * cell
    var pixels = [UInt8](repeating: 255, count: 3 * width * width)
    for (row, counts) in confusion.enumerated() {
      let total = counts.reduce(0, +)
      for (column, value) in counts.enumerated() where value > 0 {
        let share = Double(value) / Double(total)
        let full: [Double] = row == column ? [0, 96, 160] : [179, 71, 0]
        // A single mistake is seen, too.
        let colour = full.map { UInt8((255 - (255 - $0) * (0.1 + 0.9 * share)).rounded()) }
        // With a line between cells that are large enough.
        let inner = cell >= 8 ? cell - 1 : cell
        for y in (row * cell)..<(row * cell + inner) {
          for x in (column * cell)..<(column * cell + inner) {
            for channel in 0..<3 { pixels[3 * (y * width + x) + channel] = colour[channel] }
          }
        }
      }
    }
    return PNG(width: width, pixels: pixels)
  }
}
