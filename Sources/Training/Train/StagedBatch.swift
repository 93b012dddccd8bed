import GlissadeTensors

/// Where the batch at hand is: pointers to what a step takes, in its order. Made once, so that a batch costs no memory.
struct StagedBatch {
  private let selection: [Int]
  private let widths: [Int]
  private(set) var pointers: [UnsafeRawBufferPointer]
  /// Where the part of the batch is that was narrowed to last, and what such steps are given besides.
  private(set) var part: [UnsafeRawBufferPointer]

  /// - Parameters:
  ///   - form: what the step takes.
  ///   - outputSize: numbers that the output has for each sample.
  ///   - more: what steps of a part of a batch are given besides, the same for all.
  init(_ form: StepForm, outputSize: Int, partsWith more: [UnsafeRawBufferPointer] = []) {
    selection = form.selection
    widths = form.widths(outputSize: outputSize)
    pointers = Array(repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: selection.count)
    part = pointers + more
  }

  /// Notes where some samples of the batch are.
  mutating func narrow(to samples: Range<Int>) {
    for place in pointers.indices {
      let size = 4 * widths[place]
      part[place] = UnsafeRawBufferPointer(rebasing: pointers[place][(size * samples.lowerBound)..<(size * samples.upperBound)])
    }
  }

  /// Notes where a batch is.
  /// - Parameter fields: a loader's, each for all samples.
  /// - Returns: how many samples it has.
  /// - Throws: `TrainingError` where a field is missing or of another size.
  mutating func take(_ fields: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws(TrainingError) -> Int {
    guard let first = fields.first, let width = widths.first, width > 0, first.count > 0, first.count % (4 * width) == 0 else {
      throw .invalid(
        option: "a batch", value: "\((fields.first?.count ?? 0) / 4) numbers",
        requirement: "a multiple of \(widths.first ?? 0), the numbers of a sample, and not empty")
    }
    let count = first.count / (4 * width)
    for place in selection.indices {
      guard selection[place] < fields.count else {
        throw .invalid(
          option: "a batch", value: "\(fields.count) fields",
          requirement: "inputs, targets and what weighs them, as the session was made for")
      }
      let field = fields[selection[place]]
      guard field.count == 4 * count * widths[place] else {
        throw .invalid(
          option: "a batch's field \(selection[place])", value: "\(field.count / 4) numbers for \(count) samples",
          requirement: "\(count * widths[place]) numbers")
      }
      pointers[place] = field
    }
    return count
  }
}
