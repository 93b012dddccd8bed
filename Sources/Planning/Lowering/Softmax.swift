import GlissadeKernels
import GlissadeTensors

extension Lowering {
  func rowsAndColumns(_ shape: Shape) -> (rows: Int, columns: Int) { (shape.count / max(shape[-1], 1), shape[-1]) }

  mutating func lowerSoftmax(_ node: Int, _ rule: Softmax) {
    let (x, y) = (input(node, 0), output(node))
    let (rows, columns) = rowsAndColumns(outputShape(node))
    emit(
      rule.isLogarithmic ? "log_softmax" : "softmax", note(node, flops: 5 * rows * columns),
      items: (profile.shares(of: rows * columns), 1, 1),
      [.read(x), .write(y)]
    ) { unit in SoftmaxParameters(x: unit(x), y: unit(y), rows: Int32(rows), columns: Int32(columns)) }
  }

  mutating func lowerLogSumExp(_ node: Int) {
    let (x, y) = (input(node, 0), output(node))
    let (rows, columns) = rowsAndColumns(inputShape(node, 0))
    emit(
      "log_sum_exp", note(node, flops: 4 * rows * columns), items: (profile.shares(of: rows * columns), 1, 1), [.read(x), .write(y)]
    ) { unit in SoftmaxParameters(x: unit(x), y: unit(y), rows: Int32(rows), columns: Int32(columns)) }
  }

  mutating func lowerSoftmaxGradient(_ node: Int, _ rule: SoftmaxGradient) {
    let (y, dy, dx) = (input(node, 0), input(node, 1), output(node))
    let (rows, columns) = rowsAndColumns(outputShape(node))
    emit(
      rule.isLogarithmic ? "log_softmax_gradient" : "softmax_gradient", note(node, flops: 4 * rows * columns),
      items: (profile.shares(of: rows * columns), 1, 1), [.read(y), .read(dy), .write(dx)]
    ) { unit in SoftmaxGradientParameters(y: unit(y), dy: unit(dy), dx: unit(dx), rows: Int32(rows), columns: Int32(columns)) }
  }

  mutating func lowerSoftmaxCrossEntropy(_ node: Int, _ rule: SoftmaxCrossEntropy) {
    let (logits, labels) = (input(node, 0), input(node, 1))
    let (loss, gradient, hits) = (output(node, 0), output(node, 1), output(node, 2))
    let (rows, columns) = rowsAndColumns(inputShape(node, 0))
    let (losses, correct) = (scratch(rows), scratch(rows))
    let scale = 1 / Float(rows)
    emit(
      "softmax_cross_entropy", note(node, flops: 8 * rows * columns), items: (profile.shares(of: rows * columns), 1, 1),
      [.read(logits), .read(labels), .write(losses), .write(gradient), .write(correct)]
    ) { unit in
      CrossEntropyParameters(
        logits: unit(logits), labels: unit(labels), loss: unit(losses), gradient: unit(gradient), correct: unit(correct), rows: Int32(rows),
        columns: Int32(columns), labelSmoothing: rule.labelSmoothing, scale: scale, withGradient: 1)
    }
    let sums = note(node, "softmaxCrossEntropy sums", flops: 2 * rows)
    // One work-item (on a GPU, one work-group) adds what is left: many rows are summed in chunks first.
    var (partialLosses, partialCorrect, count) = (losses, correct, rows)
    if rows > 8192 {
      count = (rows + 1023) / 1024
      (partialLosses, partialCorrect) = (scratch(count), scratch(count))
      for (from, to) in [(losses, partialLosses), (correct, partialCorrect)] {
        emit("reduce_rows", sums, items: (profile.shares(of: rows), 1, 1), [.read(from), .write(to)]) { unit in
          ReduceRowsParameters(
            in: unit(from), out: unit(to), rows: 1, columns: Int32(rows), chunk: 1024, operation: Int32(REDUCE_SUM), scale: 1)
        }
      }
    }
    let (from, fromCorrect, number) = (partialLosses, partialCorrect, Int32(count))
    add(
      Pending(
        kernel: .library("cross_entropy_finish"), note: sums, items: profile.oneRow,
        arguments: [.read(from), .read(fromCorrect), .write(loss)], alsoWrites: [(hits, loss)],
        parameters: { unit in
          bytes(
            of: CrossEntropyFinishParameters(
              losses: unit(from), correct: unit(fromCorrect), loss: unit(loss), hits: unit(hits), count: number, scale: scale))
        }))
  }
}

func bytes<Parameters>(of parameters: Parameters) -> [UInt8] { withUnsafeBytes(of: parameters) { Array($0) } }
