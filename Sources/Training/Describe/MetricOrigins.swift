import GlissadeData

extension TrainingOptions {
  /// The metrics, which know from where values are best counted.
  /// - Parameter data: what values are like.
  /// - Throws: `DataError` where values cannot be read.
  func metrics(for data: any Dataset) throws(DataError) -> [Metric] {
    guard metrics.contains(where: \.takesOrigins) else { return metrics }
    let origins = try data.origins()
    return metrics.map { metric in
      var metric = metric
      metric.origins = origins
      return metric
    }
  }
}

extension Dataset {
  /// The median over some samples of each number that is to be predicted, by the target's name: what a few odd samples do not move.
  fileprivate func origins() throws(DataError) -> [String: [Float]] {
    let looked = min(count, 255)
    guard looked > 0 else { return [:] }
    let indices = (0..<looked).map { $0 * count / looked }
    var origins: [String: [Float]] = [:]
    for (place, field) in targetFields.enumerated() where field.element == .float32 && field.size > 0 {
      var values = [Float](repeating: 0, count: looked * field.size)
      try values.withUnsafeMutableBufferPointer { (values) throws(DataError) in
        if case .tensors = targets {
          try gather(indices[...], target: place, into: UnsafeMutableRawBufferPointer(values))
        } else {
          try gatherValues(indices[...], into: values)
        }
      }
      origins[field.name] = (0..<field.size).map { column in
        let sorted = stride(from: column, to: values.count, by: field.size).map { values[$0] }.filter(\.isFinite).sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
      }
    }
    return origins
  }
}
