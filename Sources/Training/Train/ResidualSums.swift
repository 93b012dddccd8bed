/// What R² is made of, added up batch by batch.
struct ResidualSums {
  /// Values of a sample.
  let width: Int
  private var residual = 0.0
  private var samples = 0
  /// Values are added up as their distances to the first sample's, so that no digits are lost where they are large and alike.
  private var origin: [Double] = []
  private var sums: [Double]
  private var squares: [Double]

  init(width: Int) {
    self.width = width
    sums = Array(repeating: 0, count: width)
    squares = sums
  }

  /// Adds some samples; nothing where there are not as many predictions as values.
  mutating func add(predictions: [Float], values: UnsafeBufferPointer<Float>) {
    guard width > 0, predictions.count == values.count, values.count >= width else { return }
    if origin.isEmpty { origin = values.prefix(width).map(Double.init) }
    for index in values.indices {
      let (place, value) = (index % width, Double(values[index]))
      let error = Double(predictions[index]) - value
      residual += error * error
      sums[place] += value - origin[place]
      squares[place] += (value - origin[place]) * (value - origin[place])
    }
    samples += values.count / width
  }

  /// 1 − Σ (prediction − value)² / Σ (value − mean)²; NaN where all values are the same.
  var determination: Double {
    guard samples > 0 else { return .nan }
    let spread = zip(squares, sums).reduce(0) { $0 + $1.0 - $1.1 * $1.1 / Double(samples) }
    return spread > 0 ? 1 - residual / spread : .nan
  }
}
